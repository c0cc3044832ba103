import { binFeatures } from '../internal/bin-features.js';
import { checkAtLeast } from '../internal/check-data.js';
import type { Tree } from '../internal/grow-tree.js';
import { growTree, leafOf } from '../internal/grow-tree.js';
import type { Matrix } from '../internal/matrix.js';
import { ascendingOrder, weightedQuantile } from '../internal/weighted-quantile.js';
import { readModel, readTrees, writeTrees } from './model-json.js';
import {
  checkInteger,
  fittedPositions,
  pickLevels,
  toPredictionRows,
  toTrainingRows,
} from './model-input.js';
import type { QuantileEstimator, QuantileModel, QuantileModelJSON } from './quantile-model.js';

export interface GradientBoostingOptions {
  /** Number of trees per level; default 100. */
  readonly trees?: number;
  /** Share of each tree that is added, above 0, at most 1; default 0.1. */
  readonly learningRate?: number;
  /** Largest number of leaves per tree; default 31. */
  readonly maxLeaves?: number;
  /** Largest depth of a tree; default unlimited. */
  readonly maxDepth?: number;
  /** Least number of rows in a leaf; default 20. */
  readonly minLeaf?: number;
  /** L2 regularisation in the choice of splits, ≥ 0; default 0. */
  readonly l2?: number;
  /** Bins per feature, 2 to 256; default 255. */
  readonly bins?: number;
  /** Sort each predicted row, so that quantiles never cross; default true. */
  readonly sort?: boolean;
}

interface Ensemble {
  readonly start: number;
  readonly trees: readonly Tree[];
  /** Value of every node of every tree (0 inside), learning rate included. */
  readonly values: readonly Float64Array[];
}

/**
 * Histogram gradient boosting with the pinball loss, one ensemble per level.
 *
 * Starts from the `τ`-quantile of `y`; each tree is grown on the negative gradient (`τ` above the prediction, `τ - 1` below),
 * then every leaf's value is replaced by the `τ`-quantile of its rows' residuals. Defaults are those of scikit-learn's
 * `HistGradientBoostingRegressor(loss="quantile")`; no early stopping. Needs no key: nothing is drawn.
 *
 * @see Friedman 2001, "Greedy function approximation", Annals of Statistics 29, algorithm 3
 */
export function gradientBoosting(options: GradientBoostingOptions = {}): QuantileEstimator<QuantileModel> {
  const where = 'gradientBoosting';
  const {
    trees = 100,
    learningRate = 0.1,
    maxLeaves = 31,
    maxDepth = Infinity,
    minLeaf = 20,
    l2 = 0,
    bins = 255,
    sort = true,
  } = options;
  checkInteger(where, 'trees', trees, 1);
  checkInteger(where, 'maxLeaves', maxLeaves, 2);
  if (maxDepth !== Infinity) checkInteger(where, 'maxDepth', maxDepth, 1);
  checkInteger(where, 'minLeaf', minLeaf, 1);
  checkAtLeast(where, 'l2', l2, 0);
  checkInteger(where, 'bins', bins, 2);
  if (bins > 256) throw new RangeError(`${where}: bins is ${bins}, expected at most 256`);
  if (!(learningRate > 0 && learningRate <= 1))
    throw new RangeError(`${where}: learningRate is ${learningRate}, expected it above 0 and at most 1`);
  return {
    method: 'gradientBoosting',
    fit(x, y, fitOptions) {
      const rows = toTrainingRows(where, x, y, fitOptions);
      const data = binFeatures(rows.x, bins);
      const all = Uint32Array.from({ length: data.n }, (_, i) => i);
      const order = ascendingOrder(rows.y);
      const unit = rows.weights ?? new Float64Array(data.n).fill(1);
      const total = trees * rows.levels.length;
      const grow = (level: number, k: number): Ensemble => {
        const start = weightedQuantile(rows.y, unit, order, level);
        const residual = rows.y.map((value) => value - start);
        const gradient = new Float64Array(data.n);
        const grown: Tree[] = [];
        const values: Float64Array[] = [];
        for (let t = 0; t < trees; t++) {
          rows.signal?.throwIfAborted();
          for (let i = 0; i < data.n; i++) gradient[i] = unit[i]! * (residual[i]! > 0 ? level : level - 1);
          const {
            tree,
            rows: sorted,
            leaves,
          } = growTree(data, all, gradient, rows.weights, { maxLeaves, maxDepth, minLeaf, l2 });
          const value = new Float64Array(tree.feature.length);
          for (const { node, from, to } of leaves) {
            const members = sorted.subarray(from, to);
            const step = learningRate * leafQuantile(residual, rows.weights, members, level);
            value[node] = step;
            for (const row of members) residual[row]! -= step;
          }
          grown.push(tree);
          values.push(value);
          rows.onProgress?.({ done: k * trees + t + 1, total, label: `Trees of level ${level}` });
        }
        return { start, trees: grown, values };
      };
      return boosted(rows.levels, data.d, sort, Array.from(rows.levels, grow));
    },
  };
}

/** Brings a boosted model back from its JSON form. */
export function gradientBoostingFromJSON(json: QuantileModelJSON): QuantileModel {
  const { levels, features, fields } = readModel(json, 'gradientBoosting');
  const ensembles = fields.list('ensembles').map((entry) => {
    const { trees, values } = readTrees(entry.list('trees'), features, true);
    return { start: entry.number('start'), trees, values: values! };
  });
  if (ensembles.length !== levels.length)
    throw new RangeError(`quantileModelFromJSON: ${ensembles.length} ensembles for ${levels.length} levels`);
  return boosted(levels, features, fields.boolean('sort'), ensembles);
}

function boosted(
  levels: Float64Array,
  features: number,
  sort: boolean,
  ensembles: readonly Ensemble[],
): QuantileModel {
  return {
    method: 'gradientBoosting',
    levels,
    features,
    predict(x, asked) {
      const where = 'gradientBoosting.predict';
      const positions = fittedPositions(where, levels, asked);
      const matrix = toPredictionRows(where, x, features);
      const all = predictAll(matrix, ensembles);
      const m = levels.length;
      if (sort) for (let i = 0; i < matrix.rows; i++) all.subarray(i * m, (i + 1) * m).sort();
      return pickLevels({ data: all, rows: matrix.rows, columns: m }, positions);
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'gradientBoosting',
      levels: [...levels],
      features,
      sort,
      ensembles: ensembles.map(({ start, trees, values }) => ({ start, trees: writeTrees(trees, values) })),
    }),
  };
}

function predictAll({ data, rows, columns }: Matrix, ensembles: readonly Ensemble[]): Float64Array {
  const m = ensembles.length;
  const out = new Float64Array(rows * m);
  ensembles.forEach(({ start, trees, values }, k) => {
    for (let i = 0; i < rows; i++) out[i * m + k] = start;
    trees.forEach((tree, t) => {
      const value = values[t]!;
      for (let i = 0; i < rows; i++) out[i * m + k]! += value[leafOf(tree, data, i * columns)]!;
    });
  });
  return out;
}

function leafQuantile(
  residual: Float64Array,
  weights: Float64Array | undefined,
  members: Uint32Array,
  level: number,
): number {
  const values = Float64Array.from(members, (row) => residual[row]!);
  if (weights)
    return weightedQuantile(
      values,
      Float64Array.from(members, (row) => weights[row]!),
      ascendingOrder(values),
      level,
    );
  values.sort();
  return values[Math.max(0, Math.ceil(level * values.length - 1e-9) - 1)]!;
}
