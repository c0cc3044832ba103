import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromFloat32, type RawStateDict, serializeSafetensors } from '@weightloom/checkpoint';
import { runCli } from '@weightloom/cli-kit/node';
import { createLoraProgram } from '../../src/cli/create-lora-program.js';
import { temporaryFolder } from '../fixtures.js';

const filled = (value: number, ...shape: number[]) =>
  fromFloat32(new Float32Array(shape.reduce((a, b) => a * b)).fill(value), 'F32', { shape });
const PREFIX = 'base_model.model.layers.0.q_proj';
const factors = (rank = 2, name = PREFIX): RawStateDict => ({
  [`${name}.lora_A.weight`]: filled(0.5, rank, 5),
  [`${name}.lora_B.weight`]: filled(0.5, 6, rank),
});

/** Files for every command, by name, in a folder of their own. */
async function workplace() {
  const root = await temporaryFolder();
  const at = (name: string) => join(root, name);
  const adapter = async (name: string, tensors: RawStateDict, config: object = {}) => {
    await mkdir(at(name));
    const settings = { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'], ...config };
    await writeFile(join(at(name), 'adapter_config.json'), JSON.stringify(settings));
    await writeFile(join(at(name), 'adapter_model.safetensors'), serializeSafetensors(tensors));
  };
  const file = (name: string, tensors: RawStateDict) => writeFile(at(name), serializeSafetensors(tensors));
  const weight = (value: number, ...shape: number[]) => ({
    'layers.0.q_proj.weight': filled(value, ...shape),
  });
  await adapter('good', factors());
  await adapter('wide', factors(3), { r: 3 });
  await adapter(
    'saving',
    { ...factors(), 'base_model.model.head.weight': filled(1, 3, 3) },
    { modules_to_save: ['head'] },
  );
  await adapter(
    'dora',
    { ...factors(), [`${PREFIX}.lora_magnitude_vector`]: filled(1, 6) },
    { use_dora: true },
  );
  await adapter('regex', factors(), { target_modules: '.*q_proj' });
  await adapter('broken', { ...factors(), [`${PREFIX}.lora_B.weight`]: filled(NaN, 6, 2) });
  await adapter('elsewhere', factors(2, 'base_model.model.layers.0.q_prj'), { target_modules: ['q_prj'] });
  await mkdir(at('pickled'));
  await writeFile(
    join(at('pickled'), 'adapter_config.json'),
    '{"peft_type": "LORA", "target_modules": ["q"]}',
  );
  await writeFile(join(at('pickled'), 'adapter_model.bin'), 'pickle');
  await mkdir(at('empty'));
  await file('base.safetensors', weight(0.5, 6, 5));
  await file('tuned.safetensors', weight(0.75, 6, 5));
  await file('other.safetensors', weight(0.75, 7, 4));
  await file('nan.safetensors', weight(NaN, 6, 5));
  await file('renamed.safetensors', { 'layers.0.query.weight': filled(1, 6, 5) });
  await file('packed.safetensors', {
    'layers.0.q_proj.weight': { dtype: 'U8', shape: [6, 5], bytes: new Uint8Array(30).fill(1) },
  });
  await file('kohya.safetensors', {
    'lora_unet_layers_0_q_proj.lora_down.weight': filled(1, 2, 5),
    'lora_unet_layers_0_q_proj.lora_up.weight': filled(1, 6, 2),
  });
  return at;
}

async function run(...args: string[]) {
  let stderr = '';
  const io = { stdout: { write: () => '' }, stderr: { write: (text: string) => (stderr += text) }, env: {} };
  return { code: await runCli(createLoraProgram('1.2.3'), args, io), stderr };
}

type Place = (name: string) => string;
type Case = [what: string, args: (at: Place) => string[], message: RegExp];

const extract = (at: Place, model: string, base: string, ...more: string[]) => [
  'extract',
  ...['--model', at(model), '--base-model', at(base), '--out-path', at('out')],
  ...more,
];
const combine = (at: Place, names: string[], ...more: string[]) => [
  'combine',
  ...names.map(at),
  ...['--out', at('out')],
  ...more,
];

const refused: Case[] = [
  [
    'combine: a folder without an adapter',
    (at) => combine(at, ['good', 'empty']),
    /empty.*adapter_config\.json/,
  ],
  ['combine: a pickle', (at) => combine(at, ['good', 'pickled']), /safetensors/],
  ['combine: NaN', (at) => combine(at, ['good', 'broken'], '--type', 'svd'), /q_proj.*NaN/],
  [
    'combine: too few weights',
    (at) => combine(at, ['good', 'good'], '--weights', '1'),
    /2 weights.*received 1/,
  ],
  ['combine: ranks that differ', (at) => combine(at, ['good', 'wide'], '--type', 'linear'), /rank/],
  ['combine: DoRA', (at) => combine(at, ['good', 'dora']), /DoRA/],
  ['combine: two that save one module', (at) => combine(at, ['saving', 'saving']), /head/],
  ['combine: a list and an expression', (at) => combine(at, ['good', 'regex']), /target_modules/],
  ['combine: no density', (at) => combine(at, ['good', 'good'], '--type', 'ties'), /density/],
  [
    'combine: a density above 1',
    (at) => combine(at, ['good', 'good'], '--type', 'ties', '--density', '1.5'),
    /density.*received 1\.5/,
  ],
  [
    'extract: no such model',
    (at) => extract(at, 'nowhere', 'base.safetensors'),
    /nowhere.*nothing of that name/,
  ],
  [
    'extract: equal models',
    (at) => extract(at, 'base.safetensors', 'base.safetensors'),
    /received equal matrices/,
  ],
  [
    'extract: shapes that differ',
    (at) => extract(at, 'other.safetensors', 'base.safetensors'),
    /q_proj.*shape \[6, 5\].*received \[7, 4\]/,
  ],
  [
    'extract: names that differ',
    (at) => extract(at, 'renamed.safetensors', 'base.safetensors'),
    /layers\.0\.q_proj\.weight \(not in the fine-tune\).*layers\.0\.query\.weight \(not in the base\)/,
  ],
  [
    'extract: NaN',
    (at) => extract(at, 'nan.safetensors', 'base.safetensors'),
    /q_proj.*fine-tune.*NaN at element 0/,
  ],
  [
    'extract: quantised weights',
    (at) => extract(at, 'packed.safetensors', 'base.safetensors'),
    /floating dtypes/,
  ],
  [
    'extract: an energy above 1',
    (at) => extract(at, 'tuned.safetensors', 'base.safetensors', '--energy', '2'),
    /energy.*received 2/,
  ],
  [
    'convert: kohya without the names of the base',
    (at) => ['convert', at('kohya.safetensors'), '--to', 'peft', '--out', at('out')],
    /underscores hide the dots.*--base/,
  ],
  [
    'convert: kohya with another base',
    (at) => [
      ...['convert', at('kohya.safetensors'), '--to', 'peft', '--out', at('out')],
      ...['--base', `unet=${at('renamed.safetensors')}`],
    ],
    /lora_unet_layers_0_q_proj/,
  ],
  [
    'convert: two for one part',
    (at) => ['convert', at('good'), at('wide'), '--to', 'kohya', '--out', at('out')],
    /one adapter for each part.*part=path/,
  ],
  [
    'convert: a layout nobody knows',
    (at) => ['convert', at('base.safetensors'), '--to', 'peft', '--out', at('out')],
    /expected LoRA layers of a diffusers pipeline/,
  ],
  ['convert: no such file', (at) => ['convert', at('nowhere'), '--to', 'mlx', '--out', at('out')], /nowhere/],
  ['resize: without a target', (at) => ['resize', at('good'), '--out', at('out')], /rank.*energy.*error/],
  [
    'resize: an error above 1',
    (at) => ['resize', at('good'), '--out', at('out'), '--error', '2'],
    /error.*received 2/,
  ],
  ['resize: DoRA', (at) => ['resize', at('dora'), '--out', at('out'), '--rank', '1'], /DoRA/],
  ['resize: NaN', (at) => ['resize', at('broken'), '--out', at('out'), '--rank', '1'], /q_proj.*NaN/],
  [
    'diagnose: a base without the module',
    (at) => ['diagnose', at('elsewhere'), '--base', at('base.safetensors'), '--report', at('out')],
    /q_prj/,
  ],
  [
    'diagnose: a base of other shapes',
    (at) => ['diagnose', at('good'), '--base', at('other.safetensors'), '--report', at('out')],
    /q_proj/,
  ],
  [
    'diagnose: --keep without --out',
    (at) => [
      'diagnose',
      at('good'),
      '--base',
      at('base.safetensors'),
      '--keep',
      '0.5',
      '--report',
      at('out'),
    ],
    /--keep and --out go together/,
  ],
  ['inspect: a folder without an adapter', (at) => ['inspect', at('empty')], /empty.*adapter_config\.json/],
];

const misused: Case[] = [
  [
    'extract: an expression that is none',
    (at) => extract(at, 'tuned.safetensors', 'base.safetensors', '--include', '('),
    /--include.*expected a regular expression/,
  ],
  ['combine: an unknown type', (at) => combine(at, ['good'], '--type', 'mean'), /--type.*cat/],
  [
    'combine: weights that are no numbers',
    (at) => combine(at, ['good'], '--weights', '1,x'),
    /expected a number/,
  ],
  ['combine: nowhere to write', (at) => ['combine', at('good')], /--out/],
  [
    'extract: a rank that is no whole number',
    (at) => extract(at, 'a', 'b', '--max-rank', '1.5'),
    /whole number/,
  ],
  ['convert: no layout', (at) => ['convert', at('good'), '--out', at('out')], /--to/],
  [
    'resize: an unknown dtype',
    (at) => ['resize', at('good'), '--out', at('out'), '--dtype', 'int4'],
    /float32/,
  ],
];

describe('bad arguments of the command line', () => {
  it.each(refused)('%s: exit code 1, one sentence, and nothing is written', async (_, args, message) => {
    const at = await workplace();
    const { code, stderr } = await run(...args(at));
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
    expect(existsSync(at('out'))).toBe(false);
  });

  it.each(misused)('%s: exit code 2, and nothing is written', async (_, args, message) => {
    const at = await workplace();
    const { code, stderr } = await run(...args(at));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(at('out'))).toBe(false);
  });

  it('do not stand in for good ones', async () => {
    const at = await workplace();
    expect((await run(...combine(at, ['good', 'wide']))).code).toBe(0);
  });
});
