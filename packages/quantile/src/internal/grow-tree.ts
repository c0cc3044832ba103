import type { BinnedFeatures } from './bin-features.js';

/** A binary tree in flat arrays; node 0 is the root, a leaf has `feature` -1. */
export interface Tree {
  readonly feature: Int32Array;
  /** `x[feature] ≤ threshold` goes left. */
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** A grown tree with its training rows sorted by leaf. */
export interface GrownTree {
  readonly tree: Tree;
  readonly rows: Uint32Array;
  /** Leaf node and the range of `rows` it holds. */
  readonly leaves: readonly { readonly node: number; readonly from: number; readonly to: number }[];
}

export interface GrowOptions {
  readonly maxLeaves: number;
  readonly maxDepth: number;
  /** Least number of training rows in a leaf. */
  readonly minLeaf: number;
  /** Added to the weight of a child in the gain. */
  readonly l2: number;
  /** Chooses the features to look at in a node, in order, and how many at least; default all. */
  readonly features?: () => { readonly order: ArrayLike<number>; readonly least: number };
  /** Draws one cut between two bins instead of trying all; extra-trees. */
  readonly randomCut?: (low: number, high: number) => number;
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
}

interface OpenNode {
  readonly node: number;
  readonly from: number;
  readonly to: number;
  readonly depth: number;
  readonly histogram: Histogram | undefined;
  readonly split: Split | undefined;
}

/** Per feature and bin: sum of gradients, of weights, and number of rows (`w` itself when all weights are 1). */
interface Histogram {
  readonly g: Float64Array;
  readonly w: Float64Array;
  readonly count: Float64Array;
}

const BINS = 256;
/** Gains below this share of the root's are rounding. */
const NO_GAIN = 1e-12;

/**
 * Grows one regression tree on binned features, best split first: the split of largest gain
 * `G_L²/(W_L + λ) + G_R²/(W_R + λ) - G²/(W + λ)`, `G` and `W` sums of gradients and weights.
 *
 * When every node looks at all features, the histogram of the larger child is its parent's minus its sibling's.
 *
 * @param rows - training rows; sorted by leaf in the result
 * @param gradient - per row of the data, weight included
 * @param weight - per row of the data; undefined means 1
 */
export function growTree(
  data: BinnedFeatures,
  rows: Uint32Array,
  gradient: Float64Array,
  weight: Float64Array | undefined,
  options: GrowOptions,
): GrownTree {
  const { bins, cuts, n, d } = data;
  const subtract = options.features === undefined;
  const order = rows.slice();
  const scratch = new Uint32Array(rows.length);
  const orderedGradient = new Float64Array(rows.length);
  const feature: number[] = [];
  const threshold: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const all = Int32Array.from({ length: d }, (_, f) => f);
  const one = emptyHistogram(1, weight !== undefined);

  const addNode = (): number => {
    threshold.push(0);
    left.push(-1);
    right.push(-1);
    return feature.push(-1) - 1;
  };

  const fill = (into: Histogram, at: number, f: number, from: number, to: number): void => {
    const { g, w, count } = into;
    const column = f * n;
    if (weight) {
      for (let i = from; i < to; i++) {
        const bin = at + bins[column + order[i]!]!;
        g[bin]! += orderedGradient[i]!;
        w[bin]! += weight[order[i]!]!;
        count[bin]!++;
      }
    } else {
      for (let i = from; i < to; i++) {
        const bin = at + bins[column + order[i]!]!;
        g[bin]! += orderedGradient[i]!;
        w[bin]!++;
      }
    }
  };

  const wholeHistogram = (from: number, to: number): Histogram => {
    const histogram = emptyHistogram(d, weight !== undefined);
    for (let f = 0; f < d; f++) fill(histogram, f * BINS, f, from, to);
    return histogram;
  };

  const bestSplit = (
    from: number,
    to: number,
    depth: number,
    histogram: Histogram | undefined,
  ): Split | undefined => {
    if (to - from < 2 * options.minLeaf || depth >= options.maxDepth) return undefined;
    let total = 0;
    let totalWeight = 0;
    for (let i = from; i < to; i++) {
      total += orderedGradient[i]!;
      totalWeight += weight ? weight[order[i]!]! : 1;
    }
    const { order: candidates, least } = options.features?.() ?? { order: all, least: d };
    let best: Split | undefined;
    for (let c = 0; c < candidates.length && (c < least || !best); c++) {
      const f = candidates[c]!;
      if (!histogram) {
        one.g.fill(0);
        one.w.fill(0);
        one.count.fill(0);
        fill(one, 0, f, from, to);
      }
      const found = scan(
        histogram ?? one,
        histogram ? f * BINS : 0,
        cuts[f]!.length,
        total,
        totalWeight,
        to - from,
        options,
      );
      if (found && found.gain > (best?.gain ?? 0)) best = { ...found, feature: f };
    }
    return best;
  };

  const open = (from: number, to: number, depth: number, histogram: Histogram | undefined): OpenNode => ({
    node: addNode(),
    from,
    to,
    depth,
    histogram,
    split: bestSplit(from, to, depth, histogram),
  });

  order.forEach((row, i) => (orderedGradient[i] = gradient[row]!));
  let size = 0;
  for (const value of orderedGradient) size += value * value;
  const nodes = [open(0, order.length, 0, subtract ? wholeHistogram(0, order.length) : undefined)];
  const leaves: OpenNode[] = [];
  while (nodes.length > 0 && nodes.length + leaves.length < options.maxLeaves) {
    const at = Number.isFinite(options.maxLeaves) ? mostGain(nodes) : nodes.length - 1;
    const [parent] = nodes.splice(at, 1) as [OpenNode];
    const { split, from, to, depth, histogram } = parent;
    if (!split || split.gain <= NO_GAIN * size) {
      leaves.push(parent);
      continue;
    }
    const middle = partition(split);
    const small = middle - from <= to - middle;
    const smaller = subtract ? wholeHistogram(small ? from : middle, small ? middle : to) : undefined;
    if (smaller) takeAway(histogram!, smaller);
    feature[parent.node] = split.feature;
    threshold[parent.node] = cuts[split.feature]![split.bin]!;
    const first = open(from, middle, depth + 1, small ? smaller : histogram);
    const second = open(middle, to, depth + 1, small ? histogram : smaller);
    left[parent.node] = first.node;
    right[parent.node] = second.node;
    nodes.push(first, second);

    function partition({ feature: f, bin }: Split): number {
      let low = from;
      let kept = 0;
      for (let i = from; i < to; i++) {
        const row = order[i]!;
        if (bins[f * n + row]! <= bin) order[low++] = row;
        else scratch[kept++] = row;
      }
      order.set(scratch.subarray(0, kept), low);
      for (let i = from; i < to; i++) orderedGradient[i] = gradient[order[i]!]!;
      return low;
    }
  }
  leaves.push(...nodes);
  return {
    tree: {
      feature: Int32Array.from(feature),
      threshold: Float64Array.from(threshold),
      left: Int32Array.from(left),
      right: Int32Array.from(right),
    },
    rows: order,
    leaves: leaves.map(({ node, from, to }) => ({ node, from, to })),
  };
}

/** The leaf of one row of a row-major matrix. */
export function leafOf(
  { feature, threshold, left, right }: Tree,
  data: Float64Array,
  offset: number,
): number {
  let node = 0;
  while (feature[node]! >= 0)
    node = data[offset + feature[node]!]! <= threshold[node]! ? left[node]! : right[node]!;
  return node;
}

function emptyHistogram(features: number, counts: boolean): Histogram {
  const w = new Float64Array(features * BINS);
  return { g: new Float64Array(features * BINS), w, count: counts ? new Float64Array(features * BINS) : w };
}

function takeAway(from: Histogram, other: Histogram): void {
  for (let i = 0; i < from.g.length; i++) {
    from.g[i]! -= other.g[i]!;
    from.w[i]! -= other.w[i]!;
  }
  if (from.count !== from.w) for (let i = 0; i < from.count.length; i++) from.count[i]! -= other.count[i]!;
}

/** The best (or one random) cut of one feature. */
function scan(
  { g, w, count }: Histogram,
  at: number,
  cutCount: number,
  total: number,
  totalWeight: number,
  rows: number,
  { minLeaf, l2, randomCut }: GrowOptions,
): Split | undefined {
  const before = (total * total) / (totalWeight + l2);
  let first = 0;
  let last = cutCount - 1;
  if (randomCut) {
    while (first < cutCount && count[at + first] === 0) first++;
    let end = cutCount;
    while (end > first && count[at + end] === 0) end--;
    if (end === first) return undefined;
    last = randomCut(first, end);
  }
  let sum = 0;
  let weight = 0;
  let seen = 0;
  let gain = 0;
  let bin = -1;
  for (let b = 0; b <= last; b++) {
    sum += g[at + b]!;
    weight += w[at + b]!;
    seen += count[at + b]!;
    if (seen < minLeaf || (randomCut && b < last)) continue;
    if (rows - seen < minLeaf) break;
    const rest = total - sum;
    const value = (sum * sum) / (weight + l2) + (rest * rest) / (totalWeight - weight + l2) - before;
    if (value > gain) [gain, bin] = [value, b];
  }
  return bin < 0 ? undefined : { gain, feature: -1, bin };
}

function mostGain(nodes: readonly OpenNode[]): number {
  let best = 0;
  nodes.forEach(({ split }, k) => {
    if ((split?.gain ?? -1) > (nodes[best]!.split?.gain ?? -1)) best = k;
  });
  return best;
}
