import { cnn, mlp } from '@weightloom/nn';
import { add as addDicts, scale, type StateDict, subtract } from '@weightloom/state-dict';
import { grad, jit, key, normal, square, sub, sum, type Tensor, tensor } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearize } from '../src/index.js';
import golden from './golden/linearize.json' with { type: 'json' };
import { dict, numbers, values } from './helpers.js';

const model = mlp({ sizes: [5, 6, 3], activation: 'tanh' });
const [base, tuned] = [dict(golden.base), dict(golden.tuned)];
const inputs = tensor(golden.inputs);
const lin = linearize(model, base);

/** Largest difference between two tensors. */
async function distance(a: Tensor, b: Tensor): Promise<number> {
  const [x, y] = [await numbers(a), await numbers(b)];
  return Math.max(...x.map((value, i) => Math.abs(value - y[i]!)));
}
const step = (from: StateDict, along: StateDict, s: number): StateDict => addDicts(from, scale(along, s));

describe('linearize', () => {
  it('gives what torch gives', async () => {
    expect(await distance(lin.apply(tuned, inputs), tensor(golden.outputs))).toBeLessThan(1e-5);
  });

  it('is the model itself at the base', async () => {
    expect(await distance(lin.apply(base, inputs), model.apply(base, inputs))).toBe(0);
    const net = cnn({ input: [1, 8, 8], channels: [4], classes: 3, norm: 'batch' });
    const params = net.init(key(1));
    const x = normal(key(2), [6, 64]);
    expect(await distance(linearize(net, params).apply(params, x), net.apply(params, x))).toBe(0);
  });

  it('is affine in the weights', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1000 }),
        fc.double({ min: 0.1, max: 2 }),
        async (seed, s) => {
          const along = model.init(key(seed));
          const at = (t: number): Tensor => lin.apply(step(base, along, t), inputs);
          // f(s) - 2 f(0) + f(-s) = 0
          const second = sub(sub(at(s), at(0)), sub(at(0), at(-s)));
          expect(Math.max(...(await numbers(second)).map(Math.abs))).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('has the slope of the model, by a central difference', async () => {
    const change = subtract(tuned, base);
    const h = 1e-2;
    const [up, down] = [step(base, change, h), step(base, change, -h)];
    const slope = (await numbers(sub(model.apply(up, inputs), model.apply(down, inputs)))).map(
      (x) => x / (2 * h),
    );
    const tangent = await numbers(sub(lin.apply(tuned, inputs), model.apply(base, inputs)));
    tangent.forEach((x, i) => expect(Math.abs(x - slope[i]!)).toBeLessThan(1e-3 * Math.abs(x) + 1e-3));
  });

  it('is trained through jit and grad: gradients at the base are those of the model', async () => {
    const loss = (apply: (p: StateDict, x: Tensor) => Tensor) => (p: StateDict) =>
      sum(square(apply(p, inputs)));
    const own = await values(jit(grad(loss((p, x) => model.apply(p, x))))(base));
    const linear = await values(jit(grad(loss(lin.apply)))(base));
    for (const [name, list] of Object.entries(own)) {
      list.forEach((g, j) => expect(Math.abs(linear[name]![j]! - g)).toBeLessThan(1e-4 * Math.abs(g) + 1e-5));
    }
  });

  it('takes whole numbers from the base', async () => {
    const counted = { ...base, steps: tensor(Int32Array.of(3)) };
    const apply = linearize(model, counted).apply({ ...tuned, steps: tensor(Int32Array.of(9)) }, inputs);
    expect(await distance(apply, lin.apply(tuned, inputs))).toBe(0);
  });

  it('refuses weights that do not fit the base', () => {
    expect(() => lin.apply({ ...base, more: tensor([1]) }, inputs)).toThrow(
      'linearize: the weights: expected the tensors of the base, received a state dict with "more" besides',
    );
    expect(() => lin.apply({ ...base, 'layers.1.bias': tensor([1]) }, inputs)).toThrow(
      'linearize: the weights "layers.1.bias": expected shape [3] as in the base, received [1]',
    );
  });
});
