// Quantile regression beside R quantreg and scikit-learn: npm run bench -- quantile [engel|linear|growing|boosting|presto].
// Answers are compared before anything is timed. A second word is the seconds scikit-learn gets for one linear fit, default 120.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEngel } from '../../packages/datasets/dist/index.js';
import * as q from '../../packages/quantile/dist/index.js';
import { generator, key } from '../../packages/tensor-gpu/dist/index.js';
import { interleave, report, timed } from '../lib/interleave.mjs';
import { startPeer, startPython } from '../lib/python.mjs';

const only = process.argv[2];
const limit = Number(process.argv[3] ?? 120);
const wants = (name) => !only || name.includes(only);
const tenths = Array.from({ length: 9 }, (_, k) => (k + 1) / 10);
const ms = (seconds) => `${(1000 * seconds).toFixed(1)} ms`;

/** Rows `x` with targets `y`, drawn with a key of their own. */
function draw(seed, rows, columns, target) {
  const random = generator(key(seed));
  const x = { data: new Float64Array(rows * columns), rows, columns };
  const y = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const row = x.data.subarray(i * columns, (i + 1) * columns);
    for (let j = 0; j < columns; j++) row[j] = random.normal();
    y[i] = target(row, random);
  }
  return { x, y };
}
const noisy = (row, random) =>
  row.reduce((sum, value, j) => sum + ((j + 1) / 10) * value, 0) +
  (1 + 0.3 * Math.abs(row[0])) * random.normal();
const bent = (row, random) => Math.sin(row[0]) * row[1] + row[2] + (0.5 + Math.abs(row[3])) * random.normal();
const engel = await loadEngel();
const sets = {
  engel: { x: { data: engel.x, rows: engel.rows, columns: engel.columns }, y: engel.y },
  linear: draw(1, 100_000, 10, noisy),
  boosting: draw(2, 10_000, 20, bent),
  'boosting-test': draw(3, 2000, 20, bent),
};
const folder = mkdtempSync(join(tmpdir(), 'weightloom-bench-'));
for (const [name, { x, y }] of Object.entries(sets)) {
  const { data, rows, columns } = x;
  const table = new Float64Array(rows * (columns + 1));
  for (let i = 0; i < rows; i++) {
    table.set(data.subarray(i * columns, (i + 1) * columns), i * (columns + 1));
    table[i * (columns + 1) + columns] = y[i];
  }
  writeFileSync(join(folder, `${name}.f64`), new Uint8Array(table.buffer));
}
const env = { BENCH_DATA: folder };
const r = await startPeer('Rscript', 'quantile/quantreg_peers.R', env);
const python = await startPython('quantile/sklearn_peers.py', env);
const threaded = await startPython('quantile/sklearn_peers.py', {
  ...env,
  OMP_NUM_THREADS: String(cpus().length),
});
const versions = [r?.version ?? 'no quantreg', python?.version ?? 'no scikit-learn'].join(', ');
console.log(`${cpus()[0].model}, Node ${process.version}, ${versions}; 1 thread each unless said`);

/** Summed pinball loss of a plane. */
function objective({ x: { data, rows, columns }, y }, b, level, n = rows) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let fit = b[0];
    for (let j = 0; j < columns; j++) fit += b[j + 1] * data[i * columns + j];
    sum += q.pinball(y[i] - fit, level);
  }
  return sum;
}
function agree(what, ours, theirs, tolerance) {
  const apart = (ours - theirs) / Math.abs(theirs);
  if (!(Math.abs(apart) <= tolerance)) throw new Error(`${what}: ours ${ours}, theirs ${theirs}`);
}
/** Compares the objectives at all levels with those of a solver of quantreg. */
async function agreeWithR(solver, set, fit, tolerance) {
  const theirs = JSON.parse(await r.ask(`${solver} check`));
  const d = fit.names.length;
  fit.levels.forEach((level, k) => {
    const other = objective(set, theirs.slice(k * d, (k + 1) * d), level);
    agree(`${solver} at ${level}`, fit.objective[k], other, tolerance);
  });
}

if (wants('engel')) {
  const levels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];
  const { x, y } = sets.engel;
  const solve = () => q.quantileRegression(x, y, { levels });
  if (r) await agreeWithR('br', sets.engel, solve(), 1e-9);
  const peers = r ? [r.contestant('br', 'quantreg br')] : [];
  report('Engel, n = 235, 7 levels', await interleave([timed('quantile', solve), ...peers]), ms);
}

