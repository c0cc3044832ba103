import type { Key } from '@weightloom/tensor-gpu';
import { generator } from '@weightloom/tensor-gpu';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';

/** An undirected edge between labels `a` and `b`, with a length above 0 (default 1). */
export type LabelEdge = readonly [a: number, b: number, length?: number];

/**
 * Distances along the edges of a graph over labels, such as a class hierarchy: every pair's shortest path.
 *
 * @param nodes - number of labels `N`
 * @param edges - undirected; a tree needs `N - 1`
 * @returns `[N, N]`, symmetric, zero diagonal
 * @throws {RangeError} for an edge outside the labels, a length not above 0, or a graph in several parts (two labels are
 *   named)
 */
export function graphDistances(nodes: number, edges: readonly LabelEdge[]): Matrix {
  const where = 'graphDistances';
  if (!(Number.isInteger(nodes) && nodes >= 1))
    throw new RangeError(`${where}: nodes is ${nodes}, expected an integer above 0`);
  const neighbours: [number, number][][] = Array.from({ length: nodes }, () => []);
  edges.forEach(([a, b, length = 1], e) => {
    for (const end of [a, b])
      if (!(Number.isInteger(end) && end >= 0 && end < nodes))
        throw new RangeError(
          `${where}: edges[${e}] names label ${end}, expected an integer from 0 to ${nodes - 1}`,
        );
    if (!(length > 0 && length < Infinity))
      throw new RangeError(`${where}: edges[${e}] has length ${length}, expected a finite number above 0`);
    neighbours[a]!.push([b, length]);
    neighbours[b]!.push([a, length]);
  });
  const data = new Float64Array(nodes * nodes);
  for (let start = 0; start < nodes; start++) {
    const row = shortestFrom(start, neighbours);
    const lost = row.indexOf(Infinity);
    if (lost >= 0)
      throw new RangeError(`${where}: no path joins labels ${start} and ${lost}, their distance is infinite`);
    data.set(row, start * nodes);
  }
  return { data, rows: nodes, columns: nodes };
}

/**
 * Euclidean distances between label embeddings, such as class means of features or text embeddings.
 *
 * @param embeddings - `[N, e]`
 * @returns `[N, N]`
 */
export function embeddingDistances(embeddings: MatrixInput): Matrix {
  const { data, rows, columns } = toMatrix('embeddingDistances', 'embeddings', embeddings);
  const out = new Float64Array(rows * rows);
  for (let a = 0; a < rows; a++)
    for (let b = 0; b < a; b++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += (data[a * columns + j]! - data[b * columns + j]!) ** 2;
      out[a * rows + b] = out[b * rows + a] = Math.sqrt(sum);
    }
  return { data: out, rows, columns: rows };
}

/**
 * Distances in a random connected graph: a random tree with `extra` more edges. A negative control for a metric.
 *
 * @param options.extra - edges beyond the tree, default 0; pairs may repeat
 */
export function randomGraphDistances(options: {
  readonly nodes: number;
  readonly extra?: number;
  readonly key: Key;
}): Matrix {
  const { nodes, extra = 0, key } = options;
  const random = generator(key);
  const order = random.permutation(nodes);
  const edges: LabelEdge[] = Array.from({ length: nodes - 1 }, (_, i) => [
    order[i + 1]!,
    order[random.integer(i + 1)]!,
  ]);
  for (let e = 0; e < extra && nodes > 1; e++) {
    const a = random.integer(nodes);
    edges.push([a, (a + 1 + random.integer(nodes - 1)) % nodes]);
  }
  return graphDistances(nodes, edges);
}

/** Reads distances between all labels: square, symmetric, zero diagonal, not negative. */
export function readDistances(where: string, distances: MatrixInput): Matrix {
  const { data, rows, columns } = toMatrix(where, 'distances', distances);
  if (rows !== columns || rows === 0)
    throw new RangeError(`${where}: distances is [${rows}, ${columns}], expected a square`);
  for (let a = 0; a < rows; a++)
    for (let b = 0; b <= a; b++) {
      const value = data[a * rows + b]!;
      if (a === b && value !== 0)
        throw new RangeError(`${where}: distances[${a}][${a}] is ${value}, expected 0`);
      if (value < 0) throw new RangeError(`${where}: distances[${a}][${b}] is ${value}, expected at least 0`);
      const other = data[b * rows + a]!;
      if (Math.abs(value - other) > 1e-9 * Math.max(1, Math.abs(value)))
        throw new RangeError(
          `${where}: distances[${a}][${b}] is ${value} but distances[${b}][${a}] is ${other}`,
        );
    }
  return { data, rows, columns };
}

/** Reads indices of observed labels: different, inside the metric, at least one. */
export function readObserved(where: string, observed: ArrayLike<number>, labels: number): number[] {
  const out = Array.from(observed);
  if (out.length === 0) throw new RangeError(`${where}: observed is empty, expected at least one label`);
  out.forEach((label, k) => {
    if (!(Number.isInteger(label) && label >= 0 && label < labels))
      throw new RangeError(
        `${where}: observed[${k}] is ${label}, which the metric over ${labels} labels does not hold`,
      );
    if (out.indexOf(label) !== k) throw new RangeError(`${where}: observed[${k}] repeats label ${label}`);
  });
  return out;
}

/** Dijkstra's algorithm without a heap: hierarchies of labels are small. */
function shortestFrom(start: number, neighbours: readonly (readonly [number, number][])[]): Float64Array {
  const distance = new Float64Array(neighbours.length).fill(Infinity);
  const open = new Set([start]);
  distance[start] = 0;
  while (open.size > 0) {
    let nearest = -1;
    for (const node of open) if (nearest < 0 || distance[node]! < distance[nearest]!) nearest = node;
    open.delete(nearest);
    for (const [next, length] of neighbours[nearest]!) {
      if (distance[nearest]! + length >= distance[next]!) continue;
      distance[next] = distance[nearest]! + length;
      open.add(next);
    }
  }
  return distance;
}
