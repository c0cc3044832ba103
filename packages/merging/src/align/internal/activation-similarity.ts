import type { StateDict } from '@weightloom/state-dict';
import { dispose, matmul, square, sum, type Tensor, tidy, transpose } from '@weightloom/tensor-gpu';
import { pacer } from '../../internal/pacer.js';
import type { ActivationSource, UnitSimilarity } from '../activation-matching.js';
import { batchesOf } from './batches-of.js';
import { readersOf } from './readers.js';
import type { ResolvedSpec } from './resolve-spec.js';
import { unitRows } from './unit-rows.js';

/** Sums over activations of all pairs of units. */
interface Moments {
  /** `Σ aᵢ bⱼ`. */
  readonly cross: Float64Array;
  /** `Σ aᵢ`, `Σ bⱼ`, `Σ aᵢ²`, `Σ bⱼ²`. */
  readonly own: readonly [Float64Array, Float64Array, Float64Array, Float64Array];
  /** `-Σ over batches ‖aᵢ - bⱼ‖`. */
  readonly distance: Float64Array;
  count: number;
}

/**
 * How alike the units of two models are on data, for each group: `[size, size]`, row by row.
 *
 * @throws {RangeError} for a group whose activations no layer shows
 */
export async function activationSimilarity(
  where: string,
  [a, b]: readonly [StateDict, StateDict],
  spec: ResolvedSpec,
  { apply, inputs, batchSize = 256, onProgress, signal }: ActivationSource,
  similarity: UnitSimilarity,
): Promise<ReadonlyMap<string, Float64Array>> {
  const readers = readersOf(a, spec);
  const moments = new Map<string, Moments>();
  const batches = batchesOf(where, inputs, batchSize);
  const pace = pacer(signal);
  for (const [i, batch] of batches.entries()) {
    await pace();
    const products = tidy(() => {
      const x = batch();
      const [rowsA, rowsB] = [a, b].map((params) => {
        const rows: Record<string, Tensor> = {};
        apply(params, x, {
          tap: (path, input) => {
            const reader = readers.get(path);
            if (reader)
              rows[path] = unitRows(input, {
                ...reader,
                axis: reader.axis < 0 ? input.rank - 1 : reader.axis,
              });
          },
        });
        return rows;
      }) as [Record<string, Tensor>, Record<string, Tensor>];
      return Object.keys(rowsA).map((path) => ({
        path,
        tensors: productsOf(rowsA[path]!, rowsB[path]!),
        count: rowsA[path]!.shape[1]!,
      }));
    });
    for (const { path, tensors, count } of products) {
      const { group } = readers.get(path)!;
      const { size } = spec.groups.get(group)!;
      const sums = moments.get(group) ?? emptyMoments(size);
      moments.set(group, sums);
      addMoments(sums, (await Promise.all(tensors.map((t) => t.data()))) as Float32Array[], count);
      dispose(tensors);
    }
    onProgress?.({ done: i + 1, total: batches.length, label: where });
  }
  for (const group of spec.groups.keys()) {
    if (moments.has(group)) continue;
    throw new RangeError(
      `${where}: expected a layer that reads group ${JSON.stringify(group)} and shows its input to ctx.tap, received none`,
    );
  }
  return new Map([...moments].map(([group, sums]) => [group, similarityOf(sums, similarity)]));
}

const productsOf = (a: Tensor, b: Tensor): Tensor[] => [
  matmul(a, transpose(b)),
  ...[a, b].map((rows) => sum(rows, { axis: 1 })),
  ...[a, b].map((rows) => sum(square(rows), { axis: 1 })),
];

const emptyMoments = (size: number): Moments => ({
  cross: new Float64Array(size * size),
  own: [0, 1, 2, 3].map(() => new Float64Array(size)) as unknown as Moments['own'],
  distance: new Float64Array(size * size),
  count: 0,
});

function addMoments(sums: Moments, [cross, ...own]: Float32Array[], count: number): void {
  const [, , squaresA, squaresB] = own;
  const size = squaresA!.length;
  own.forEach((values, k) => values.forEach((value, i) => (sums.own[k]![i]! += value)));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const at = i * size + j;
      sums.cross[at]! += cross![at]!;
      sums.distance[at]! -= Math.sqrt(Math.max(0, squaresA![i]! + squaresB![j]! - 2 * cross![at]!));
    }
  }
  sums.count += count;
}

function similarityOf({ cross, own, distance, count }: Moments, similarity: UnitSimilarity): Float64Array {
  if (similarity === 'moment') return cross.map((value) => value / count);
  if (similarity === 'distance') return distance;
  const [sumA, sumB, squaresA, squaresB] = own;
  const size = sumA.length;
  const spread = (sums: Float64Array, squares: Float64Array, i: number) =>
    Math.sqrt(Math.max(0, squares[i]! / count - (sums[i]! / count) ** 2));
  return cross.map((value, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    const scale = spread(sumA, squaresA, i) * spread(sumB, squaresB, j);
    return scale > 0 ? (value / count - (sumA[i]! / count) * (sumB[j]! / count)) / scale : 0;
  });
}
