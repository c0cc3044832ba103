import { describe, expect, it } from 'vitest';
import { toFloat32, toInt32 } from '@weightloom/checkpoint';
import { adam, fit, linear, mlp, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import { toTensors } from '@weightloom/state-dict';
import { grad, jit, key, mean, mul, normal, sum, type Tensor, tensor } from '@weightloom/tensor-gpu';
import {
  adaptModel,
  adapterFromParams,
  adapterParams,
  adaptParams,
  loraConfig,
  mergeAdapter,
} from '../../src/index.js';
import { peftAdapter, peftTensors } from '../fixtures.js';
import { imageNet, textNet } from './net.js';

const inputs = peftTensors('inputs');
const tokens = tensor(toInt32(inputs.tokens!), [...inputs.tokens!.shape]);
const image = tensor(toFloat32(inputs.image!), [...inputs.image!.shape]);
const base = () => toTensors(peftTensors('base'));
const apart = (a: Tensor, b: Tensor | Float32Array): number => {
  const [x, y] = [a.dataSync(), b instanceof Float32Array ? b : b.dataSync()];
  return Math.max(...[...x].map((value, i) => Math.abs(value - y[i]!)));
};

describe('adaptModel', () => {
  it('adds B(A(x)) to a linear layer, by hand', () => {
    const model = { apply: (params: StateDict, x: Tensor, ctx = {}) => linear(params, 'q', x, ctx) };
    const params = {
      'q.weight': tensor([
        [1, 0],
        [0, 1],
      ]),
      'q.bias': tensor([10, 20]),
      'q.lora_A.default.weight': tensor([[1, 2]]),
      'q.lora_B.default.weight': tensor([[3], [4]]),
    };
    const adapted = adaptModel(model, {
      default: loraConfig({ targetModules: ['q'], r: 1, loraAlpha: 0.5 }),
    });
    // x = [1, 1]: W x + b = [11, 21], A x = 3, 0.5 · 3 · [3, 4] = [4.5, 6]
    expect([...adapted.apply(params, tensor([[1, 1]])).dataSync()]).toEqual([15.5, 27]);
    expect([
      ...adapted
        .activate([])
        .apply(params, tensor([[1, 1]]))
        .dataSync(),
    ]).toEqual([11, 21]);
    expect([
      ...adapted
        .activate({ default: -2 })
        .apply(params, tensor([[1, 1]]))
        .dataSync(),
    ]).toEqual([2, 9]);
  });

  it.each([
    'linear',
    'every-layer',
    'dora',
    'lora-bias',
    'bias-all',
    'bias-lora-only',
    'tokens',
    'regex',
    'bfloat16',
  ])('computes what PEFT computes: %s', (name) => {
    const adapter = peftAdapter(name);
    const params = { ...base(), ...adapterParams(adapter) };
    const expected = peftTensors(`${name}/outputs`);
    const [text, picture] = [textNet, imageNet].map((net) => adaptModel(net, { default: adapter.config }));
    expect(apart(text!.apply(params, tokens), toFloat32(expected.logits!))).toBeLessThan(2e-5);
    expect(apart(picture!.apply(params, image), toFloat32(expected.image!))).toBeLessThan(2e-5);
    const whole = adaptParams(params, { default: adapter.config });
    expect(apart(textNet.apply(whole, tokens), toFloat32(expected.logits!))).toBeLessThan(2e-5);
    expect(apart(imageNet.apply(whole, image), toFloat32(expected.image!))).toBeLessThan(2e-5);
  });

  it('adds several adapters with weights, as merging one after the other does', async () => {
    const [first, second] = [peftAdapter('linear'), peftAdapter('combine/second')];
    const params = { ...base(), ...adapterParams(first, 'one'), ...adapterParams(second, 'two') };
    const adapted = adaptModel(textNet, { one: first.config, two: second.config }, { one: 0.7, two: -0.4 });
    const once = await mergeAdapter(base(), first, { weight: 0.7 });
    const twice = await mergeAdapter(once, second, { weight: -0.4 });
    expect(apart(adapted.apply(params, tokens), textNet.apply(twice, tokens))).toBeLessThan(1e-5);
    expect(
      apart(adapted.activate('one').apply(params, tokens), adapted.apply(params, tokens)),
    ).toBeGreaterThan(0.01);
  });

  it('drops inputs of the adapter while training, with a key, and at no other time', () => {
    const adapter = peftAdapter('linear');
    const params = { ...base(), ...adapterParams(adapter) };
    const adapted = adaptModel(textNet, { default: { ...adapter.config, loraDropout: 0.5 } });
    const plain = adapted.apply(params, tokens);
    expect(apart(adapted.apply(params, tokens, { key: key(1) }), plain)).toBe(0);
    expect(apart(adapted.apply(params, tokens, { train: true }), plain)).toBe(0);
    const one = adapted.apply(params, tokens, { train: true, key: key(1) });
    expect(apart(one, plain)).toBeGreaterThan(0.01);
    expect(apart(adapted.apply(params, tokens, { train: true, key: key(1) }), one)).toBe(0);
  });

  it('treats the norm of DoRA as a constant for gradients', () => {
    const model = { apply: (params: StateDict, x: Tensor, ctx = {}) => linear(params, 'q', x, ctx) };
    const params = {
      'q.weight': tensor([[3, 4]]),
      'q.lora_A.default.weight': tensor([[1, 0]]),
      'q.lora_B.default.weight': tensor([[0]]),
      'q.lora_magnitude_vector.default': tensor([10]),
    };
    const adapted = adaptModel(model, {
      default: loraConfig({ targetModules: ['q'], r: 1, loraAlpha: 1, useDora: true }),
    });
    const x = tensor([[1, 1]]);
    expect(adapted.apply(params, x).item()).toBeCloseTo(14, 5); // 10 / 5 · (3 + 4)
    const slopes = grad((p: StateDict) => sum(adapted.apply(p, x)))(params) as StateDict;
    expect(slopes['q.lora_magnitude_vector.default']!.item()).toBeCloseTo(7 / 5, 5);
    expect(slopes['q.lora_B.default.weight']!.item()).toBeCloseTo(2, 5); // m / ‖·‖ · A x, nothing through the norm
  });

  it('composes with the hooks of the caller, which see and may replace the layer of the base', () => {
    const adapter = peftAdapter('linear');
    const params = { ...base(), ...adapterParams(adapter) };
    const adapted = adaptModel(textNet, { default: adapter.config });
    const seen: string[] = [];
    const doubled = adapted.apply(params, tokens, {
      tap: (path) => seen.push(path),
      linear: (path, x) => (path === 'head' ? mul(x, 0) : undefined),
    });
    expect(seen).toEqual(['layers.0', 'layers.1', 'head']);
    expect([...doubled.dataSync()].every((value) => value === 0)).toBe(true);
  });

  it('trains adapters only, with fit, and leaves the base as it was', async () => {
    const model = mlp({ sizes: [4, 16, 3] });
    const config = loraConfig({ targetModules: ['layers.0', 'layers.1'], r: 2, loraAlpha: 2 });
    const start = model.init(key(0));
    const own: StateDict = {};
    for (const [i, [out, inputs]] of [
      [16, 4],
      [3, 16],
    ].entries()) {
      own[`layers.${i}.lora_A.default.weight`] = normal(key(10 + i), [2, inputs!]);
      own[`layers.${i}.lora_B.default.weight`] = tensor(new Float32Array(out! * 2), [out!, 2]);
    }
    const adapted = adaptModel(model, { default: config });
    const data = {
      inputs: normal(key(1), [48, 4]),
      targets: tensor(Int32Array.from({ length: 48 }, (_, i) => i % 3)),
    };
    const { params, losses } = await fit({
      model: adapted,
      params: { ...start, ...own },
      data,
      loss: softmaxCrossEntropy,
      optimizer: adam({ learningRate: 0.02 }),
      steps: 60,
      key: key(2),
      trainable: adapted.trainable,
    });
    expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.95);
    for (const name of Object.keys(start))
      expect([...params[name]!.dataSync()]).toEqual([...start[name]!.dataSync()]);
    const adapter = await adapterFromParams(params, config);
    const merged = await mergeAdapter(start, adapter);
    expect(apart(model.apply(merged, data.inputs), adapted.apply(params, data.inputs))).toBeLessThan(1e-5);
  });

  it('runs inside jit and grad, also with substituted weights', () => {
    const adapter = peftAdapter('every-layer');
    const params = { ...base(), ...adapterParams(adapter) };
    const adapted = adaptModel(textNet, { default: adapter.config });
    const run = jit((p: StateDict, x: Tensor) => mean(adapted.apply(p, x)));
    expect(run(params, tokens).item()).toBeCloseTo(mean(adapted.apply(params, tokens)).item(), 5);
    const slopes = grad((p: StateDict) => mean(adapted.apply(p, tokens)))(params) as StateDict;
    for (const name of Object.keys(params).filter(adapted.trainable)) {
      if (/conv|pointwise/.test(name)) continue;
      expect(Math.max(...[...slopes[name]!.dataSync()].map(Math.abs)), name).toBeGreaterThan(0);
    }
  });

  it('refuses unknown adapters, weights that are not finite, names with dots and combinations that are no sums', () => {
    const config = loraConfig({ targetModules: ['q'] });
    const dora = loraConfig({ targetModules: ['q'], useDora: true });
    expect(() => adaptModel(textNet, { a: config }, 'b')).toThrow(
      'adaptModel: expected adapters among "a", received "b"',
    );
    expect(() => adaptModel(textNet, { a: config }, { a: NaN })).toThrow('expected a finite weight for "a"');
    expect(() => adaptModel(textNet, { 'a.b': config })).toThrow('without dots');
    expect(() => adaptModel(textNet, { a: config, b: dora })).toThrow(
      'expected DoRA alone and with weight 1',
    );
    expect(() => adaptModel(textNet, { b: dora }, { b: 0.5 })).toThrow('received weight 0.5');
    const params = {
      ...base(),
      'head.modules_to_save.a.weight': tensor([1]),
      'head.modules_to_save.b.weight': tensor([1]),
    };
    expect(() => adaptModel(textNet, { a: config, b: config }).apply(params, tokens)).toThrow(
      '"head.weight": expected one adapter that saves it whole, received "a" and "b"',
    );
  });
});

