import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toFloat32 } from '@weightloom/checkpoint';
import { loadSafetensors, saveSafetensors } from '@weightloom/checkpoint/node';
import { runCli } from '@weightloom/cli-kit/node';
import { fromTensors, toTensors } from '@weightloom/state-dict';
import { createLoraProgram } from '../../src/cli/create-lora-program.js';
import { combineAdapters, layerDelta, mergeAdapter } from '../../src/index.js';
import { loadAdapter } from '../../src/node/index.js';
import { largestDifference, peftAdapter, peftPath, peftTensors, temporaryFolder } from '../fixtures.js';

async function run(...args: string[]) {
  let [stdout, stderr] = ['', ''];
  const io = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
  };
  const code = await runCli(createLoraProgram('1.2.3'), args, io);
  return { code, stdout, stderr, json: <T>() => JSON.parse(stdout) as T };
}

const base = peftPath('base.safetensors');
const newPath = async (name: string) => join(await temporaryFolder(), name);

describe('weightloom-lora', () => {
  it('inspects LoRA adapters, as a table and as JSON', async () => {
    const table = await run('inspect', peftPath('every-layer'));
    expect(table.code).toBe(0);
    expect(table.stdout).toContain('LoRA, rank-stabilised adapter, rank 3, alpha 5: 7 modules');
    expect(table.stdout).toContain('stored whole: head.bias, head.weight');
    expect(table.stdout).toMatch(/conv\s+conv\s+4 × 2 × 3 × 3\s+4/);
    const { json } = await run('inspect', '--json', peftPath('linear'));
    const found = json<{ parameters: number; modules: { module: string; norm: number; rank: number }[] }>();
    expect(found.parameters).toBe(56);
    const delta = toFloat32(layerDelta(peftAdapter('linear'), 'layers.0'));
    expect(found.modules.find(({ module }) => module === 'layers.0')!.norm).toBeCloseTo(
      Math.hypot(...delta),
      4,
    );
  });

  it('inspects adapters of other methods', async () => {
    const { stdout, code } = await run('inspect', peftPath('loha'));
    expect(code).toBe(0);
    expect(stdout).toContain('LOHA adapter: 2 modules');
    expect(stdout).toContain('hada_w1_a 8 × 2');
  });

  it('merges into a checkpoint', async () => {
    const out = await newPath('merged');
    const { code, json } = await run('merge', base, peftPath('dora'), '--out', out, '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({ out, files: ['model.safetensors'] });
    const { tensors } = await loadSafetensors(out);
    expect(largestDifference(tensors, peftTensors('dora/merged'))).toBeLessThan(5e-6);
  });

  it('combines with weights that may be negative, also in front', async () => {
    const out = await newPath('mix');
    const paths = ['first', 'second'].map((name) => peftPath(`combine/${name}`));
    const { code, stdout } = await run(
      'combine',
      ...paths,
      '--weights',
      '-0.4,0.7',
      '--type',
      'cat',
      '--out',
      out,
    );
    expect(code).toBe(0);
    expect(stdout).toContain('2 adapters combined (cat)');
    const expected = combineAdapters([peftAdapter('combine/first'), peftAdapter('combine/second')], {
      weights: [-0.4, 0.7],
    });
    const written = await loadAdapter(out);
    expect(written.config).toMatchObject({ r: 6, loraAlpha: 6 });
    expect([...toFloat32(layerDelta(written, 'layers.0'))]).toEqual([
      ...toFloat32(layerDelta(expected, 'layers.0')),
    ]);
    const again = await run('combine', ...paths, '--out', out);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('weightloom-lora:');
    expect(
      (await run('combine', ...paths, '--out', out, '--overwrite', '--type', 'ties', '--density', '0.5'))
        .code,
    ).toBe(0);
  });

  it('extracts what was merged', async () => {
    const tuned = await newPath('tuned.safetensors');
    const merged = await mergeAdapter(toTensors(peftTensors('base')), peftAdapter('linear'));
    await saveSafetensors(tuned, await fromTensors(merged));
    const out = await newPath('extracted');
    const args = [
      '--model',
      tuned,
      '--base-model',
      base,
      '--out-path',
      out,
      '--max-rank',
      '16',
      '--error',
      '1e-4',
    ];
    const { code, json } = await run('extract', ...args, '--json');
    expect(code).toBe(0);
    const { layers } = json<{ layers: { path: string; rank: number; error: number }[] }>();
    expect(layers.map(({ rank }) => rank)).toEqual([2, 2]);
    const adapter = await loadAdapter(out);
    expect(adapter.config.baseModelNameOrPath).toBe(base);
    const table = await run('extract', ...args, '--overwrite', '--include', String.raw`layers\.1`);
    expect(table.stdout).toContain('extracted to');
    expect((await loadAdapter(out)).layers.size).toBe(1);
  });

  it('converts to kohya and back, and to diffusers and MLX', async () => {
    const folder = await temporaryFolder();
    const kohya = join(folder, 'a.safetensors');
    const to = await run('convert', peftPath('every-layer'), '--to', 'kohya', '--out', kohya);
    expect(to.stdout).toContain('left out: embed: sd-scripts stores no adapters of embeddings');
    const back = join(folder, 'back');
    expect((await run('convert', kohya, '--to', 'peft', '--out', back)).stderr).toContain(
      'pass --base unet=path',
    );
    const { code } = await run('convert', kohya, '--to', 'peft', '--base', `unet=${base}`, '--out', back);
    expect(code).toBe(0);
    const [x, y] = [await loadAdapter(back), peftAdapter('every-layer')].map((own) =>
      toFloat32(layerDelta(own, 'conv')),
    );
    x!.forEach((value, i) => expect(value).toBeCloseTo(y![i]!, 5));
    const mlx = join(folder, 'mlx');
    expect((await run('convert', peftPath('linear'), '--to', 'mlx', '--out', mlx)).code).toBe(0);
    expect((await readdir(mlx)).sort()).toEqual(['adapter_config.json', 'adapters.safetensors']);
    const again = join(folder, 'again');
    expect((await run('convert', mlx, '--to', 'peft', '--out', again, '--json')).json()).toMatchObject({
      modules: 2,
      left: [],
    });
    const diffusers = join(folder, 'd.safetensors');
    const two = [`unet=${peftPath('linear')}`, `text_encoder=${peftPath('regex')}`];
    expect((await run('convert', ...two, '--to', 'diffusers', '--out', diffusers)).code).toBe(0);
    const parts = join(folder, 'parts');
    await run('convert', diffusers, '--to', 'peft', '--out', parts);
    expect((await readdir(parts)).sort()).toEqual(['text_encoder', 'unet']);
    expect(
      (
        await run(
          'convert',
          ...two.map((text) => text.split('=')[1]!),
          '--to',
          'kohya',
          '--out',
          join(folder, 'k'),
        )
      ).stderr,
    ).toContain('two for "unet"; write the inputs as part=path');
  });

  it('resizes, and says what is lost', async () => {
    const out = await newPath('small');
    const { code, stdout } = await run('resize', peftPath('every-layer'), '--rank', '1', '--out', out);
    expect(code).toBe(0);
    expect(stdout).toContain('relative error');
    expect((await loadAdapter(out)).config).toMatchObject({ r: 1, rankPattern: {} });
    expect((await run('resize', peftPath('linear'), '--out', out)).stderr).toContain(
      'expected a rank, an energy or an error',
    );
  });

  it('diagnoses adapters and fine-tunes, writes a report, and scales intruders', async () => {
    const folder = await temporaryFolder();
    const report = join(folder, 'report.html');
    const out = join(folder, 'reduced');
    const args = ['--base', base, '--top-k', '3', '--threshold', '0.9'];
    const own = await run(
      'diagnose',
      peftPath('linear'),
      ...args,
      '--report',
      report,
      '--keep',
      '0.5',
      '--out',
      out,
      '--json',
    );
    expect(own.code).toBe(0);
    const diagnosis = own.json<{ intruders: number; layers: unknown[] }>();
    expect(diagnosis.layers).toHaveLength(2);
    expect(await readFile(report, 'utf8')).toContain('<!doctype html>');
    expect((await loadAdapter(out)).layers.size).toBe(2);
    const tuned = await run('diagnose', peftPath('linear/merged.safetensors'), ...args, '--tuned', '--json');
    expect(tuned.json<{ intruders: number }>().intruders).toBe(diagnosis.intruders);
    expect((await run('diagnose', peftPath('linear'), ...args, '--keep', '0.5')).stderr).toContain(
      '--keep and --out go together',
    );
  });

  it('ends with 1 for refused input and with 2 for wrong usage, in one sentence', async () => {
    const broken = await temporaryFolder();
    await writeFile(join(broken, 'adapter_config.json'), '{"peft_type":"PREFIX_TUNING"}');
    const refused = await run('inspect', broken);
    expect(refused.code).toBe(1);
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    const missing = await run('combine', peftPath('linear'));
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("required option '--out <folder>'");
    expect((await run('combine', 'a', '--out', 'x', '--type', 'sum')).code).toBe(2);
    expect((await run('resize', 'a', '--out', 'x', '--rank', 'two')).stderr).toContain(
      'expected a whole number',
    );
    expect((await run('--version')).stdout.trim()).toBe('1.2.3');
  });
});
