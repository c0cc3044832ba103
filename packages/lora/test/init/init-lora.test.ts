import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type StateDict, toTensors } from '@weightloom/state-dict';
import { key, tensor } from '@weightloom/tensor-gpu';
import {
  adapterFromParams,
  initLora,
  type InitLoraOptions,
  layerDelta,
  loraConfig,
  type LoraConfigOptions,
  mergeAdapter,
  toOriginalBase,
} from '../../src/index.js';
import { loftq } from '../../src/init/loftq.js';
import { matrix, multiply } from '../../src/internal/multiply.js';
import { toFloat32 } from '@weightloom/checkpoint';
import { peftTensors } from '../fixtures.js';

const golden = JSON.parse(readFileSync(new URL('../__fixtures__/starts.json', import.meta.url), 'utf8'));

/** `sin(phase + 1.7 i + 2.3 j + 0.31 i j)`, as in the fixture. */
const wave = (rows: number, columns: number, phase = 0): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    return Math.sin(phase + 1.7 * i + 2.3 * j + 0.31 * i * j);
  });

const weights = (): StateDict => ({
  'q.weight': tensor(wave(8, 6), [8, 6]),
  'q.bias': tensor(wave(1, 8)),
  'norm.weight': tensor([1, 2]),
});
const init = (
  options: Partial<InitLoraOptions> = {},
  config: Partial<LoraConfigOptions> = {},
  params = weights(),
) =>
  initLora(params, loraConfig({ targetModules: ['q'], r: 2, loraAlpha: 4, ...config }), {
    key: key(0),
    ...options,
  });
const values = (params: StateDict, name: string) => [...params[name]!.dataSync()];
const [A, B] = ['q.lora_A.default.weight', 'q.lora_B.default.weight'];
const moments = (x: number[]) => {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  return { mean, std: Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length) };
};

