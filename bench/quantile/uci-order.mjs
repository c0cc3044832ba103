// The order of quantile methods on five UCI sets: npm run bench -- quantile-order [seeds=5] [rows=500].
// Every finished set and seed is added to uci-order.json, and runs found there are not repeated: delete the file to start
// afresh. A run trains on `rows` random rows of a set (80% where it has fewer) and tests on up to 1000 of the others.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as data from '../../packages/datasets/dist/index.js';
import * as q from '../../packages/quantile/dist/index.js';
import { foldIn, generator, key } from '../../packages/tensor-gpu/dist/index.js';
import { printOrder } from './print-order.mjs';

const asked = Object.fromEntries(process.argv.slice(2).map((word) => word.split('=')));
const seeds = Number(asked.seeds ?? 5);
const most = Number(asked.rows ?? 500);
const file = new URL(asked.out ?? 'uci-order.json', import.meta.url);
const TEST_ROWS = 1000;
const levels = Array.from({ length: 19 }, (_, k) => (k + 1) / 20);
const training = { hidden: [64, 64], maxSteps: 2000 };
const network = { ...training, learningRate: 3e-3 };
// The six methods of the paper's study, and a linear one; the penalty because columns of energy are collinear.
const estimators = {
  'gaussian network': q.conditionalGaussianNetwork(network),
  'simultaneous quantile network': q.simultaneousQuantileNetwork(network),
  'multi-quantile network': q.multiQuantileNetwork(network),
  forest: q.quantileForest({ trees: 50 }),
  'extra-trees': q.quantileForest({ trees: 50, cuts: 'random' }),
  boosting: q.gradientBoosting({ trees: 50 }),
  linear: q.linearQuantiles({ penalty: 1e-4 }),
};
const sets = {
  concrete: data.loadConcrete,
  energy: data.loadEnergy,
  'power plant': data.loadPowerPlant,
  wine: data.loadWineQualityRed,
  yacht: data.loadYacht,
};

/** Mean pinball loss on the test rows by method. */
async function run(name, load, seed) {
  const { x, y, rows, columns } = await load();
  const own = foldIn(key(seed), name);
  const order = generator(own).permutation(rows);
  const cut = Math.min(most, Math.round(0.8 * rows));
  const part = (from, to) => {
    const picked = [...order.slice(from, to)];
    return { x: picked.map((i) => x.slice(i * columns, (i + 1) * columns)), y: picked.map((i) => y[i]) };
  };
  const [train, test] = [part(0, cut), part(cut, cut + TEST_ROWS)];
  const losses = {};
  const note = (method, quantiles) =>
    (losses[method] = q.scoreQuantiles(test.y, quantiles, levels).meanPinball);

  const stack = await q.crossFitQuantiles(Object.values(estimators), train.x, train.y, { levels, key: own });
  const models = [];
  for (const [method, estimator] of Object.entries(estimators)) {
    models.push((await estimator.fit(train.x, train.y, { levels, key: own })).predict(test.x));
    note(method, models.at(-1));
  }
  const learn = { models: stack, y: train.y, levels };
  note('best model, out of fold', models[q.selectBestModel(learn).index]);
  note('average', q.averageModels(models));
  note('median', q.medianModels(models));
  const averaging = {
    QRA: q.quantileRegressionAveraging(learn),
    'QRA, convex weights': q.quantileRegressionAveraging({ ...learn, nonNegative: true, sumToOne: true }),
    'factor QRA': q.factorQuantileRegressionAveraging(learn),
  };
  for (const [method, model] of Object.entries(averaging))
    note(method, q.sortQuantiles(q.applyQra(await model, models)));
  for (const locality of ['global', 'local'])
    for (const resolution of ['coarse', 'medium', 'fine']) {
      const local = locality === 'local';
      const aggregator = await q.aggregateQuantiles({
        ...learn,
        ...training,
        locality,
        resolution,
        ...(local && { x: train.x, dropout: 0.05 }),
        learningRate: local ? 1e-3 : 1e-2,
        key: own,
      });
      note(`${locality} ${resolution}`, aggregator.predict(models, local ? test.x : undefined));
    }
  return { set: name, seed, trainRows: train.y.length, testRows: test.y.length, losses };
}

const saved = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { rows: most, runs: [] };
if (saved.rows !== most)
  throw new Error(`${file.pathname} holds runs of at most ${saved.rows} rows, not ${most}`);
for (let seed = 0; seed < seeds; seed++)
  for (const [name, load] of Object.entries(sets)) {
    if (saved.runs.some((entry) => entry.set === name && entry.seed === seed)) continue;
    const start = performance.now();
    saved.runs.push(await run(name, load, seed));
    writeFileSync(file, `${JSON.stringify(saved, null, 1)}\n`);
    console.log(`${name}, seed ${seed}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
printOrder(saved.runs);
