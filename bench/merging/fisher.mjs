// Fisher information over 1,000 examples beside one epoch of training on the same, for an MLP and a small CNN.
import { cpus } from 'node:os';
import * as merging from '../../packages/merging/dist/index.js';
import * as nn from '../../packages/nn/dist/index.js';
import { interleave, report, timed } from '../lib/interleave.mjs';
import { t } from '../models/ours.mjs';

const only = process.argv[2];
if (!only || 'fisher'.includes(only)) {
  const [count, batch] = [1000, 50];
  const { train } = await nn.loadDigits({ key: t.key(0) });
  const x = t.copy(t.slice(train.inputs, [0], [count]));
  const y = t.copy(t.slice(train.targets, [0], [count]));
  console.log(
    `merging: ${cpus()[0].model}, Node ${process.version}; 1 thread; median of 9 interleaved rounds`,
  );
  const models = {
    'MLP 64-128-10': nn.mlp({ sizes: [64, 128, 10] }),
    'CNN 8×8, convolutions of 16 and 32 channels': nn.cnn({
      input: [1, 8, 8],
      channels: [16, 32],
      classes: 10,
    }),
  };
  for (const [name, model] of Object.entries(models)) {
    const params = model.init(t.key(1));
    const { init, step } = nn.createTrainStep({
      objective: (p, [images, labels], ctx) => nn.softmaxCrossEntropy(model.apply(p, images, ctx), labels),
      optimizer: nn.adamw({ learningRate: 1e-3 }),
    });
    let state = init(t.copy(params));
    const batches = Array.from({ length: count / batch }, (_, i) =>
      [x, y].map((all) => t.copy(t.slice(all, [i * batch], [(i + 1) * batch]))),
    );
    const epoch = () => {
      for (const data of batches) state = step(state, data).state;
    };
    const apply = (p, images, ctx) => model.apply(p, images, ctx);
    const fisher = (labels) => async () =>
      t.dispose(await merging.diagonalFisher({ params, apply, inputs: x, labels, key: t.key(2) }));
    const results = await interleave([
      timed('one epoch', epoch),
      timed('given labels', fisher(y)),
      timed('sampled labels', fisher('sampled')),
      timed('exact, 10 classes', fisher('exact')),
    ]);
    report(`Fisher of ${name} over ${count} examples (an epoch: ${count / batch} AdamW steps)`, results);
    for (const { name: kind, median } of results.slice(1)) {
      console.log(`    ${kind}: ${(median / results[0].median).toFixed(2)} epochs`);
    }
  }
}