describe('initLora', () => {
  const wide = (): StateDict => ({ 'q.weight': tensor(new Float32Array(400 * 100), [400, 100]) });
  const big = (start: boolean | string, sigma?: number) =>
    init({ init: start, sigma }, { r: 64 }, wide()).params;

  it('starts A uniform in ±1/√in and B at zero', () => {
    const a = values(big(true), A);
    expect(Math.max(...a.map(Math.abs))).toBeLessThanOrEqual(0.1);
    expect(moments(a).std).toBeCloseTo(0.1 / Math.sqrt(3), 2);
    expect(values(big(true), B).every((x) => x === 0)).toBe(true);
  });

  it.each([
    ['gaussian', A, 1 / 64],
    ['init_a', A, 2 / Math.sqrt(100)],
    ['init_b', B, 2 / Math.sqrt(64)],
  ])(
    '%s draws one factor with the standard deviation of its definition and leaves the other zero',
    (start, drawn, std) => {
      const params = big(start, 2);
      const { mean, std: found } = moments(values(params, drawn));
      expect(Math.abs(mean)).toBeLessThan(0.05 * std);
      expect(found / std).toBeCloseTo(1, 1);
      expect(values(params, drawn === A ? B : A).every((x) => x === 0)).toBe(true);
    },
  );

  it('writes Init[A] and Init[B] as the plain start, which every PEFT reads', () => {
    expect(init({ init: 'init_b' }).config.initLoraWeights).toBe(true);
    expect(init({ init: 'gaussian' }).config.initLoraWeights).toBe('gaussian');
  });

  it('draws the same for the same key and module, whatever else is adapted', () => {
    const two = { ...weights(), 'v.weight': tensor(wave(8, 6), [8, 6]) };
    const alone = init().params;
    const both = init({}, { targetModules: ['q', 'v'] }, two).params;
    expect(values(both, A)).toEqual(values(alone, A));
    expect(values(both, 'v.lora_A.default.weight')).not.toEqual(values(alone, A));
    expect(values(init({ key: key(1) }).params, A)).not.toEqual(values(alone, A));
  });

  it('starts orthogonally: both factors at work, their product zero', () => {
    const { params } = init({ init: 'orthogonal' }, { r: 4 });
    const product = multiply(
      matrix(Float32Array.from(values(params, B)), 8, 4),
      matrix(Float32Array.from(values(params, A)), 4, 6),
    );
    expect(Math.max(...product.values.map(Math.abs))).toBeLessThan(1e-6);
    expect(moments(values(params, A)).std).toBeGreaterThan(0.03);
    expect(() => init({ init: 'orthogonal' }, { r: 3 })).toThrow(
      'expected an even rank for the orthogonal start, received 3',
    );
  });

  it.each(Object.keys(golden.peft))('takes out of the base what PEFT takes: %s', async (name) => {
    const { config, reduced, delta } = golden.peft[name];
    const options = { r: config.r, loraAlpha: config.lora_alpha, useRslora: config.use_rslora ?? false };
    const started = init({ init: config.init_lora_weights }, options);
    expect(started.config.initLoraWeights).toBe(config.init_lora_weights);
    values(started.base, 'q.weight').forEach((x, i) => expect(x).toBeCloseTo(reduced[i], 5));
    const adapter = await adapterFromParams(started.params, started.config);
    toFloat32(layerDelta(adapter, 'q')).forEach((x, i) => expect(x).toBeCloseTo(delta[i], 5));
  });

  it('decomposes at random for pissa_niter, to the same update', async () => {
    const exact = init({ init: 'pissa' });
    const random = init({ init: 'pissa_niter_16' });
    values(exact.base, 'q.weight').forEach((x, i) =>
      expect(values(random.base, 'q.weight')[i]).toBeCloseTo(x, 4),
    );
  });

  it('turns weights stored [in, out], as GPT-2’s are', () => {
    const turned = Float32Array.from(
      { length: 48 },
      (_, at) => wave(8, 6)[(at % 8) * 6 + Math.floor(at / 8)]!,
    );
    const straight = init({ init: 'pissa' });
    const other = init({ init: 'pissa' }, { fanInFanOut: true }, { 'q.weight': tensor(turned, [6, 8]) });
    expect(other.base['q.weight']!.shape).toEqual([6, 8]);
    expect(other.params[B]!.shape).toEqual([8, 2]);
    const [x, y] = [values(straight.base, 'q.weight'), values(other.base, 'q.weight')];
    x.forEach((value, at) => expect(y[(at % 6) * 8 + Math.floor(at / 6)]).toBeCloseTo(value, 5));
  });

  it('makes the factors of every kind of layer, whole modules, biases, magnitudes and tokens', async () => {
    const params = toTensors(peftTensors('base'));
    const config = loraConfig({
      targetModules: ['embed', 'layers.0', 'conv', 'layers.1'],
      modulesToSave: ['head'],
      useDora: true,
      r: 3,
      loraAlpha: 3,
      rankPattern: { conv: 2 },
      bias: 'lora_only',
      loraBias: false,
      trainableTokenIndices: { embed: [1] },
    });
    const { params: own } = initLora(params, config, { key: key(0), name: 'x' });
    const shapes = Object.fromEntries(
      Object.entries(own).map(([name, { shape }]) => [name, shape.join('×')]),
    );
    expect(shapes).toEqual({
      'embed.lora_embedding_A.x': '3×9',
      'embed.lora_embedding_B.x': '6×3',
      'embed.lora_magnitude_vector.x': '6',
      'layers.0.lora_A.x.weight': '3×6',
      'layers.0.lora_B.x.weight': '8×3',
      'layers.0.lora_magnitude_vector.x': '8',
      'layers.1.lora_A.x.weight': '3×8',
      'layers.1.lora_B.x.weight': '6×3',
      'layers.1.lora_magnitude_vector.x': '6',
      'conv.lora_A.x.weight': '2×2×3×3',
      'conv.lora_B.x.weight': '4×2×1×1',
      'conv.lora_magnitude_vector.x': '1×4×1×1',
      'head.modules_to_save.x.weight': '3×6',
      'head.modules_to_save.x.bias': '3',
      'layers.0.modules_to_save.x.bias': '8',
      'layers.1.modules_to_save.x.bias': '6',
      'conv.modules_to_save.x.bias': '4',
      'embed.token_adapter.trainable_tokens_delta.x': '1×6',
    });
    const adapter = await adapterFromParams(own, config, { name: 'x' });
    const merged = await mergeAdapter(params, adapter);
    for (const name of Object.keys(params)) {
      merged[name]!.dataSync().forEach((x, i) =>
        expect(x, name).toBeCloseTo(params[name]!.dataSync()[i]!, 5),
      );
    }
  });

  it.each<[string, Partial<InitLoraOptions>, Partial<LoraConfigOptions>, string]>([
    [
      'a start of the format that is not made here',
      { init: 'corda' },
      {},
      'received "corda"; make it with PEFT',
    ],
    ['an unknown start', { init: 'best' }, {}, 'expected a start among true, false, gaussian'],
    ['modules that do not exist', {}, { targetModules: ['k'] }, 'the nearest are "q"'],
    [
      'a rank above the matrix’s',
      { init: 'pissa' },
      { r: 7 },
      '"q": expected a rank up to 6 for [8, 6], received 7',
    ],
    ['zero in both factors', { init: 'init_a', sigma: 0 }, {}, 'an adapter never learns'],
    ['a negative sigma', { sigma: -1 }, {}, 'expected sigma of at least 0'],
    [
      'a module to save that does not exist',
      {},
      { modulesToSave: ['nothing'] },
      'expected a module "nothing" to save, received none',
    ],
    ['a name with a dot', { name: 'a.b' }, {}, 'expected an adapter name without dots'],
    [
      'bits LoftQ does not have',
      { init: 'loftq', loftq: { bits: 3 as 4 } },
      {},
      'loftq: expected 4 or 8 bits, received 3',
    ],
    ['no round of LoftQ', { init: 'loftq', loftq: { iterations: 0 } }, {}, 'expected at least 1 iteration'],
    ['PiSSA without scaling', { init: 'pissa' }, { loraAlpha: 0 }, 'expected a scaling above 0 for PiSSA'],
  ])('refuses %s', (_, options, config, message) => {
    expect(() => init(options, config)).toThrow(message);
  });

  it('has no PiSSA for convolutions and embeddings', () => {
    const params = toTensors(peftTensors('base'));
    const config = (targets: string[]) => loraConfig({ targetModules: targets, r: 2 });
    expect(() => initLora(params, config(['conv']), { key: key(0), init: 'pissa' })).toThrow(
      'received a convolution',
    );
    expect(() => initLora(params, config(['embed']), { key: key(0), init: 'olora' })).toThrow(
      'received an embedding',
    );
  });
});

