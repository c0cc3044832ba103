// tensor-gpu beside jax-js, tfjs (wasm) and torch: products, bandwidth, training steps, per-example gradients.
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { interleave, report, timed } from './lib/interleave.mjs';
import { startPython } from './lib/python.mjs';
import * as jaxJs from './models/jax-js.mjs';
import { losses, stepOf, t } from './models/ours.mjs';
import { filled, problems, startOf } from './models/shapes.mjs';

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend('wasm');
await jaxJs.ready;
const python = await startPython('models/torch_steps.py');
const only = process.argv[2];
const wants = (name) => !only || name.includes(only);
console.log(
  `${cpus()[0].model}, Node ${process.version}, jax-js 0.1.25, tfjs-wasm 4.22.0, ${python?.version ?? 'no torch'}; 1 thread each unless said; median of 9 interleaved rounds`,
);

if (wants('sgemm')) {
  const n = 1024;
  const [a, b] = [filled(n * n, 1, 1), filled(n * n, 1, 2)];
  const [oa, ob] = [t.copy(t.tensor(a, [n, n])), t.copy(t.tensor(b, [n, n]))];
  const [fa, fb] = [tf.tensor2d(a, [n, n]), tf.tensor2d(b, [n, n])];
  const [ja, jb] = [jaxJs.np.array(a).reshape([n, n]), jaxJs.np.array(b).reshape([n, n])];
  const rate = (seconds) => `${((2 * n ** 3) / seconds / 1e9).toFixed(1)} GFLOP/s`;
  report(
    'sgemm 1024³',
    await interleave(
      [
        timed('tensor-gpu', () => t.matmul(oa, ob).dispose()),
        timed('tfjs-wasm', () => tf.matMul(fa, fb).dispose()),
        timed('jax-js', async () => {
          const c = jaxJs.np.matmul(ja.ref, jb.ref);
          await jaxJs.jax.blockUntilReady(c);
          c.dispose();
        }),
        ...(python ? [python.contestant('sgemm')] : []),
      ],
      { seconds: 0.5 },
    ),
    rate,
  );
}

if (wants('bandwidth')) {
  const n = 16 * 2 ** 20;
  const inputs = [1, 2, 3, 4].map((s) => t.copy(t.tensor(filled(n, 1, s))));
  const [from, to] = [new Float32Array(n).fill(1), new Float32Array(n)];
  const axpy = t.jit((y, x) => t.add(y, t.mul(x, 1e-6)), { donate: [0] });
  const average = t.jit((out, a, b, c, d) => [t.mul(t.add(t.add(a, b), t.add(c, d)), 0.25), t.sum(out)][0], {
    donate: [0],
  });
  let y = t.copy(inputs[0]);
  let out = t.copy(inputs[0]);
  const perByte = (bytes) => (seconds) => `${(bytes / seconds / 1e9).toFixed(1)} GB/s`;
  const results = await interleave(
    [
      timed('copy (2 streams)', () => to.set(from)),
      timed('axpy (3 streams)', () => (y = axpy(y, inputs[1]))),
      timed('average of 4 (5 streams)', () => (out = average(out, ...inputs))),
    ],
    { seconds: 0.5 },
  );
  console.log('\n16 M floats, time per byte moved against a plain copy');
  const streams = [2, 3, 5];
  results.forEach(({ name, median, best }, i) => {
    const ratio = (x, y0) => (x / streams[i] / (y0 / 2)).toFixed(2);
    console.log(
      `  ${name.padEnd(26)} ${perByte(4 * n * streams[i])(median).padStart(12)}   to copy: ${ratio(median, results[0].median)} (best ${ratio(best, results[0].best)})`,
    );
  });
}

for (const name of Object.keys(problems)) {
  if (!wants(name)) continue;
  const [ours, theirs] = [stepOf(name), jaxJs.stepOf(name)];
  console.log(`\n${name}: first losses ours ${ours().toFixed(5)}, jax-js ${(await theirs()).toFixed(5)}`);
  report(
    `${name}, one training step`,
    await interleave([
      timed('tensor-gpu', ours),
      timed('jax-js', theirs),
      ...(python ? [python.contestant(name)] : []),
    ]),
  );
}

if (wants('vmap')) {
  const name = 'mlp-small';
  const params = Object.fromEntries(
    Object.entries(startOf(problems[name])).map(([k, { data, shape }]) => [k, t.copy(t.tensor(data, shape))]),
  );
  const x = t.copy(t.tensor(filled(256 * 64, 1, 5), [256, 64]));
  const y = t.tensor(Int32Array.from({ length: 256 }, (_, i) => i % 10));
  const whole = t.jit((p, a, b) => t.grad(losses[name])(p, a, b));
  const single = (p, a, b) => losses[name](p, t.reshape(a, [1, 64]), t.reshape(b, [1]));
  const each = t.jit(t.vmap((p, a, b) => t.grad(single)(p, a, b), { inAxes: [null, 0, 0] }));
  report(
    'gradients of the small MLP, 256 examples: batch, then one by one (all 256 written)',
    await interleave([
      timed('vmap(grad)', () => t.dispose(each(params, x, y))),
      timed('grad', () => t.dispose(whole(params, x, y))),
    ]),
  );
}

if (wants('threads')) {
  const n = 1024;
  const data = [filled(n * n, 1, 1), filled(n * n, 1, 2)];
  const build = () => data.map((d) => t.copy(t.tensor(d, [n, n])));
  const results = [];
  for (const threads of [1, 2]) {
    t.setThreads(threads);
    const [a, b] = build();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [r] = await interleave(
      [timed(`${threads} thread${threads > 1 ? 's' : ''}`, () => t.matmul(a, b).dispose())],
      { seconds: 0.5 },
    );
    results.unshift(r);
  }
  report('sgemm 1024³ by threads', results);
}
python?.close();
