import { describe, expect, it } from 'vitest';
import { adam, createTrainStep, mlp, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import { copy, key, matmul, normal, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { factorizedModel, factorizeModel, pelaObjective } from '../../src/index.js';

const model = mlp({ sizes: [20, 24, 24, 4] });
const params = model.init(key(0));
const x = normal(key(1), [32, 20]);
const apart = (a: Tensor, b: Tensor) =>
  Math.max(...[...a.dataSync()].map((value, i) => Math.abs(value - b.dataSync()[i]!)));

describe('factorizeModel', () => {
  it('leaves rank ⌊in · out / (ratio · (in + out))⌋, the bias, and small outputs whole', () => {
    const small = factorizeModel(params, { ratio: 2 });
    // 20 · 24 / (2 · 44) = 5.45, 24 · 24 / (2 · 48) = 6
    const shapes = Object.fromEntries(
      Object.entries(small).map(([name, { shape }]) => [name, shape.join('×')]),
    );
    expect(shapes).toEqual({
      'layers.0.pela_a': '5×20',
      'layers.0.pela_b': '24×5',
      'layers.0.bias': '24',
      'layers.1.pela_a': '6×24',
      'layers.1.pela_b': '24×6',
      'layers.1.bias': '24',
      'layers.2.weight': '4×24',
      'layers.2.bias': '4',
    });
    expect(params['layers.0.weight']!.shape).toEqual([24, 20]);
  });

  it('is the best approximation, with the scale on both factors', () => {
    const weight = matmul(normal(key(2), [24, 5]), normal(key(3), [5, 20]));
    const small = factorizeModel({ ...params, 'layers.0.weight': weight }, { ratio: 2 });
    expect(apart(matmul(small['layers.0.pela_b']!, small['layers.0.pela_a']!), weight)).toBeLessThan(1e-4);
    const norms = [small['layers.0.pela_a']!, small['layers.0.pela_b']!].map((t) =>
      Math.hypot(...t.dataSync()),
    );
    expect(norms[0]!).toBeCloseTo(norms[1]!, 3);
  });

  it('computes the model of the products', () => {
    const small = factorizeModel(params);
    const products = Object.fromEntries(
      [0, 1].map((i) => [
        `layers.${i}.weight`,
        matmul(small[`layers.${i}.pela_b`]!, small[`layers.${i}.pela_a`]!),
      ]),
    );
    expect(
      apart(factorizedModel(model).apply(small, x), model.apply({ ...params, ...products }, x)),
    ).toBeLessThan(1e-5);
  });

  it('refuses ratios that leave nothing', () => {
    expect(() => factorizeModel(params, { ratio: 1 })).toThrow('expected a ratio above 1, received 1');
    expect(() => factorizeModel(params, { ratio: 100 })).toThrow(
      '"layers.0": expected a ratio that leaves [24, 20] a rank, received 100',
    );
    expect(() => factorizeModel(params, { omit: () => true })).toThrow(
      'expected linear layers that are not omitted',
    );
  });
});

describe('pelaObjective', () => {
  const targets = tensor(Int32Array.from({ length: 32 }, (_, i) => i % 4));
  const objective = (more: object = {}) =>
    pelaObjective<{ inputs: Tensor; targets: Tensor }>({
      model,
      teacher: params,
      batch: (batch) => batch,
      loss: softmaxCrossEntropy,
      features: ['layers.0', 'layers.1'],
      ...more,
    });

  it('is the task’s loss plus what its doc comment says, term by term', () => {
    const small = factorizeModel(params);
    const value = (more: object): number => objective(more)(small, { inputs: x, targets }, {}).item();
    const task = softmaxCrossEntropy(factorizedModel(model).apply(small, x), targets).item();
    expect(value({ kdAlpha: 0, infNormWeight: 0 })).toBeCloseTo(task, 5);
    const perturbation = [0, 1].map((i) =>
      apart(
        matmul(small[`layers.${i}.pela_b`]!, small[`layers.${i}.pela_a`]!),
        params[`layers.${i}.weight`]!,
      ),
    );
    const expected = perturbation.reduce((sum, p) => sum + (p - 0.01) ** 2, 0) / 2;
    expect(value({ kdAlpha: 0, infNormWeight: 3, infNormEps: 0.01 }) - task).toBeCloseTo(3 * expected, 4);
    const taps = (run: (tap: (path: string, i: Tensor, o: Tensor) => void) => void) => {
      const found: Tensor[] = [];
      run((path, _, output) => path !== 'layers.2' && found.push(output));
      return found;
    };
    const mine = taps((tap) => void factorizedModel(model).apply(small, x, { tap }));
    const theirs = taps((tap) => void model.apply(params, x, { tap }));
    const squares = mine.map(
      (t, i) =>
        [...t.dataSync()].reduce((sum, v, j) => sum + (v - theirs[i]!.dataSync()[j]!) ** 2, 0) / t.size,
    );
    expect(value({ kdAlpha: 2, infNormWeight: 0 }) - task).toBeCloseTo(squares[0]! + squares[1]!, 3);
  });

  it('brings the features back to the teacher’s', () => {
    const { init, step } = createTrainStep({
      objective: objective({ kdAlpha: 10 }),
      optimizer: adam({ learningRate: 3e-3 }),
    });
    let state = init(copy(factorizeModel(params)));
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) {
      const next = step(state, { inputs: x, targets });
      state = next.state;
      losses.push(next.loss.item());
    }
    expect(losses.at(-1)!).toBeLessThan(0.8 * losses[0]!);
  });

  it('refuses features that are never reached', () => {
    const own = objective({ features: ['layers.9'] });
    expect(() => own(factorizeModel(params) as StateDict, { inputs: x, targets }, {})).toThrow(
      'received nothing at "layers.9"',
    );
  });
});
