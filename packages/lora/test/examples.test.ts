import { join } from 'node:path';
import { expect, it } from 'vitest';
import { adam, evaluate, fit, loadDigits, mlp, softmaxCrossEntropy } from '@weightloom/nn';
import { key, reshape, transpose } from '@weightloom/tensor-gpu';
import { fineTune } from '../examples/fine-tune-digits.js';
import { temporaryFolder } from './fixtures.js';

it('the example of the README learns turned digits, and saved, loaded and merged gives the same logits', async () => {
  const { train, test } = await loadDigits({ key: key(3) });
  const model = mlp({ sizes: [64, 96, 96, 10] });
  const { params: base } = await fit({
    model,
    data: train,
    loss: softmaxCrossEntropy,
    optimizer: adam({ learningRate: 2e-3 }),
    steps: 250,
    key: key(4),
  });
  /** Every digit lies on its side. */
  const turned = (data: typeof train) => ({
    inputs: reshape(transpose(reshape(data.inputs, [-1, 8, 8]), [0, 2, 1]), [-1, 64]),
    targets: data.targets,
  });
  const folder = join(await temporaryFolder(), 'adapter');
  const { adapted, params, merged } = await fineTune(model, base, turned(train), folder);
  const before = await evaluate({ model, params: base, data: turned(test) });
  const after = await evaluate({ model, params: merged, data: turned(test) });
  expect(before.accuracy).toBeLessThan(0.5);
  expect(after.accuracy).toBeGreaterThan(0.85);
  const [live, plain] = [
    adapted.apply(params, test.inputs).dataSync(),
    model.apply(merged, test.inputs).dataSync(),
  ];
  // Logits reach about 20; float32 sums in another order.
  expect(Math.max(...[...live].map((x, i) => Math.abs(x - plain[i]!)))).toBeLessThan(
    1e-5 * Math.max(...[...live].map(Math.abs)),
  );
});
