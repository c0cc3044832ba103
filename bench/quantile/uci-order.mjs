// The order of methods on five UCI sets: npm run quantile-order [seeds=5] [rows=600]. Build the packages first (turbo build).
import * as data from '../../packages/datasets/dist/index.js';
import * as q from '../../packages/quantile/dist/index.js';
import { foldIn, generator, key } from '../../packages/tensor-gpu/dist/index.js';

const seeds = Number(process.argv[2] ?? 5);
const most = Number(process.argv[3] ?? 600);
const levels = Array.from({ length: 19 }, (_, k) => (k + 1) / 20);
const network = { hidden: [32, 32], learningRate: 3e-3, maxSteps: 1000 };
const estimators = {
  linear: q.linearQuantiles({ penalty: 1e-4 }), // energy has collinear columns
  boosting: q.gradientBoosting({ trees: 50 }),
  forest: q.quantileForest({ trees: 50 }),
  'gaussian network': q.conditionalGaussianNetwork(network),
};
const sets = {
  concrete: data.loadConcrete,
  energy: data.loadEnergy,
  'power plant': data.loadPowerPlant,
  wine: data.loadWineQualityRed,
  yacht: data.loadYacht,
};
const ratios = {};
for (const [name, load] of Object.entries(sets)) {
  const { x, y, rows, columns } = await load();
  for (let seed = 0; seed < seeds; seed++) {
    const own = foldIn(key(seed), name);
    const order = generator(own).permutation(rows).slice(0, most);
    const cut = Math.round(0.8 * order.length);
    const part = (from, to) => {
      const picked = [...order.slice(from, to)];
      return { x: picked.map((i) => x.slice(i * columns, (i + 1) * columns)), y: picked.map((i) => y[i]) };
    };
    const [train, test] = [part(0, cut), part(cut, order.length)];
    const losses = {};
    const note = (method, quantiles) =>
      (losses[method] = q.scoreQuantiles(test.y, quantiles, levels).meanPinball);
    const base = Object.values(estimators);
    const stack = await q.crossFitQuantiles(base, train.x, train.y, { levels, key: own });
    const models = [];
    for (const [method, estimator] of Object.entries(estimators)) {
      models.push((await estimator.fit(train.x, train.y, { levels, key: own })).predict(test.x));
      note(method, models.at(-1));
    }
    note('best base, out of fold', models[q.selectBestModel({ models: stack, y: train.y, levels }).index]);
    note('average', q.averageModels(models));
    note('median', q.medianModels(models));
    const qra = await q.quantileRegressionAveraging({ models: stack, y: train.y, levels });
    note('qra', q.sortQuantiles(q.applyQra(qra, models)));
    for (const locality of ['global', 'local'])
      for (const resolution of ['coarse', 'medium', 'fine']) {
        const local = locality === 'local';
        const aggregator = await q.aggregateQuantiles({
          models: stack,
          y: train.y,
          levels,
          locality,
          resolution,
          ...(local && { x: train.x }),
          ...network,
          dropout: 0.05,
          learningRate: local ? 1e-3 : 1e-2,
          key: own,
        });
        note(`${locality} ${resolution}`, aggregator.predict(models, local ? test.x : undefined));
      }
    for (const [method, loss] of Object.entries(losses)) (ratios[method] ??= []).push(loss / losses.average);
  }
  console.log(`${name} done`);
}
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
console.log(
  `mean pinball loss relative to the average of the models, ${seeds} seeds, at most ${most} rows a set`,
);
for (const [method, values] of Object.entries(ratios).sort((a, b) => mean(a[1]) - mean(b[1])))
  console.log(mean(values).toFixed(4), method);
