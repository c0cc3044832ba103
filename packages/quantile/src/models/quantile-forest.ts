import type { Key } from '@weightloom/tensor-gpu';
import { foldIn, generator } from '@weightloom/tensor-gpu';
import { binFeatures } from '../internal/bin-features.js';
import { toLevels } from '../internal/check-data.js';
import type { Tree } from '../internal/grow-tree.js';
import { growTree, leafOf } from '../internal/grow-tree.js';
import { ascendingOrder } from '../internal/weighted-quantile.js';
import { checkInteger, toPredictionRows, toTrainingRows } from './model-input.js';
import type { Fields } from './model-json.js';
import { readModel, readTrees, writeTrees } from './model-json.js';
import type { QuantileEstimator, QuantileModel, QuantileModelJSON } from './quantile-model.js';

export interface QuantileForestOptions {
  /** Number of trees; default 100. */
  readonly trees?: number;
  /** Least number of training rows in a leaf; default 10. */
  readonly minLeaf?: number;
  /** Features looked at per split; default `max(1, ⌊d / 3⌋)`, all `d` for extra-trees. */
  readonly featuresPerSplit?: number;
  /** Largest depth; default unlimited. */
  readonly maxDepth?: number;
  /** `best` cut of each feature, or one `random` cut per feature (extra-trees); default `best`. */
  readonly cuts?: 'best' | 'random';
  /** Grow each tree on rows drawn with replacement; default true for `best` cuts, false for `random` ones. */
  readonly bootstrap?: boolean;
  /** Bins per feature, 2 to 256: cuts are tried between them; default 255. */
  readonly bins?: number;
}

/** A tree with the training rows of each leaf. */
interface ForestTree extends Tree {
  /** Ranks (positions in ascending order of the target) of the rows, leaf by leaf. */
  readonly ranks: Uint32Array;
  /** Per node, where its rows begin in `ranks`; a leaf's rows end where `to` says. Inner nodes hold none. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/**
 * Quantile regression forest: quantiles of the training targets under the weights a forest gives them.
 *
 * `w_i(x) = mean_trees 1{i ∈ leaf(x)} / |leaf(x)|`, `q_τ(x) = inf { y : Σ_{y_i ≤ y} w_i(x) ≥ τ }`. Trees are grown for the
 * mean (least squares) on bootstrapped rows; then all training rows, drawn or not, are dropped down every tree, as in
 * the paper. Any level can be asked of a fitted forest, and quantiles never cross. Cuts are tried between at most
 * `bins` bins per feature, which the paper does not do. Row weights count in the splits and in `w_i`.
 *
 * @throws {TypeError} when `fit` is given no key
 * @see Meinshausen 2006, "Quantile regression forests", JMLR 7; Geurts, Ernst, Wehenkel 2006, "Extremely randomized trees"
 */
export function quantileForest(options: QuantileForestOptions = {}): QuantileEstimator<QuantileModel> {
  const where = 'quantileForest';
  const { trees = 100, minLeaf = 10, maxDepth = Infinity, cuts = 'best', bins = 255 } = options;
  const { bootstrap = cuts === 'best' } = options;
  checkInteger(where, 'trees', trees, 1);
  checkInteger(where, 'minLeaf', minLeaf, 1);
  if (maxDepth !== Infinity) checkInteger(where, 'maxDepth', maxDepth, 1);
  if (cuts !== 'best' && cuts !== 'random')
    throw new TypeError(`${where}: cuts is ${String(cuts)}, expected "best" or "random"`);
  checkInteger(where, 'bins', bins, 2);
  if (bins > 256) throw new RangeError(`${where}: bins is ${bins}, expected at most 256`);
  return {
    method: 'quantileForest',
    fit(x, y, fitOptions) {
      const { key } = fitOptions;
      if (key === undefined) throw new TypeError(`${where}: fit needs a key, as trees are drawn at random`);
      const rows = toTrainingRows(where, x, y, fitOptions);
      const data = binFeatures(rows.x, bins);
      const { n, d } = data;
      const perSplit = options.featuresPerSplit ?? (cuts === 'random' ? d : Math.max(1, Math.floor(d / 3)));
      checkInteger(where, 'featuresPerSplit', perSplit, 1);
      if (perSplit > d)
        throw new RangeError(`${where}: featuresPerSplit is ${perSplit}, expected at most the ${d} features`);
      const order = ascendingOrder(rows.y);
      const rank = new Uint32Array(n);
      order.forEach((row, k) => (rank[row] = k));

      const grow = (treeKey: Key): ForestTree => {
        const random = generator(treeKey);
        const weight = rows.weights?.slice() ?? new Float64Array(n).fill(1);
        if (bootstrap) {
          const counts = new Float64Array(n);
          for (let i = 0; i < n; i++) counts[random.integer(n)]!++;
          for (let i = 0; i < n; i++) weight[i]! *= counts[i]!;
        }
        const drawn = Uint32Array.from(weight.keys()).filter((row) => weight[row]! > 0);
        let total = 0;
        let sum = 0;
        for (const row of drawn) {
          total += weight[row]!;
          sum += weight[row]! * rows.y[row]!;
        }
        const gradient = rows.y.map((value, i) => weight[i]! * (value - sum / total));
        const { tree } = growTree(data, drawn, gradient, bootstrap || rows.weights ? weight : undefined, {
          maxLeaves: Infinity,
          maxDepth,
          minLeaf,
          l2: 0,
          features: () => ({ order: random.permutation(d), least: perSplit }),
          ...(cuts === 'random' && {
            randomCut: (low: number, high: number) => low + random.integer(high - low),
          }),
        });
        return withRows(tree, rows.x.data, d, rank);
      };
      const grown = Array.from({ length: trees }, (_, t) => {
        rows.signal?.throwIfAborted();
        const tree = grow(foldIn(key, t));
        rows.onProgress?.({ done: t + 1, total: trees, label: 'Trees' });
        return tree;
      });
      const sortedTargets = Float64Array.from(order, (row) => rows.y[row]!);
      const sortedWeights = rows.weights && Float64Array.from(order, (row) => rows.weights![row]!);
      return forest(rows.levels, d, grown, sortedTargets, sortedWeights);
    },
  };
}

/** Brings a forest back from its JSON form. */
export function quantileForestFromJSON(json: QuantileModelJSON): QuantileModel {
  const { levels, features, fields } = readModel(json, 'quantileForest');
  const list = fields.list('trees');
  const targets = fields.numbers('targets');
  const weights = json.weights === undefined ? undefined : fields.numbers('weights');
  const { trees } = readTrees(list, features, false);
  const grown = trees.map((tree, t) => readRows(tree, list[t]!, t, targets.length));
  return forest(levels, features, grown, targets, weights);
}

function forest(
  levels: Float64Array,
  features: number,
  trees: readonly ForestTree[],
  targets: Float64Array,
  weights: Float64Array | undefined,
): QuantileModel {
  return {
    method: 'quantileForest',
    levels,
    features,
    predict(x, asked) {
      const where = 'quantileForest.predict';
      const taus = asked === undefined ? levels : toLevels(where, asked);
      const { data, rows, columns } = toPredictionRows(where, x, features);
      const out = new Float64Array(rows * taus.length);
      const share = new Float64Array(targets.length);
      for (let i = 0; i < rows; i++) {
        share.fill(0);
        for (const tree of trees)
          addLeaf(tree, leafOf(tree, data, i * columns), weights, share, 1 / trees.length);
        out.set(quantilesOf(targets, share, taus), i * taus.length);
      }
      return { data: out, rows, columns: taus.length };
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'quantileForest',
      levels: [...levels],
      features,
      targets: [...targets],
      ...(weights && { weights: [...weights] }),
      trees: writeTrees(trees).map((tree, t) => ({
        ...tree,
        ranks: [...trees[t]!.ranks],
        from: [...trees[t]!.from],
        to: [...trees[t]!.to],
      })),
    }),
  };
}

