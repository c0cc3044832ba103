// nn beside jax-js and torch: a step of ViT-tiny, AdamW over 10 million weights, generation.
import { cpus } from 'node:os';
import * as nn from '../packages/nn/dist/index.js';
import { interleave, report, timed } from './lib/interleave.mjs';
import { startPython } from './lib/python.mjs';
import * as jaxJs from './models/jax-js.mjs';
import { t } from './models/ours.mjs';
import { filled } from './models/shapes.mjs';
import { ourStep, theirStep } from './models/vit.mjs';

const only = process.argv[2];
const wants = (name) => !only || name.includes(only);
await jaxJs.ready;
const python = await startPython('models/torch_steps.py');
console.log(
  `nn: ${cpus()[0].model}, Node ${process.version}, jax-js 0.1.25, ${python?.version ?? 'no torch'}; 1 thread each unless said; median of 9 interleaved rounds`,
);
const beside = (name) => (python ? [python.contestant(name)] : []);

if (wants('vit-tiny')) {
  const [ours, theirs] = [ourStep(), theirStep()];
  console.log(`\nvit-tiny: first losses ours ${ours().toFixed(5)}, jax-js ${(await theirs()).toFixed(5)}`);
  report(
    'ViT-tiny (32×32×3 in patches of 4, 4 blocks of width 128, batch 32), one training step',
    await interleave([timed('nn', ours), timed('jax-js', theirs), ...beside('vit-tiny')]),
  );
}

if (wants('adamw')) {
  const tensors = 10;
  const n = 1000 * 1000;
  const dict = (scale, seed) =>
    Object.fromEntries(
      Array.from({ length: tensors }, (_, i) => [
        `layers.${i}.weight`,
        t.copy(t.tensor(filled(n, scale, seed + i), [1000, 1000])),
      ]),
    );
  const optimizer = nn.adamw({ learningRate: 1e-3, weightDecay: 0.01 });
  const grads = dict(0.5, 50);
  let params = dict(1, 1);
  let state = optimizer.init(params);
  const update = t.jit(
    (p, s, g) => {
      const next = optimizer.update(g, s, p);
      return [nn.applyUpdates(p, next.updates), next.state];
    },
    { donate: [0, 1], name: 'adamw' },
  );
  // Weights, two moments and gradients are read, weights and moments written: seven streams; a copy is two.
  const [from, to] = [new Float32Array(tensors * n).fill(1), new Float32Array(tensors * n)];
  const results = await interleave([
    timed('nn', () => ([params, state] = update(params, state, grads))),
    timed('3.5 copies', () => {
      for (let i = 0; i < 3; i++) to.set(from);
      to.set(from.subarray(0, (tensors * n) / 2));
    }),
    ...beside('adamw'),
  ]);
  report('AdamW over 10 million weights, one update (beside it: a copy of as many bytes)', results);
}

if (wants('generate')) {
  const model = nn.gpt({ context: 512, width: 128, layers: 2, heads: 4 });
  const params = model.init(t.key(0));
  const maxTokens = 400;
  const write = () =>
    nn.generate({
      model,
      params,
      prompt: nn.encodeBytes('KING:\n'),
      maxTokens,
      temperature: 0.8,
      topK: 40,
      key: t.key(1),
    });
  const rate = (seconds) => `${(maxTokens / seconds).toFixed(0)} tokens/s`;
  report(
    'GPT-tiny (2 blocks of width 128) writes 400 tokens with a key-value cache',
    await interleave([timed('nn', write)]),
    rate,
  );
}
python?.close();
