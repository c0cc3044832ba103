import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderReport } from '@weightloom/cli-kit/report';
import { fromFloat32, toFloat32 } from '@weightloom/checkpoint';
import { toTensors } from '@weightloom/state-dict';
import { tensor } from '@weightloom/tensor-gpu';
import {
  compareWeights,
  diagnoseAdapter,
  diagnosisReport,
  layerDelta,
  type LoraAdapter,
  loraConfig,
  mergeAdapter,
  reduceIntruders,
} from '../../src/index.js';
import { effectiveRank } from '../../src/internal/choose-rank.js';
import { peftAdapter, peftTensors } from '../fixtures.js';

const golden = JSON.parse(
  readFileSync(new URL('../__fixtures__/starts.json', import.meta.url), 'utf8'),
).intruders;
const f32 = (values: ArrayLike<number>, ...shape: number[]) =>
  fromFloat32(Float32Array.from(values), 'F32', { shape });
const adapter = (a: number[], b: number[], r: number, loraAlpha = r): LoraAdapter => ({
  config: loraConfig({ targetModules: ['q'], r, loraAlpha }),
  layers: new Map([['q', { kind: 'linear', a: f32(a, r, a.length / r), b: f32(b, b.length / r, r) }]]),
  saved: new Map(),
  tokens: new Map(),
  warnings: [],
});
const fromPeft = adapter(golden.a, golden.b, 2, 6);
const peftBase = { 'q.weight': tensor(Float32Array.from(golden.weight), [10, 12]) };

describe('diagnoseAdapter', () => {
  it('counts a direction the base does not have, by hand', async () => {
    // The base knows the first two axes; the update adds the third: the largest direction of the sum is [0, 1, 5] / √26.
    const base = {
      'q.weight': tensor([
        [2, 0],
        [0, 1],
        [0, 0],
      ]),
    };
    const own = adapter([0, 1], [0, 0, 5], 1);
    const { layers, intruders } = await diagnoseAdapter(own, base);
    expect(layers[0]!.similarities).toEqual([1 / Math.sqrt(26), 1].map((x) => expect.closeTo(x, 5)));
    expect(intruders).toBe(1);
    expect(layers[0]).toMatchObject({
      path: 'q',
      rank: 1,
      scaling: 1,
      norm: 5,
      effectiveRank: expect.closeTo(1, 6),
    });
    expect(layers[0]!.relativeNorm).toBeCloseTo(5 / Math.sqrt(5), 6);
    expect(layers[0]!.singularValues).toEqual([expect.closeTo(5, 5)]);
  });

  it('finds the similarities that PEFT finds', async () => {
    const { layers } = await diagnoseAdapter(fromPeft, peftBase, { topK: 10, threshold: 0.75 });
    layers[0]!.similarities.forEach((x, j) => expect(x).toBeCloseTo(golden.similarities[j], 4));
    expect(layers[0]!.intruders).toBe(golden.similarities.filter((x: number) => x < 0.75).length);
  });

  it('reports nothing for an update of nothing', async () => {
    const { layers } = await diagnoseAdapter(adapter([0, 0], [0, 0], 1), {
      'q.weight': tensor([
        [1, 2],
        [3, 4],
      ]),
    });
    expect(layers[0]).toMatchObject({
      norm: 0,
      relativeNorm: 0,
      effectiveRank: 0,
      singularValues: [],
      intruders: 0,
    });
  });

  it('looks at every kind of layer', async () => {
    const { layers } = await diagnoseAdapter(peftAdapter('every-layer'), toTensors(peftTensors('base')), {
      topK: 3,
    });
    expect(layers).toHaveLength(7);
    for (const { effectiveRank: own, rank, singularValues } of layers) {
      expect(singularValues.length).toBeGreaterThanOrEqual(1);
      expect(own).toBeGreaterThan(0);
      expect(own).toBeLessThanOrEqual(rank + 1e-6);
    }
  });

  it('refuses DoRA, modules the base lacks, and options out of range', async () => {
    const base = toTensors(peftTensors('base'));
    await expect(diagnoseAdapter(peftAdapter('dora'), base)).rejects.toThrow(
      'received DoRA; merge it and compare the weights',
    );
    await expect(diagnoseAdapter(fromPeft, {})).rejects.toThrow('received one without "q"');
    await expect(diagnoseAdapter(fromPeft, peftBase, { topK: 0 })).rejects.toThrow(
      'expected topK of at least 1',
    );
    await expect(diagnoseAdapter(fromPeft, peftBase, { threshold: 0 })).rejects.toThrow(
      'expected threshold above 0 and up to 1',
    );
  });
});

