import { describe, expect, it } from 'vitest';
import { binFeatures } from '../../src/internal/bin-features.js';
import { growTree, leafOf } from '../../src/internal/grow-tree.js';

const matrix = (rows: number[][]) => ({
  data: Float64Array.from(rows.flat()),
  rows: rows.length,
  columns: rows[0]!.length,
});
const options = { maxLeaves: 31, maxDepth: Infinity, minLeaf: 1, l2: 0 };

describe('binFeatures', () => {
  it('cuts midway between distinct values when there are few', () => {
    const { bins, cuts } = binFeatures(matrix([[3], [1], [2], [1]]), 255);
    expect([...cuts[0]!]).toEqual([1.5, 2.5]);
    expect([...bins]).toEqual([2, 0, 1, 0]);
  });

  it('makes at most the asked number of bins of about equal count', () => {
    const { bins, cuts } = binFeatures(matrix(Array.from({ length: 1000 }, (_, i) => [Math.sin(i)])), 8);
    expect(cuts[0]!.length).toBe(7);
    const counts = new Float64Array(8);
    bins.forEach((bin) => counts[bin]!++);
    counts.forEach((count) => expect(Math.abs(count - 125)).toBeLessThan(3));
  });
});

describe('growTree', () => {
  it('makes the split that separates two groups of gradients', () => {
    const x = matrix([
      [1, 9],
      [2, 9],
      [8, 9],
      [9, 9],
    ]);
    const gradient = Float64Array.from([1, 1, -1, -1]);
    const { tree, leaves } = growTree(
      binFeatures(x, 255),
      Uint32Array.from([0, 1, 2, 3]),
      gradient,
      undefined,
      options,
    );
    expect([...tree.feature]).toEqual([0, -1, -1]);
    expect(tree.threshold[0]).toBe(5);
    expect(leaves.map(({ from, to }) => to - from)).toEqual([2, 2]);
    expect(leafOf(tree, x.data, 0)).toBe(tree.left[0]);
    expect(leafOf(tree, x.data, 6)).toBe(tree.right[0]);
  });

  it('finds by subtraction of histograms the tree it finds node by node, and keeps to its limits', () => {
    const n = 500;
    const x = matrix(
      Array.from({ length: n }, (_, i) => [Math.sin(i), Math.sin(3 * i + 1), Math.cos(7 * i)]),
    );
    const gradient = Float64Array.from(
      { length: n },
      (_, i) => x.data[3 * i]! * x.data[3 * i + 1]! + 0.1 * Math.sin(11 * i),
    );
    const rows = Uint32Array.from({ length: n }, (_, i) => i);
    const data = binFeatures(x, 32);
    const limits = { ...options, maxLeaves: 12, minLeaf: 10, maxDepth: 7 };
    const whole = growTree(data, rows, gradient, undefined, limits);
    const single = growTree(data, rows, gradient, undefined, {
      ...limits,
      features: () => ({ order: [0, 1, 2], least: 3 }),
    });
    const weighted = growTree(
      data,
      rows,
      gradient.map((value) => 2 * value),
      new Float64Array(n).fill(2),
      limits,
    );
    expect(single.tree).toEqual(whole.tree);
    expect(weighted.tree).toEqual(whole.tree);
    expect(whole.leaves).toHaveLength(12);
    whole.leaves.forEach(({ node, from, to }) => {
      expect(to - from).toBeGreaterThanOrEqual(10);
      for (const row of whole.rows.subarray(from, to)) expect(leafOf(whole.tree, x.data, 3 * row)).toBe(node);
    });
  });
});
