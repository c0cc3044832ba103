import { describe, expect, it } from 'vitest';
import {
  openCheckpoint,
  parseSafetensors,
  type RawStateDict,
  serializeSafetensors,
  toFloat32,
} from '@weightloom/checkpoint';
import { fromTensors, type StateDict, toTensors } from '@weightloom/state-dict';
import { key, matmul, mul, normal, qr, tensor } from '@weightloom/tensor-gpu';
import {
  extractAdapter,
  type ExtractOptions,
  layerDelta,
  mergeAdapter,
  parseLoraAdapter,
  serializeLoraAdapter,
} from '../../src/index.js';
import { largestDifference, peftAdapter, peftTensors } from '../fixtures.js';

const base = () => toTensors(peftTensors('base'));
const zeros = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);

/** `m[i, j] = sin(3 i + 5 j + i j)`. */
const waves = (rows: number, columns: number) => {
  const at = (k: number) => [Math.floor(k / columns), k % columns] as const;
  const value = (i: number, j: number) => Math.sin(3 * i + 5 * j + i * j);
  return tensor(
    Float32Array.from({ length: rows * columns }, (_, k) => value(...at(k))),
    [rows, columns],
  );
};

describe('extractAdapter', () => {
  it('finds the direction of a rank-one change, by hand', async () => {
    const before = { 'q.weight': zeros(2, 2), 'v.weight': zeros(2, 2) };
    const after = {
      ...before,
      'q.weight': tensor([
        [0, 6],
        [0, 8],
      ]),
    };
    const { adapter, layers } = await extractAdapter(before, after, { rank: 1 });
    expect(adapter.config).toMatchObject({ r: 1, loraAlpha: 1, targetModules: ['q'] });
    expect(layers).toEqual([{ path: 'q', rank: 1, norm: 10, error: expect.closeTo(0, 6) }]);
    const [a, b] = [adapter.layers.get('q')!.a, adapter.layers.get('q')!.b].map((raw) => [...toFloat32(raw)]);
    // ΔW = 10 · [0.6, 0.8]ᵀ [0, 1], with √10 on both sides
    expect(a![1]! * b![0]!).toBeCloseTo(6, 5);
    expect(Math.hypot(...a!)).toBeCloseTo(Math.sqrt(10), 5);
    expect(Math.hypot(...b!)).toBeCloseTo(Math.sqrt(10), 5);
    const undistributed = await extractAdapter(before, after, { rank: 1, distributeScale: false });
    expect(Math.hypot(...toFloat32(undistributed.adapter.layers.get('q')!.b))).toBeCloseTo(1, 5);
  });

  // NumPy 1.24.2: s = numpy.linalg.svd(m), √(Σ_{i ≥ k} s²  / Σ s²) and Σ_{i < k} s² / Σ s².
  const golden = [
    [1, 0.8303117382100361, 0.3105824173906285],
    [2, 0.6355685028088546, 0.596052678237311],
    [3, 0.4554541060356626, 0.7925615572952555],
    [4, 0.258825348676545, 0.9330094388824649],
  ] as const;
  it.each(golden)(
    'at rank %d leaves the error that NumPy’s singular values say',
    async (rank, error, energy) => {
      const pair: [StateDict, StateDict] = [{ 'q.weight': zeros(7, 5) }, { 'q.weight': waves(7, 5) }];
      const fit = async (options: ExtractOptions) => (await extractAdapter(...pair, options)).layers[0]!;
      expect((await fit({ rank })).error).toBeCloseTo(error, 6);
      expect(await fit({ energy: energy - 1e-3 })).toMatchObject({ rank });
      expect(await fit({ energy: energy + 1e-3 })).toMatchObject({ rank: rank + 1 });
      expect(await fit({ error: error + 1e-3 })).toMatchObject({ rank });
      expect(await fit({ error: error + 1e-3, rank: 1 })).toMatchObject({ rank: 1 });
    },
  );

  it.each(['linear', 'every-layer', 'dora', 'lora-bias', 'bias-all', 'tokens'])(
    'recovers what was merged: %s',
    async (name) => {
      const merged = await mergeAdapter(base(), peftAdapter(name));
      // c_attn and c_proj are stored [in, out]; here each matrix is taken as it is, which loses nothing.
      const { adapter, layers, left } = await extractAdapter(base(), merged, { rank: 16 });
      expect(left).toEqual([]);
      expect(Math.max(...layers.map(({ error }) => error))).toBeLessThan(1e-5);
      const { config, weights } = serializeLoraAdapter(adapter);
      const back = parseLoraAdapter({ config, tensors: parseSafetensors(weights).tensors });
      const again = await fromTensors(await mergeAdapter(base(), back));
      expect(largestDifference(again, await fromTensors(merged))).toBeLessThan(1e-5);
    },
  );

  it('finds the rank an adapter had', async () => {
    const merged = await mergeAdapter(base(), peftAdapter('linear'));
    const { adapter, layers } = await extractAdapter(base(), merged, { error: 1e-4 });
    expect(layers.map(({ path, rank }) => [path, rank])).toEqual([
      ['layers.0', 2],
      ['layers.1', 2],
    ]);
    expect(adapter.config.targetModules).toEqual(['0', '1']);
  });

  it('stores [in, out] matrices turned when told so', async () => {
    const merged = await mergeAdapter(base(), peftAdapter('regex'));
    const moved = { ...base(), 'c_attn.weight': waves(6, 10) };
    const { adapter } = await extractAdapter(base(), moved, {
      fanInFanOut: true,
      include: (path) => path === 'c_attn',
    });
    expect(adapter.layers.get('c_attn')!.b.shape[0]).toBe(10);
    expect(adapter.config.fanInFanOut).toBe(true);
    const again = await mergeAdapter(base(), adapter);
    const [x, y] = [again['c_attn.weight']!.dataSync(), moved['c_attn.weight'].dataSync()];
    x.forEach((value, i) => expect(value).toBeCloseTo(y[i]!, 4));
    expect(merged).toBeDefined();
  });

  it('stores biases of adapted modules beside them, other modules whole, and skips both if asked to', async () => {
    const before = {
      'q.weight': zeros(2, 2),
      'q.bias': zeros(2),
      'norm.weight': zeros(2),
      'norm.bias': zeros(2),
      'same.bias': zeros(2),
    };
    const after = {
      ...before,
      'q.weight': waves(2, 2),
      'q.bias': tensor([1, 2]),
      'norm.bias': tensor([3, 4]),
    };
    const { adapter, saved } = await extractAdapter(before, after);
    expect([...saved].sort()).toEqual(['norm.bias', 'norm.weight', 'q.base_layer.bias']);
    expect(adapter.config).toMatchObject({ bias: 'lora_only', modulesToSave: ['norm'] });
    const merged = await mergeAdapter(before, adapter);
    expect([...merged['q.bias']!.dataSync()]).toEqual([1, 2]);
    expect([...merged['norm.bias']!.dataSync()]).toEqual([3, 4]);
    const skipped = await extractAdapter(before, after, { skipUndecomposable: true });
    expect(skipped.saved).toEqual([]);
    expect(skipped.left.map(({ name }) => name).sort()).toEqual(['norm.bias', 'q.bias']);
  });

  it('cuts additional rows of tables off with a warning, or stores the table whole on request', async () => {
    const before = { 'embed_tokens.weight': zeros(3, 2), 'q.weight': zeros(2, 2) };
    const after = { 'embed_tokens.weight': waves(5, 2), 'q.weight': waves(2, 2) };
    const cut = await extractAdapter(before, after);
    expect(cut.adapter.warnings).toEqual(['embed_tokens.weight: 2 additional rows are left out']);
    expect(cut.left).toEqual([{ name: 'embed_tokens.weight', reason: '2 rows more than the base has' }]);
    expect(cut.adapter.layers.get('embed_tokens')!.a.shape).toEqual([2, 3]);
    const whole = await extractAdapter(before, after, { extendVocab: true });
    expect(whole.adapter.config.modulesToSave).toEqual(['embed_tokens']);
    const merged = await mergeAdapter(before, whole.adapter);
    expect(merged['embed_tokens.weight']!.shape).toEqual([5, 2]);
  });

  it('takes the tied name where a head is missing', async () => {
    const before = { 'model.embed_tokens.weight': zeros(4, 2) };
    const after = { 'model.embed_tokens.weight': zeros(4, 2), 'lm_head.weight': waves(4, 2) };
    const { adapter } = await extractAdapter(before, after);
    expect([...adapter.layers.keys()]).toEqual(['lm_head']);
  });

  it('reads checkpoints tensor by tensor, in half precision too', async () => {
    const merged = await fromTensors(await mergeAdapter(base(), peftAdapter('linear')));
    const open = (tensors: RawStateDict) => openCheckpoint(serializeSafetensors(tensors));
    const { adapter } = await extractAdapter(await open(peftTensors('base')), await open(merged), {
      error: 1e-4,
      dtype: 'BF16',
    });
    expect(adapter.layers.get('layers.0')!.a.dtype).toBe('BF16');
    const [x, y] = [adapter, peftAdapter('linear')].map((own) => toFloat32(layerDelta(own, 'layers.0')));
    x!.forEach((value, i) => expect(Math.abs(value - y![i]!)).toBeLessThan(0.02)); // 8 bits of mantissa, numbers up to 2
  });

  // The largest are decomposed at random; with a known spectrum the best possible error is known too.
  it.each([
    ['1 / i', (i: number) => 1 / (i + 1)],
    ['exp(-i / 20)', (i: number) => Math.exp(-i / 20)],
    ['a step after 24', (i: number) => (i < 24 ? 1 : 0.05)],
  ])(
    'comes within a percent of the best approximation of large matrices: spectrum %s',
    async (_, spectrum) => {
      const [rows, columns, rank] = [540, 520, 32];
      const s = Float32Array.from({ length: columns }, (_, i) => spectrum(i));
      const [u, v] = [qr(normal(key(1), [rows, columns])).q, qr(normal(key(2), [columns, columns])).q];
      const weight = matmul(mul(u, tensor(s)), v);
      const { layers } = await extractAdapter(
        { 'q.weight': zeros(rows, columns) },
        { 'q.weight': weight },
        { rank },
      );
      const best = Math.hypot(...s.subarray(rank)) / Math.hypot(...s);
      expect(layers[0]!.error).toBeGreaterThan(best - 1e-4);
      expect(layers[0]!.error).toBeLessThan(1.01 * best);
    },
  );

  it.each<[string, StateDict, StateDict, ExtractOptions, string]>([
    [
      'equal models',
      { 'q.weight': zeros(2, 2) },
      { 'q.weight': zeros(2, 2) },
      {},
      'expected a fine-tune that differs from its base',
    ],
    [
      'missing tensors',
      { 'q.weight': zeros(2, 2) },
      { 'v.weight': zeros(2, 2) },
      {},
      'only one of them with "q.weight (not in the fine-tune)", "v.weight (not in the base)"',
    ],
    [
      'other shapes',
      { 'q.weight': zeros(2, 2) },
      { 'q.weight': zeros(2, 3) },
      {},
      '"q.weight": expected shape [2, 2] as in the base, received [2, 3]',
    ],
    [
      'NaN',
      { 'q.weight': zeros(1, 1) },
      { 'q.weight': tensor([[NaN]]) },
      {},
      '"q.weight" in the fine-tune: expected finite values',
    ],
    [
      'quantised weights',
      { 'q.weight': tensor(new Int8Array(4), [2, 2]) },
      { 'q.weight': tensor(Int8Array.of(1, 2, 3, 4), [2, 2]) },
      {},
      'received I8 and I8; extract from the weights before they were quantised',
    ],
    ['a rank below 1', {}, {}, { rank: 0 }, 'expected a whole rank of at least 1, received 0'],
    ['an energy above 1', {}, {}, { energy: 1.1 }, 'expected energy above 0 and up to 1'],
    ['an error of 1', {}, {}, { error: 1 }, 'expected error from 0 to below 1'],
    [
      'a root tensor that has no place',
      { 'q.weight': zeros(2, 2), cls: zeros(2) },
      { 'q.weight': waves(2, 2), cls: tensor([1, 2]) },
      {},
      '"cls": expected tensors that belong to a module',
    ],
  ])('refuses %s', async (_, before, after, options, message) => {
    await expect(extractAdapter(before, after, options)).rejects.toThrow(message);
  });

  it('tells how far it is and stops between two modules', async () => {
    const labels: string[] = [];
    const controller = new AbortController();
    const merged = await mergeAdapter(base(), peftAdapter('linear'));
    const work = extractAdapter(base(), merged, {
      signal: controller.signal,
      onProgress: ({ label, done }) => {
        labels.push(label);
        if (done === 2) controller.abort(new Error('enough'));
      },
    });
    await expect(work).rejects.toThrow('enough');
    expect(labels).toHaveLength(2);
  });
});