describe('compareWeights', () => {
  it('gives the numbers of the adapter that was merged', async () => {
    const tuned = await mergeAdapter(peftBase, fromPeft);
    const [one, other] = [await diagnoseAdapter(fromPeft, peftBase), await compareWeights(peftBase, tuned)];
    expect(other.layers[0]!.norm).toBeCloseTo(one.layers[0]!.norm, 3);
    expect(other.layers[0]!.rank).toBe(2);
    other.layers[0]!.similarities.forEach((x, j) =>
      expect(x).toBeCloseTo(one.layers[0]!.similarities[j]!, 4),
    );
  });

  it('leaves out what did not change and refuses shapes that differ', async () => {
    expect((await compareWeights(peftBase, peftBase)).layers).toEqual([]);
    const other = { 'q.weight': tensor([[1, 2]]) };
    await expect(compareWeights(peftBase, other)).rejects.toThrow(
      'expected weights of one shape, [10, 12], received [1, 2]',
    );
    await expect(compareWeights(peftBase, {})).rejects.toThrow('expected weights that both models have');
  });
});

describe('reduceIntruders', () => {
  it('leaves the update that PEFT leaves', async () => {
    const { adapter: reduced, intruders } = await reduceIntruders(fromPeft, peftBase, {
      topK: 5,
      threshold: 0.75,
      keep: 0.6,
    });
    expect(intruders.get('q')).toBe(1);
    toFloat32(layerDelta(reduced, 'q')).forEach((x, i) => expect(x).toBeCloseTo(golden.reduced[i], 3));
  });

  it('changes nothing where there are no intruders, or when all of them is kept', async () => {
    const none = await reduceIntruders(fromPeft, peftBase, { threshold: 0.01 });
    expect(none.adapter.layers.get('q')).toBe(fromPeft.layers.get('q'));
    const all = await reduceIntruders(fromPeft, peftBase, { threshold: 0.75, keep: 1 });
    expect(all.adapter.layers.get('q')).toBe(fromPeft.layers.get('q'));
  });

  it('takes more away the less is kept', async () => {
    const sizes = [];
    for (const keep of [1, 0.5, 0]) {
      const { adapter: reduced } = await reduceIntruders(fromPeft, peftBase, {
        topK: 5,
        threshold: 0.75,
        keep,
      });
      sizes.push((await diagnoseAdapter(reduced, peftBase)).layers[0]!.norm);
    }
    expect(sizes[0]!).toBeGreaterThan(sizes[1]!);
    expect(sizes[1]!).toBeGreaterThan(sizes[2]!);
    await expect(reduceIntruders(fromPeft, peftBase, { keep: -1 })).rejects.toThrow(
      'expected keep of at least 0',
    );
  });
});

describe('effectiveRank', () => {
  it('is the number of equal values, and counts small ones little', () => {
    expect(effectiveRank([3, 3, 3, 3])).toBeCloseTo(4, 12);
    expect(effectiveRank([5, 0, 0])).toBe(1);
    expect(effectiveRank([])).toBe(0);
    // NumPy 1.24.2: s = svd(sin(3 i + 5 j + i j)) of 7 × 5, exp(-Σ p log p) with p = s / Σs
    const s = [
      2.33162275896091, 2.235374481327884, 1.8546456361934722, 1.567932814540721, 1.0828708439615078,
    ];
    expect(effectiveRank(s)).toBeCloseTo(4.835432710254225, 12);
  });
});

describe('diagnosisReport', () => {
  it('is one page with figures, charts and a table', async () => {
    const diagnosis = await diagnoseAdapter(peftAdapter('every-layer'), toTensors(peftTensors('base')), {
      topK: 3,
    });
    const page = renderReport(diagnosisReport(diagnosis, 'my <adapter>'));
    expect(page).toContain('my &lt;adapter&gt;');
    expect(page).toContain('layers.0');
    expect(page).toContain('<svg');
    expect(renderReport(diagnosisReport({ topK: 1, threshold: 0.5, intruders: 0, layers: [] }))).toContain(
      'Modules',
    );
  });
});
