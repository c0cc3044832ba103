import { describe, expect, it } from 'vitest';
import { linear, mlp, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import { key, sum, type Tensor, tensor, uniform } from '@weightloom/tensor-gpu';
import { interpolateRobust, moduleCriticality, pgdAttack, robustAccuracy } from '../../src/index.js';

describe('pgdAttack', () => {
  const model = { apply: (p: StateDict, x: Tensor) => linear(p, 'q', x) };
  const total = (output: Tensor, _targets: Tensor) => sum(output);
  const params = { 'q.weight': tensor([[1, -2]]) };
  const targets = tensor([0]);

  it('goes up the sign of the gradient as far as the ball and the range of inputs let it', () => {
    const attack = (options: object) => [
      ...pgdAttack(model, total, { epsilon: 0.3, ...options })(
        params,
        tensor([[0.5, 0.1]]),
        targets,
      ).dataSync(),
    ];
    const near = (a: number[], b: number[]) => a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 6));
    near(attack({ steps: 1, stepSize: 0.1 }), [0.6, 0]);
    near(attack({ steps: 10, stepSize: 0.1 }), [0.8, 0]);
    near(attack({ steps: 10, stepSize: 0.1, range: [-1, 1] }), [0.8, -0.2]);
  });

  it('starts at random inside the ball with a key', () => {
    const x = uniform(key(0), [20, 2], 0.4, 0.6);
    const own = mlp({ sizes: [2, 8, 2] });
    const weights = own.init(key(1));
    const attack = pgdAttack(own, softmaxCrossEntropy, { epsilon: 0.1, steps: 3 });
    const labels = tensor(new Int32Array(20));
    const [one, two] = [attack(weights, x, labels, key(2)), attack(weights, x, labels, key(3))];
    const far = [...one.dataSync()].map((value, i) => Math.abs(value - x.dataSync()[i]!));
    expect(Math.max(...far)).toBeLessThanOrEqual(0.1 + 1e-6);
    expect([...one.dataSync()]).not.toEqual([...two.dataSync()]);
    expect(() => pgdAttack(own, softmaxCrossEntropy, { epsilon: 0 })).toThrow('expected epsilon above 0');
    expect(() => pgdAttack(own, softmaxCrossEntropy, { epsilon: 1, steps: 0 })).toThrow(
      'expected at least 1 step',
    );
  });
});

describe('moduleCriticality', () => {
  const model = mlp({ sizes: [6, 12, 12, 3] });
  const params = model.init(key(5));
  const data = {
    inputs: uniform(key(6), [60, 6], 0, 1),
    targets: tensor(Int32Array.from({ length: 60 }, (_, i) => i % 3)),
  };
  const options = {
    model,
    params,
    loss: softmaxCrossEntropy,
    data,
    attack: { epsilon: 0.05, steps: 2 },
    key: key(7),
    batchSize: 30,
    epochs: 3,
  };

  it('is zero or more for every module, and grows with the bound', async () => {
    const small = await moduleCriticality({ ...options, bound: 0.05 });
    const large = await moduleCriticality({ ...options, bound: 0.3 });
    expect(small.map(({ path }) => path)).toEqual(['layers.0', 'layers.1', 'layers.2']);
    small.forEach(({ criticality }, i) => {
      expect(criticality).toBeGreaterThan(0);
      expect(large[i]!.criticality).toBeGreaterThan(criticality);
    });
  });

  it('of a module that does nothing is zero', async () => {
    const deaf = { ...params, 'layers.2.weight': tensor(new Float32Array(36), [3, 12]) };
    const found = await moduleCriticality({ ...options, params: deaf, modules: ['layers.0', 'layers.1'] });
    found.forEach(({ criticality }) => expect(criticality).toBe(0));
  });

  it('refuses modules without a weight and numbers out of range', async () => {
    await expect(moduleCriticality({ ...options, modules: ['layers.7'] })).rejects.toThrow(
      'expected modules with a weight, received "layers.7"',
    );
    await expect(moduleCriticality({ ...options, modules: [] })).rejects.toThrow('received none');
    await expect(moduleCriticality({ ...options, bound: 0 })).rejects.toThrow('expected bound above 0');
  });
});

describe('interpolateRobust', () => {
  const [robust, tuned] = [{ w: tensor([0]) }, { w: tensor([1]) }];
  const curve = (clean: (a: number) => number, hard: (a: number) => number) => async (params: StateDict) => {
    const a = params.w!.item();
    return { clean: clean(a), robust: hard(a) };
  };

  it('takes the largest clean accuracy that keeps the robust one', async () => {
    const evaluate = curve(
      (a) => 0.9 + 0.05 * a,
      (a) => 0.6 - (a > 0.45 ? 0.02 : 0),
    );
    const { a, params, path } = await interpolateRobust({ robust, tuned, evaluate });
    expect(a).toBe(0.4);
    expect(params.w!.item()).toBeCloseTo(0.4, 6);
    expect(path).toHaveLength(11);
    expect((await interpolateRobust({ robust, tuned, evaluate, tolerance: 0.03 })).a).toBe(1);
  });

  it('warns where there is no robustness to keep', async () => {
    const at = (hard: number) =>
      interpolateRobust({
        robust,
        tuned,
        evaluate: curve(
          () => 0.9,
          () => hard,
        ),
      });
    expect((await at(0.6)).warnings).toEqual([]);
    expect((await at(0.01)).warnings).toEqual([
      'the weights to start from are not adversarially trained: robust accuracy 0.01, clean 0.9',
    ]);
  });

  it('stays where it is when nothing is better', async () => {
    const { a } = await interpolateRobust({
      robust,
      tuned,
      evaluate: curve(
        (x) => -x,
        () => 1,
      ),
    });
    expect(a).toBe(0);
  });

  it('refuses places that are no places between', async () => {
    const evaluate = curve(
      () => 0,
      () => 0,
    );
    for (const places of [
      [0.1, 1],
      [0, 2],
      [0, 0.5, 0.5],
    ]) {
      await expect(interpolateRobust({ robust, tuned, evaluate, places })).rejects.toThrow(
        'expected places from 0 to 1, ascending',
      );
    }
    await expect(interpolateRobust({ robust, tuned: {}, evaluate })).rejects.toThrow(
      'received no "w" in tuned',
    );
  });
});

describe('robustAccuracy', () => {
  it('is the share of examples that stay right', async () => {
    const model = { apply: (p: StateDict, x: Tensor) => linear(p, 'q', x) };
    const params = { 'q.weight': tensor([[1], [-1]]) }; // class 0 for positive, class 1 for negative inputs
    const data = { inputs: tensor([[0.9], [0.2], [-0.9]]), targets: tensor(Int32Array.of(0, 0, 1)) };
    const attack = pgdAttack(model, softmaxCrossEntropy, {
      epsilon: 0.5,
      stepSize: 0.5,
      steps: 1,
      range: [-1, 1],
    });
    expect(await robustAccuracy(model, params, data, attack, key(0))).toBeCloseTo(2 / 3, 6);
  });
});