if (wants('linear')) {
  const { x, y } = sets.linear;
  const solve = () => q.quantileRegression(x, y, { levels: tenths });
  // Their interior point stops at a gap of 1e-6.
  if (r) for (const solver of ['fn', 'pfn']) await agreeWithR(solver, sets.linear, solve(), 1e-6);
  const peers = r ? ['fn', 'pfn'].map((solver) => r.contestant(solver, `quantreg ${solver}`)) : [];
  report('n = 100,000, d = 10, 9 levels', await interleave([timed('quantile', solve), ...peers]), ms);
}

if (wants('growing') && python) {
  console.log(
    `\none level (0.5), d = 10: ours, best of 3, beside one fit by QuantileRegressor(solver="highs")`,
  );
  const { x, y } = sets.linear;
  for (const n of [2000, 5000, 10_000, 20_000, 100_000]) {
    const part = { data: x.data.subarray(0, n * x.columns), rows: n, columns: x.columns };
    const solve = () => q.quantileRegression(part, y.subarray(0, n), { levels: [0.5] });
    const [{ best }] = await interleave([timed('quantile', solve)], { rounds: 3 });
    const { seconds, coefficients } = JSON.parse(await python.ask(`linear-within ${limit} ${n} 0.5`));
    if (coefficients)
      agree(`n = ${n}`, solve().objective[0], objective(sets.linear, coefficients, 0.5, n), 1e-8);
    const theirs = seconds === null ? `more than ${limit} s` : `${seconds.toFixed(2)} s`;
    const ratio = best / (seconds ?? limit);
    console.log(
      `  n = ${String(n).padStart(6)}   ours ${ms(best).padStart(9)}   scikit-learn ${theirs.padStart(15)}   ours / it ${seconds === null ? '< ' : ''}${ratio.toFixed(4)}`,
    );
  }
}

if (wants('boosting')) {
  const levels = [0.1, 0.5, 0.9];
  const { x, y } = sets.boosting;
  const test = sets['boosting-test'];
  const fit = () => q.gradientBoosting({ trees: 100, sort: false }).fit(x, y, { levels });
  if (python) {
    const columns = JSON.parse(await python.ask('boosting-check'));
    const theirs = q.pinballLoss(
      test.y,
      test.y.length && columns[0].map((_, i) => columns.map((c) => c[i])),
      levels,
    );
    const ours = q.pinballLoss(test.y, fit().predict(test.x), levels);
    ours.forEach((loss, k) => agree(`pinball loss on new rows at ${levels[k]}`, loss, theirs[k], 0.02));
  }
  const peers = [
    ...(python ? [python.contestant('boosting', 'HistGradientBoosting, 1 thread')] : []),
    ...(threaded ? [threaded.contestant('boosting', `${cpus().length} threads`)] : []),
  ];
  report(
    'boosting, n = 10,000, d = 20, 100 trees, 3 levels',
    await interleave([timed('quantile', fit), ...peers], { seconds: 1 }),
    ms,
  );
}

if (wants('presto')) {
  const slopes = [0.5, 0, 0.5, 0, 0.5, 0.5, 0, 0, 0.5, 0];
  const rare = draw(4, 1000, 10, (row, random) => {
    const u = random.uniform();
    const sum = row.reduce((total, value, j) => total + slopes[j] * value, 0);
    return [0, 3, 5].filter((a, k) => u > 1 / (1 + Math.exp(-(a + sum * (1 + k / 10))))).length;
  });
  const path = () => q.prestoPath({ ...rare, count: 100, minRatio: 1e-3 });
  const models = path();
  // Warm starts along the path end where a fit of its own ends.
  for (const k of [10, 50, 99]) {
    const alone = q.presto({ ...rare, lambda: models[k].lambda });
    agree(`log likelihood at lambda ${models[k].lambda}`, models[k].logLikelihood, alone.logLikelihood, 1e-7);
  }
  report(
    'PRESTO, n = 1000, d = 10, K = 4, 100 λ',
    await interleave([timed('quantile', path)], { seconds: 1 }),
    ms,
  );
}

for (const peer of [r, python, threaded]) peer?.close();
rmSync(folder, { recursive: true });
