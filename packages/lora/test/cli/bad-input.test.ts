import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromFloat32, type RawStateDict, serializeSafetensors } from '@weightloom/checkpoint';
import { folderTarget, openCheckpoint } from '@weightloom/checkpoint/node';
import { runCli } from '@weightloom/cli-kit/node';
import { createLoraProgram } from '../../src/cli/create-lora-program.js';
import { mergeIntoCheckpoint } from '../../src/index.js';
import { loadPeftAdapter } from '../../src/node/index.js';
import { temporaryFolder } from '../fixtures.js';

const raw = (...shape: number[]) =>
  fromFloat32(new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5), 'F32', { shape });
const Q = 'base_model.model.layers.0.q_proj';
const good: RawStateDict = { [`${Q}.lora_A.weight`]: raw(2, 5), [`${Q}.lora_B.weight`]: raw(6, 2) };
const nan = fromFloat32(
  Float32Array.from({ length: 12 }, (_, i) => (i === 7 ? NaN : 1)),
  'F32',
  { shape: [6, 2] },
);

/** A base and an adapter as folders, and where a merge would go. */
async function folders(config: object, tensors: RawStateDict) {
  const root = await temporaryFolder();
  const [base, adapter, out] = ['base', 'adapter', 'out'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(base);
  await mkdir(adapter);
  const weights = { 'layers.0.q_proj.weight': raw(6, 5), 'layers.0.k_proj.weight': raw(6, 5) };
  await writeFile(join(base, 'model.safetensors'), serializeSafetensors(weights));
  const settings = { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'], ...config };
  await writeFile(join(adapter, 'adapter_config.json'), JSON.stringify(settings));
  await writeFile(join(adapter, 'adapter_model.safetensors'), serializeSafetensors(tensors));
  return { base, adapter, out };
}

async function merge(base: string, adapter: string, out: string): Promise<void> {
  const loaded = await loadPeftAdapter(adapter);
  await using checkpoint = await openCheckpoint(base);
  await mergeIntoCheckpoint(checkpoint, loaded, { output: folderTarget(out) });
}

async function run(...args: string[]) {
  let stderr = '';
  const io = { stdout: { write: () => '' }, stderr: { write: (text: string) => (stderr += text) }, env: {} };
  return { code: await runCli(createLoraProgram('1.2.3'), args, io), stderr };
}

const other = Object.fromEntries(
  Object.entries(good).map(([name, t]) => [name.replace('q_proj', 'q_prj'), t]),
);
const cases: [name: string, config: object, tensors: RawStateDict, message: RegExp][] = [
  [
    'a module the base lacks',
    { target_modules: ['q_prj'] },
    other,
    /without "layers\.0\.q_prj".*"layers\.0\.q_proj"/,
  ],
  [
    'factors of the wrong shape',
    {},
    { ...good, [`${Q}.lora_A.weight`]: raw(2, 4) },
    /shape \[6, 4\].*received \[6, 5\]/,
  ],
  ['a rank that is not configured', { r: 3 }, good, /expected rank 3.*received 2/],
  ['an unknown peft_type', { peft_type: 'PREFIX_TUNING' }, good, /peft_type: .*received "PREFIX_TUNING"/],
  ['NaN', {}, { ...good, [`${Q}.lora_B.weight`]: nan }, /q_proj.*lora_B.*NaN at element 7/],
  ['a missing factor', {}, { [`${Q}.lora_A.weight`]: raw(2, 5) }, /no "layers\.0\.q_proj\.lora_B\.weight"/],
  [
    'unexpected names',
    {},
    { ...good, [`${Q}.lora_C.weight`]: raw(2) },
    /unexpected "layers\.0\.q_proj\.lora_C\.weight"/,
  ],
  [
    'whole tensors the base lacks',
    {},
    { ...good, 'base_model.model.nrm.weight': raw(5) },
    /received "nrm\.weight"; rename them or add their modules to modules_to_save/,
  ],
  ['an expression that only Python reads', { target_modules: '(?x) .*q_proj' }, good, /the flag \(\?x\)/],
  ['a setting that is not done here', { target_parameters: ['w'] }, good, /target_parameters/],
];

describe('bad input', () => {
  it.each(cases)(
    '%s: one error from the functions and from the command line, and nothing is written',
    async (_, config, tensors, message) => {
      const { base, adapter, out } = await folders(config, tensors);
      await expect(merge(base, adapter, out)).rejects.toThrow(message);
      const { code, stderr } = await run('merge', base, adapter, '--out', out);
      expect(code).toBe(1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toMatch(message);
      expect(existsSync(out)).toBe(false);
    },
  );

  it('a second merge: one error, and nothing is written', async () => {
    const { base, adapter, out } = await folders({}, good);
    expect((await run('merge', base, adapter, '--out', out)).code).toBe(0);
    const again = `${out}-again`;
    await expect(merge(out, adapter, again)).rejects.toThrow('merged into already');
    const { code, stderr } = await run('merge', out, adapter, '--out', again);
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(existsSync(again)).toBe(false);
  });
});
