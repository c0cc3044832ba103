import type { Block, ChunkedMethod, StateDict } from '@weightloom/state-dict';
import { addGram, emptyGram, gramPass } from './internal/gram.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';
import { vectorsOf } from './internal/vectors-of.js';

export interface ModelStockOptions {
  /**
   * What has an angle of its own: each whole tensor (`false`, default), or each row of it, a row being one index of the
   * first axis (`true`).
   */
  readonly filterWise?: boolean;
  /** `'mergekit'`: extrapolate where the changes point away from each other, instead of keeping the base. */
  readonly compat?: 'mergekit';
  /** Told the name of each tensor whose `t`, or that of one of its rows, was held within [0, 1]. */
  readonly onHeld?: (tensor: string) => void;
}

/**
 * Model Stock: as far towards the mean of the models as the angle between their changes says.
 *
 * With `c` the mean cosine between the changes `wᵢ - w₀` of all pairs and N models: `t = N c / (1 + (N-1) c)`,
 * `out = t · mean(wᵢ) + (1 - t) w₀`. Changes of zero count as orthogonal.
 *
 * Changes that point away from each other give a negative `t`; it is held within [0, 1], where the paper's geometry has a
 * meaning, and `onHeld` is told, unless `compat` is `'mergekit'` (which then leaves the base in the opposite direction).
 *
 * @param base - `w₀`, the model that the others were fine-tuned from
 * @param models - at least two; names, shapes and dtypes of the base
 * @throws {RangeError} for fewer than two models
 * @see Jang et al. 2024, "Model Stock: All we need is just a few fine-tuned models", arXiv:2403.19522
 */
export async function modelStock(
  base: StateDict,
  models: readonly StateDict[],
  options: ModelStockOptions = {},
): Promise<StateDict> {
  return mergeOntoBase(modelStockMethod(models.length, options), base, models);
}

/** `modelStock` for the base and `count` models. */
export function modelStockMethod(count: number, options: ModelStockOptions = {}): ChunkedMethod {
  const { filterWise = false, compat, onHeld } = options;
  if (count < 2) throw new RangeError(`modelStock: expected at least two models, received ${count}`);
  /** Gives `t`, and notes whether it was held. */
  const ratioOf = (name: string) => {
    let told = false;
    return (gram: readonly Float64Array[]): number => {
      const t = stockRatio(gram);
      if (compat === 'mergekit') return t;
      const held = Math.min(1, Math.max(0, t));
      if (held !== t && !told) onHeld?.(name);
      told ||= held !== t;
      return held;
    };
  };
  return {
    name: 'modelStock',
    granularity: filterWise ? 'row' : 'element',
    begin([tensor]) {
      const changes = vectorsOf(true, count);
      const ratio = ratioOf(tensor!.name);
      if (filterWise) {
        const { shape, size } = tensor!;
        const rowLength = shape.length < 2 ? size : size / shape[0]!;
        return {
          emit(block, out) {
            const rows = changes(block) as readonly Float64Array[];
            for (let from = 0; from < block.length; from += rowLength) {
              const gram = emptyGram(count);
              addGram(
                gram,
                rows.map((row) => row.subarray(from, from + rowLength)),
              );
              blend(block, rows, ratio(gram) / count, from, from + rowLength, out);
            }
          },
        };
      }
      const gram = emptyGram(count);
      let t = 0;
      return {
        passes: [{ ...gramPass(gram, changes), finish: () => void (t = ratio(gram)) }],
        emit: (block, out) =>
          blend(block, changes(block) as readonly Float64Array[], t / count, 0, block.length, out),
      };
    },
  };
}

/** `t = N c / (1 + (N-1) c)`. */
function stockRatio(gram: readonly Float64Array[]): number {
  const count = gram.length;
  let total = 0;
  for (let i = 0; i < count; i++) {
    for (let k = i + 1; k < count; k++) {
      const scale = Math.sqrt(gram[i]![i]!) * Math.sqrt(gram[k]![k]!);
      total += scale > 0 ? Math.min(1, Math.max(-1, gram[i]![k]! / scale)) : 0;
    }
  }
  const cosine = total / ((count * (count - 1)) / 2);
  return (count * cosine) / (1 + (count - 1) * cosine);
}

/** `out = w₀ + share · Σ changes`, for elements `from` to `to` of a block. */
function blend(
  { inputs }: Block,
  changes: readonly Float64Array[],
  share: number,
  from: number,
  to: number,
  out: Float32Array,
): void {
  const base = inputs[0]!;
  for (let j = from; j < to; j++) {
    let sum = 0;
    for (const change of changes) sum += change[j]!;
    out[j] = base[j]! + share * sum;
  }
}
