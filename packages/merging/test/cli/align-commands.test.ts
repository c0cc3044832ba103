import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adam, fit, loadDigits, mlp, softmaxCrossEntropy } from '@weightloom/nn';
import { loadStateDict, saveStateDict } from '@weightloom/state-dict/node';
import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { permute } from '../../src/index.js';
import { farthest } from '../align/models.js';
import { run, withExampleModels } from './run-merge.js';

let folder: string;
let [a, b, moved] = ['', '', ''];
const metric = fileURLToPath(new URL('../../examples/metric.mjs', import.meta.url));

withExampleModels(async (place) => {
  folder = place;
  [a, b, moved] = ['a', 'b', 'moved'].map((name) => join(folder, `${name}.safetensors`)) as [
    string,
    string,
    string,
  ];
  const { train } = await loadDigits();
  const model = mlp({ sizes: [64, 16, 10] });
  for (const [i, path] of [a, b].entries()) {
    const { params } = await fit({
      model,
      data: train,
      loss: softmaxCrossEntropy,
      optimizer: adam({ learningRate: 5e-3 }),
      epochs: 5,
      key: key(i),
    });
    await saveStateDict(path, params);
    if (i === 0) {
      const units = [3, 1, 2, 0, ...Array.from({ length: 12 }, (_, k) => 15 - k)];
      await saveStateDict(moved, permute(params, 'auto', { 'layers.0': units }));
    }
  }
});

describe('weightloom-merge align', () => {
  it('undoes a permutation, and writes the result', async () => {
    const out = join(folder, 'aligned.safetensors');
    const { code, stdout, stderr } = await run('align', a, moved, '--out', out, '--json');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as {
      distances: { before: number; after: number };
      groups: unknown;
      permutations: Record<string, number[]>;
    };
    expect(result.distances.before).toBeGreaterThan(1);
    expect(result.distances.after).toBe(0);
    expect(result.groups).toEqual([{ name: 'layers.0', units: 16, moved: 14 }]);
    expect(result.permutations['layers.0']![0]).toBe(3);
    expect(await farthest(await loadStateDict(a), await loadStateDict(out))).toBe(0);
    const again = await run('align', a, moved, '--out', out);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--overwrite replaces it') as string,
    });
    expect((await run('align', a, moved, '--out', out, '--overwrite')).code).toBe(0);
  });

  it('shows a table, and takes a specification from a file', async () => {
    const spec = join(folder, 'spec.yml');
    await writeFile(
      spec,
      'tensors: { layers.0.weight: [h, null], layers.0.bias: [h], layers.1.weight: [null, h], layers.1.bias: null }',
    );
    const { code, stdout } = await run('align', a, b, '--spec', spec);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^group +units +moved\n[─ ]+\nh +16 +\d+\n\ndistance \S+ before, \S+ after \d passes$/m,
    );
    await writeFile(spec, 'tensors: { layers.7.weight: null }');
    expect(await run('align', a, b, '--spec', spec)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'the spec names "layers.7.weight", and the model has no such tensor',
      ) as string,
    });
  });

  it('aligns folders of transformers by the heads of their configuration', async () => {
    const [chat, code] = [join(folder, 'models/chat'), join(folder, 'models/code')];
    const out = join(folder, 'aligned');
    const result = await run('align', chat, code, '--out', out, '--json');
    expect(result.stderr).toBe('');
    expect(readdirSync(out)).toEqual(expect.arrayContaining(['config.json', 'model.safetensors']));
    const { groups } = JSON.parse(result.stdout) as { groups: { name: string }[] };
    expect(groups.map(({ name }) => name)).toContain('model.layers.0.heads');
  });
});

describe('weightloom-merge barrier', () => {
  it('measures with the metric of a module', async () => {
    const report = join(folder, 'barrier.html');
    const { code, stdout, stderr } = await run(
      ...['barrier', a, b, '--evaluate', metric, '--points', '5', '--report', report, '--json'],
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { t, curves } = JSON.parse(stdout) as {
      t: number[];
      curves: Record<string, { values: number[]; barrier: number }>;
    };
    expect(t).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(curves.accuracy!.values[0]).toBeGreaterThan(0.8);
    expect(curves.loss!.barrier).toBeGreaterThan(0.2);
    const html = await readFile(report, 'utf8');
    expect(html).toContain('barrier of accuracy');
    expect(html).toContain('<svg');
  });

  it('needs a metric', async () => {
    expect(await run('barrier', a, b)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("required option '--evaluate <module>' not specified") as string,
    });
  });
});

describe('weightloom-merge interpolate', () => {
  it('evaluates models on the line, and writes one', async () => {
    const out = join(folder, 'quarter.safetensors');
    const { code, stdout, stderr } = await run(
      ...['interpolate', a, b, '--steps', '3', '--evaluate', metric, '--at', '0.25', '--out', out],
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ *t +loss +accuracy$/m);
    expect(stdout).toContain('the model at t = 0.25 is in');
    expect(existsSync(out)).toBe(true);
  });

  it('refuses to do nothing, and places off the line', async () => {
    expect(await run('interpolate', a, b)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('give --evaluate, --out, or both') as string,
    });
    expect((await run('interpolate', a, b, '--at', '2')).code).toBe(2);
    expect((await run('interpolate', a, b, '--out', 'x', '--report', 'y')).stderr).toContain(
      '--report needs --evaluate',
    );
  });
});