/** Drops all training rows down a tree and lists them leaf by leaf. */
function withRows(tree: Tree, data: Float64Array, d: number, rank: Uint32Array): ForestTree {
  const leaf = Uint32Array.from(rank, (_, row) => leafOf(tree, data, row * d));
  const from = new Uint32Array(tree.feature.length);
  const to = new Uint32Array(tree.feature.length);
  for (const node of leaf) to[node]!++;
  let at = 0;
  to.forEach((count, node) => {
    from[node] = to[node] = at;
    at += count;
  });
  const ranks = new Uint32Array(rank.length);
  leaf.forEach((node, row) => (ranks[to[node]!++] = rank[row]!));
  return { ...tree, ranks, from, to };
}

function addLeaf(
  { ranks, from, to }: ForestTree,
  node: number,
  weights: Float64Array | undefined,
  share: Float64Array,
  factor: number,
): void {
  const first = from[node]!;
  const last = to[node]!;
  let total = last - first;
  if (weights) {
    total = 0;
    for (let k = first; k < last; k++) total += weights[ranks[k]!]!;
  }
  for (let k = first; k < last; k++)
    share[ranks[k]!]! += (factor * (weights ? weights[ranks[k]!]! : 1)) / total;
}

/** Quantiles of ascending targets under shares that sum to 1, with a slack of 1e-12 for rounding. */
function quantilesOf(targets: Float64Array, share: Float64Array, taus: Float64Array): Float64Array {
  const out = new Float64Array(taus.length);
  let sum = 0;
  let k = 0;
  for (let rank = 0; rank < targets.length && k < taus.length; rank++) {
    if (share[rank] === 0) continue;
    sum += share[rank]!;
    while (k < taus.length && sum >= taus[k]! - 1e-12) out[k++] = targets[rank]!;
  }
  return out;
}

function readRows(tree: Tree, entry: Fields, t: number, count: number): ForestTree {
  const ranks = Uint32Array.from(entry.numbers('ranks'));
  const from = Uint32Array.from(entry.numbers('from'));
  const to = Uint32Array.from(entry.numbers('to'));
  const size = tree.feature.length;
  const sound =
    from.length === size &&
    to.length === size &&
    ranks.every((rank) => rank < count) &&
    tree.feature.every((f, node) => f >= 0 || (from[node]! < to[node]! && to[node]! <= ranks.length));
  if (!sound) throw new RangeError(`quantileModelFromJSON: the rows of tree ${t} are damaged`);
  return { ...tree, ranks, from, to };
}
