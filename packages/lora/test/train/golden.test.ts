import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adamw, conv, mlp, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import { add, clip, grad, key, matmul, mean, square, sub, type Tensor, tensor } from '@weightloom/tensor-gpu';
import {
  adaptFloraTucker,
  factorizeModel,
  liftMask,
  loraPlus,
  moduleCriticality,
  pelaObjective,
  pgdAttack,
  priorDistillation,
  scaleWeightedCrossEntropy,
  trainLisa,
} from '../../src/index.js';

/** From torch and NumPy; the file says how. */
const golden = JSON.parse(
  readFileSync(new URL('../__fixtures__/training.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, number & number[]>>;

/** The script's weights and data. */
const wave = (shape: number[], start: number, factor = 1): Tensor => {
  const count = shape.reduce((a, b) => a * b);
  return tensor(
    Float32Array.from({ length: count }, (_, i) => factor * Math.sin(start + 1.7 * i)),
    shape,
  );
};
/** Float32 beside the script's float64: a few units in the last place, over some steps. */
const near = (found: Tensor | readonly number[], expected: readonly number[], digits = 5): void => {
  const values = Array.isArray(found) ? found : [...(found as Tensor).dataSync()];
  expect(values).toHaveLength(expected.length);
  expected.forEach((x, i) => expect(values[i]).toBeCloseTo(x, digits));
};

const sizes = [
  [6, 5],
  [6, 6],
  [3, 6],
];
const layers = (weights: readonly Tensor[]): StateDict =>
  Object.fromEntries(weights.map((w, i) => [`layers.${i}.weight`, w]));
const params = layers(sizes.map((shape, i) => wave(shape, 0.3 + i, 0.8)));
const x = wave([8, 5], 2.2);
const y = tensor(Int32Array.from({ length: 8 }, (_, i) => i % 3));
/** Weights alone are passed, so the layers have no bias. */
const model = mlp({ sizes: [5, 6, 6, 3] });

describe('the training methods, beside torch', () => {
  it('LIFT chooses the entries NumPy finds largest after rank reduction', () => {
    const { weight, rank, count, mask } = golden.lift!;
    const found = liftMask(tensor(Float32Array.from(weight!), [9, 7]), { filterRank: rank!, count });
    expect([...found]).toEqual(mask);
  });

  it('LoRA+ moves A and B as AdamW with two rates', () => {
    const [nameA, nameB] = ['q.lora_A.default.weight', 'q.lora_B.default.weight'];
    let own: StateDict = { [nameA]: wave([2, 3], 0.1), [nameB]: wave([4, 2], 0.7) };
    const target = wave([4, 3], 1.9);
    const optimizer = loraPlus({ learningRate: 0.01, ratio: 8, weightDecay: 0.1 });
    let state = optimizer.init(own);
    const slope = grad((p: StateDict) => mean(square(sub(matmul(p[nameB]!, p[nameA]!), target))));
    for (let i = 0; i < 5; i++) {
      const step = optimizer.update(slope(own) as StateDict, state, own);
      own = Object.fromEntries(Object.entries(own).map(([name, w]) => [name, add(w, step.updates[name]!)]));
      state = step.state;
    }
    near(own[nameA]!, golden.loraPlus!.a!);
    near(own[nameB]!, golden.loraPlus!.b!);
  });

  it('FLoRA convolves with the Tucker product', () => {
    const kernel = {
      apply: (p: StateDict, input: Tensor, ctx = {}) =>
        conv(p, 'conv', input, { stride: 2, padding: 1 }, ctx),
    };
    const shapes = [
      [6, 3],
      [4, 2],
      [3, 2],
      [3, 2],
    ];
    const own = {
      'conv.weight': wave([6, 4, 3, 3], 0.2, 0.3),
      'conv.flora_core': wave([3, 2, 2, 2], 0.4),
      ...Object.fromEntries(shapes.map((shape, i) => [`conv.flora_factor_${i}`, wave(shape, 0.5 + i)])),
    };
    const out = adaptFloraTucker(kernel, { scale: 0.5 }).apply(own, wave([2, 4, 6, 6], 0.9));
    near(out, golden.flora!.output!, 4);
  });

  it('PELA’s objective is the sum of its four terms', () => {
    const objective = pelaObjective<{ inputs: Tensor; targets: Tensor }>({
      model,
      teacher: params,
      batch: (batch) => batch,
      loss: softmaxCrossEntropy,
      features: ['layers.0', 'layers.1'],
      kdAlpha: 2,
      kdBeta: 3,
      infNormWeight: 4,
      infNormEps: 0.01,
    });
    const small = factorizeModel(params, { ratio: 1.5, omit: (path) => path === 'layers.2' });
    expect(objective(small, { inputs: x, targets: y }, {}).item()).toBeCloseTo(golden.pela!.objective!, 4);
  });

  it('RiFT finds the criticality of each module, and attacks as projected gradient descent does', async () => {
    const found = await moduleCriticality({
      model,
      params,
      loss: softmaxCrossEntropy,
      data: { inputs: x, targets: y },
      attack: { epsilon: 1e-12, range: [-2, 2] }, // the attack leaves the inputs as they are
      bound: 0.2,
      learningRate: 0.5,
      epochs: 4,
      batchSize: 4,
      key: key(0),
    });
    near(
      found.map(({ criticality }) => criticality),
      golden.rift!.criticality!,
      4,
    );
    const attack = pgdAttack(model, softmaxCrossEntropy, { epsilon: 0.1, stepSize: 0.04, steps: 3 });
    near(attack(params, clip(x, 0, 1), y), golden.rift!.attacked!);
  });

  it('LISA forgets the moments of its layers with each period, and keeps those of first and last layer', async () => {
    const deeper = mlp({ sizes: [5, 6, 6, 6, 3] });
    const weights = [0, 1, 2].map((i) => params[`layers.${i}.weight`]!);
    const { losses, params: after } = await trainLisa({
      model: deeper,
      params: layers([weights[0]!, weights[1]!, wave([6, 6], 5, 0.5), weights[2]!]),
      loss: softmaxCrossEntropy,
      data: { inputs: x, targets: y },
      optimizer: () => adamw({ learningRate: 0.05, weightDecay: 0.1 }),
      layers: ['layers.1', 'layers.2'],
      activatedLayers: 2,
      intervalSteps: 3,
      steps: 6,
      batchSize: 8,
      key: key(0),
    });
    near(losses, golden.lisa!.losses!);
    near(after['layers.0.weight']!, golden.lisa!.first!, 4);
    near(after['layers.1.weight']!, golden.lisa!.block!, 4);
  });

  it('weights scales, and distils from the teacher', () => {
    const [logits, teacher] = [wave([2, 5, 3], 0.6, 2), wave([2, 5, 3], 1.1, 2)];
    const targets = tensor(Int32Array.of(0, 1, 2, 0, 1, 2, 1, 0, 2, 1), [2, 5]);
    expect(
      scaleWeightedCrossEntropy(logits, targets, { scales: [1, 4], weights: [1, 0.5] }).item(),
    ).toBeCloseTo(golden.scales!.weighted!, 5);
    expect(priorDistillation(logits, teacher, { temperature: 2 }).item()).toBeCloseTo(
      golden.scales!.distillation!,
      5,
    );
  });
});