describe('adapterParams and adapterFromParams', () => {
  it.each(['every-layer', 'dora', 'lora-bias', 'bias-all', 'tokens'])(
    'are each other’s reverse: %s',
    async (name) => {
      const adapter = peftAdapter(name);
      const back = await adapterFromParams({ ...base(), ...adapterParams(adapter, 'x') }, adapter.config, {
        name: 'x',
      });
      expect(new Map([...back.layers].sort())).toEqual(new Map([...adapter.layers].sort()));
      expect(new Map([...back.saved].sort())).toEqual(new Map([...adapter.saved].sort()));
      expect(back.tokens).toEqual(adapter.tokens);
    },
  );

  it('stores in half precision if asked for', async () => {
    const adapter = peftAdapter('bfloat16');
    const back = await adapterFromParams(adapterParams(adapter), adapter.config, { dtype: 'BF16' });
    expect(back.layers.get('layers.0')).toEqual(adapter.layers.get('layers.0'));
  });

  it('refuses half a layer, a rank that is not configured, and weights without an adapter', async () => {
    const config = loraConfig({ targetModules: ['q'], r: 2 });
    const a = { 'q.lora_A.default.weight': tensor([[1, 2]]) };
    await expect(adapterFromParams(a, config)).rejects.toThrow('"q": expected lora_A and lora_B, received a');
    const both = { ...a, 'q.lora_B.default.weight': tensor([[1]]) };
    await expect(adapterFromParams(both, config)).rejects.toThrow('lora_A: expected rank 2');
    await expect(adapterFromParams(base(), config)).rejects.toThrow('received none of the name "default"');
    const broken = { 'q.lora_A.default.weight': tensor([[NaN]]) };
    await expect(adapterFromParams(broken, config)).rejects.toThrow('expected finite values');
  });
});