describe('loftq', () => {
  const weight = matrix(wave(16, 12), 16, 12);

  it.each(
    golden.loftq as {
      bits: 4 | 8;
      iterations: number;
      rank: number;
      error: number;
      plain: number;
      quantized: number[];
    }[],
  )(
    'with $bits bits and $iterations rounds gives NumPy’s matrix',
    ({ bits, iterations, rank, error, plain, quantized: expected }) => {
      const { quantized, b, a } = loftq(weight, rank, { bits, iterations });
      const product = multiply(b, a).values;
      const rest = Math.hypot(...weight.values.map((x, i) => x - quantized.values[i]! - product[i]!));
      expect(rest).toBeCloseTo(error, 4);
      expect(rest).toBeLessThan(plain);
      quantized.values.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 4));
    },
  );

  it('loses less at higher rank', () => {
    const errors = [1, 2, 4, 8, 12].map((rank) => {
      const { quantized, b, a } = loftq(weight, rank);
      const product = multiply(b, a).values;
      return Math.hypot(...weight.values.map((x, i) => x - quantized.values[i]! - product[i]!));
    });
    errors.slice(1).forEach((error, i) => expect(error).toBeLessThanOrEqual(errors[i]! + 1e-6));
    expect(errors.at(-1)).toBeLessThan(1e-5);
  });

  it('is exact with its factors at any scaling, where the reference forgets it', async () => {
    const params = { 'q.weight': tensor(wave(16, 12), [16, 12]) };
    const started = init({ init: 'loftq' }, { r: 12, loraAlpha: 36 }, params);
    const adapter = await adapterFromParams(started.params, started.config);
    const merged = await mergeAdapter({ ...params, ...started.base }, adapter, { changedBase: true });
    values(merged, 'q.weight').forEach((x, i) => expect(x).toBeCloseTo(wave(16, 12)[i]!, 5));
  });
});

describe('toOriginalBase', () => {
  it.each([false, true])('gives an adapter of the original base (rank-stabilised: %s)', async (useRslora) => {
    const params = weights();
    const started = init({ init: 'pissa' }, { useRslora });
    const initial = await adapterFromParams(started.params, started.config);
    const trained = { ...started.params, [A]: tensor(wave(2, 6, 3), [2, 6]) };
    const adapter = await adapterFromParams(trained, started.config);
    const right = await mergeAdapter({ ...params, ...started.base }, adapter, { changedBase: true });
    await expect(mergeAdapter(params, adapter)).rejects.toThrow(
      'received init_lora_weights "pissa", whose factors go with a changed base',
    );
    const converted = toOriginalBase(adapter, initial);
    expect(converted.config).toMatchObject({ r: 4, initLoraWeights: true });
    const other = await mergeAdapter(params, converted);
    values(right, 'q.weight').forEach((x, i) => expect(values(other, 'q.weight')[i]).toBeCloseTo(x, 5));
  });

  it('refuses adapters that need no conversion or cannot have one', async () => {
    const plain = await adapterFromParams(init().params, init().config);
    expect(() => toOriginalBase(plain, plain)).toThrow('expected an adapter whose start changed the base');
    const config = { ...plain.config, initLoraWeights: 'pissa', useRslora: true, rankPattern: { q: 2 } };
    expect(() => toOriginalBase({ ...plain, config }, plain)).toThrow(
      'expected no patterns with rank-stabilised scaling',
    );
    const loft = { ...plain, config: { ...plain.config, initLoraWeights: 'loftq' } };
    expect(() => toOriginalBase(loft, plain)).toThrow('which rounds the base');
    const empty = { ...plain, layers: new Map() };
    const pissa = { ...plain, config: { ...plain.config, initLoraWeights: 'pissa' } };
    expect(() => toOriginalBase(pissa, empty)).toThrow(
      '"q": expected the module in the initial adapter, received none',
    );
  });
});
