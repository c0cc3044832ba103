import type { Dtype } from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import type { LoraAdapter, LoraLayer } from '../format/lora-adapter.js';
import { layersWithBase, sumOf } from '../internal/base-weights.js';
import { layerOf } from '../internal/layer-of.js';
import { loraFactors } from '../internal/lora-factors.js';
import { type Matrix, matrix, rowsOf } from '../internal/multiply.js';
import { factorsOf, firstOf, productSvd } from '../internal/singular.js';
import { quote } from '../internal/text.js';
import type { WeightSource } from '../internal/weights-reader.js';
import { checkIntruderOptions, type IntruderOptions, intrudersOf } from './intruder-dimensions.js';

export interface ReduceIntrudersOptions extends IntruderOptions {
  /**
   * How much of an intruder stays: 1 leaves it, 0 removes it, above 1 amplifies it (default 0.75). This is `λ` of the paper and of PEFT's
   * code; PEFT's documentation describes `1 - λ`.
   */
  readonly keep?: number;
  /** Storage dtype of the changed factors (default `'F32'`). */
  readonly dtype?: Dtype;
}

/**
 * Scales intruder dimensions down, which gives back some of what the base knew, at some cost for the task:
 * `W_λ = W₁ + (λ - 1) Σ σⱼ uⱼ vⱼᵀ` over the intruders, put back into factors of the same rank.
 *
 * @returns the adapter with the modules that have intruders changed, and how many each had
 * @see Shuttleworth et al. 2024, arXiv:2410.21228
 */
export async function reduceIntruders(
  adapter: LoraAdapter,
  base: WeightSource,
  options: ReduceIntrudersOptions = {},
): Promise<{ readonly adapter: LoraAdapter; readonly intruders: ReadonlyMap<string, number> }> {
  const where = 'reduceIntruders';
  const { keep = 0.75, dtype = 'F32' } = options;
  checkIntruderOptions(options, where);
  if (!(Number.isFinite(keep) && keep >= 0))
    throw new RangeError(`${where}: expected keep of at least 0, received ${keep}`);
  const layers = new Map<string, LoraLayer>();
  const found = new Map<string, number>();
  for await (const { path, layer, scaling, base: w, delta } of layersWithBase(adapter, base, where)) {
    const at = `${where}: ${quote(path)}`;
    const { intruders, tuned } = intrudersOf(w, sumOf(w, delta), options, at);
    found.set(path, intruders.length);
    if (intruders.length === 0 || keep === 1) {
      layers.set(path, layer);
      continue;
    }
    if (scaling === 0)
      throw new AdapterError({ where: at, expected: 'a scaling other than 0', received: '0' });
    // What is taken out has as many directions as there are intruders: nothing as large as the weight is decomposed.
    const { b, a } = loraFactors(layer, at);
    const factors = intruders.map((j) => ((keep - 1) * tuned.s[j]!) / scaling);
    const sum = productSvd(
      withColumns(b, (row) =>
        intruders.map((j, i) => factors[i]! * tuned.u.values[row * tuned.u.columns + j]!),
      ),
      withRows(
        a,
        intruders.map((j) => rowsOf(tuned.vt, j, j + 1).values),
      ),
    );
    const rank = layer.a.shape[0]!;
    layers.set(path, {
      ...layerOf(layer, padRank(factorsOf(firstOf(sum, rank), 'both'), rank), at, dtype),
      bias: layer.bias,
    });
  }
  return { adapter: { ...adapter, layers }, intruders: found };
}

/** The columns of `m`, then others, row by row. */
function withColumns(m: Matrix, more: (row: number) => readonly number[]): Matrix {
  const rows = Array.from({ length: m.rows }, (_, i) => [...rowsOf(m, i, i + 1).values, ...more(i)]);
  return matrix(Float32Array.from(rows.flat()), m.rows, rows[0]!.length);
}

/** The rows of `m`, then others. */
function withRows(m: Matrix, more: readonly Float32Array[]): Matrix {
  const rows = m.rows + more.length;
  const values = new Float32Array(rows * m.columns);
  values.set(m.values);
  more.forEach((row, i) => values.set(row, (m.rows + i) * m.columns));
  return matrix(values, rows, m.columns);
}

/** A rank above the size of the matrix is kept, with zeros. */
function padRank({ b, a }: ReturnType<typeof factorsOf>, rank: number): ReturnType<typeof factorsOf> {
  if (a.rows === rank) return { b, a };
  const [left, right] = [new Float32Array(b.rows * rank), new Float32Array(rank * a.columns)];
  right.set(a.values);
  for (let i = 0; i < b.rows; i++) left.set(b.values.subarray(i * b.columns, (i + 1) * b.columns), i * rank);
  return { b: matrix(left, b.rows, rank), a: matrix(right, rank, a.columns) };
}
