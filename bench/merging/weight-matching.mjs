// Weight matching of two MLPs 784-512-512-512-10 beside the same loop in numpy with the assignment of scipy, and assignments alone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as merging from '../../packages/merging/dist/index.js';
import * as nn from '../../packages/nn/dist/index.js';
import { interleave, report, timed } from '../lib/interleave.mjs';
import { startPython } from '../lib/python.mjs';
import { t } from '../models/ours.mjs';

const only = process.argv[2];
if (!only || 'matching'.includes(only)) {
  const sizes = [784, 512, 512, 512, 10];
  const model = nn.mlp({ sizes });
  const [a, b] = [1, 2].map((seed) => model.init(t.key(seed)));
  const spec = merging.autoSpec(a);
  const order = t.key(3);

  // The other side reads the same weights, and visits the groups in the same order.
  const folder = mkdtempSync(join(tmpdir(), 'weight-matching-'));
  const names = sizes.slice(1).flatMap((_, i) => [`layers.${i}.weight`, `layers.${i}.bias`]);
  const values = [];
  for (const params of [a, b])
    for (const name of names) values.push(Buffer.from((await params[name].data()).slice().buffer));
  writeFileSync(join(folder, 'weights.bin'), Buffer.concat(values));
  const draw = t.generator(order);
  const orders = Array.from({ length: 100 }, () => [...draw.permutation(sizes.length - 2)]);
  writeFileSync(join(folder, 'problem.json'), JSON.stringify({ sizes, orders }));
  process.env.WEIGHT_MATCHING = folder;
  const python = await startPython('merging/weight_matching.py');

  const found = await merging.weightMatching(a, b, { spec, key: order });
  console.log(
    `merging: ${cpus()[0].model}, Node ${process.version}, ${python?.version ?? 'no scipy'}; 1 thread each; median of 9 interleaved rounds; ${found.sweeps} passes`,
  );
  report(
    'weight matching, MLP 784-512-512-512-10',
    await interleave(
      [
        timed('merging', async () => {
          t.dispose((await merging.weightMatching(a, b, { spec, key: order })).params);
        }),
        ...(python ? [python.contestant('matching')] : []),
      ],
      { seconds: 1 },
    ),
  );
  for (const n of [512, 1024]) {
    const cost = Float64Array.from({ length: n * n }, (_, k) => (Math.sin(k * 12.9898) * 43758.5453) % 1);
    report(
      `linear assignment, ${n} × ${n}`,
      await interleave(
        [
          timed('merging', () => merging.linearAssignment(cost, n, n)),
          ...(python ? [python.contestant(`assignment-${n}`)] : []),
        ],
        { seconds: 0.5 },
      ),
    );
  }
  const n = 4096;
  const costs = {
    random: (k) => (Math.sin(k * 12.9898) * 43758.5453) % 1,
    'i · j': (k) => Math.floor(k / n) * (k % n), // all rows want the same columns
  };
  for (const [name, cost] of Object.entries(costs)) {
    const large = Float64Array.from({ length: n * n }, (_, k) => cost(k));
    const start = performance.now();
    merging.linearAssignment(large, n, n);
    const seconds = (performance.now() - start) / 1000;
    console.log(`\nlinear assignment, ${n} × ${n}, ${name}, once: ${seconds.toFixed(1)} s`);
  }
  python?.close();
  rmSync(folder, { recursive: true });
}
