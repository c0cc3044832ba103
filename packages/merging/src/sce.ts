import { type ChunkedMethod, rankWindow, type RankWindow, type StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';
import { vectorsOf } from './internal/vectors-of.js';

export interface SceOptions {
  /** Fraction of the positions that is kept, those where the models vary most, in (0, 1] (default 1: all). */
  readonly selectTopK?: number;
}

/**
 * SCE: selects the weights where models vary, calculates how much each model counts, erases minority signs.
 *
 * Per tensor, with `dᵢ = wᵢ - w₀`: *select* the `⌊selectTopK · m⌋` positions of largest variance over the models, m being
 * the number of positions where it is not 0 (all positions when `selectTopK` is 1); *calculate* `aᵢ = mean(dᵢ²)` over the
 * tensor with the others zeroed, divided by their sum (all equal where that is below 1e-6, as in mergekit); *erase* the
 * `dᵢ` whose sign is not that of `Σ dᵢ` (`+` where it is 0); `out = w₀ + Σ aᵢ dᵢ / max(Σ aᵢ, 1e-6)` over what is left.
 *
 * @param base - `w₀`, the model that the others were fine-tuned from
 * @param models - at least one; names, shapes and dtypes of the base
 * @throws {RangeError} without models, or for `selectTopK` outside (0, 1]
 * @see Wan et al. 2024, "FuseChat: Knowledge Fusion of Chat Models", arXiv:2408.07990
 */
export async function sce(
  base: StateDict,
  models: readonly StateDict[],
  options: SceOptions = {},
): Promise<StateDict> {
  return mergeOntoBase(sceMethod(models.length, options), base, models);
}

/** Sums below this say nothing about the models: all count alike then. It is also the least that is divided by. */
const SMALLEST_SUM = 1e-6;

/** `sce` for the base and `count` models. */
export function sceMethod(count: number, { selectTopK = 1 }: SceOptions = {}): ChunkedMethod {
  checkNumber('sce', 'selectTopK', selectTopK, 0, 1);
  if (selectTopK === 0) throw new RangeError('sce: expected selectTopK to be above 0, received 0');
  return {
    name: 'sce',
    granularity: 'element',
    begin([tensor]) {
      const { size } = tensor!;
      const changes = vectorsOf(true, count) as (
        block: Parameters<ReturnType<typeof vectorsOf>>[0],
      ) => readonly Float64Array[];
      const selection = selectTopK < 1 ? topVariance(size, selectTopK) : undefined;
      /** The changes of a block with unselected positions zeroed, walking along all blocks. */
      const walkSelected = () => {
        const mask = selection?.walk();
        return (block: Parameters<typeof changes>[0]) => {
          const selected = changes(block);
          mask?.(selected);
          return selected;
        };
      };
      const squares = new Float64Array(count);
      let weights: readonly number[] = [];
      let measured: ReturnType<typeof walkSelected> | undefined;
      let emitted: ReturnType<typeof walkSelected> | undefined;
      return {
        passes: [
          ...(selection?.passes ?? []).map(({ reduce, finish }) => ({
            reduce: (block: Parameters<typeof changes>[0]) => reduce(changes(block)),
            finish,
          })),
          {
            reduce(block) {
              measured ??= walkSelected();
              measured(block).forEach((change, i) => (squares[i]! += sumOfSquares(change)));
            },
            finish() {
              const means = Array.from(squares, (square) => (size === 0 ? 0 : square / size));
              const total = means.reduce((sum, mean) => sum + mean, 0);
              weights = means.map((mean) => (total < SMALLEST_SUM ? 1 / count : mean / total));
            },
          },
        ],
        emit(block, out) {
          emitted ??= walkSelected();
          erase(emitted(block), weights, block.inputs[0]!, out);
        },
      };
    },
  };
}

interface Selection {
  readonly passes: readonly { reduce(changes: readonly Float64Array[]): void; finish(): void }[];
  walk(): (changes: readonly Float64Array[]) => void;
}

/** Zeroes the positions where the models vary least. */
function topVariance(size: number, share: number): Selection {
  let window: RankWindow = rankWindow(size, size, size);
  let nonzero = 0;
  let mask = new Uint8Array(0);
  const scores = (changes: readonly Float64Array[]) => {
    const out = new Float32Array(changes[0]!.length);
    variances(changes, out);
    if (mask.length < out.length) mask = new Uint8Array(out.length);
    return out;
  };
  // The window is known only after the first pass, and has two passes of its own, or none.
  const later = (p: number) => ({
    reduce: (changes: readonly Float64Array[]) => window.passes[p]?.reduce(scores(changes)),
    finish: () => window.passes[p]?.finish(),
  });
  return {
    passes: [
      {
        reduce(changes) {
          for (const score of scores(changes)) if (score > 0) nonzero++;
        },
        finish: () => void (window = rankWindow(size, size - Math.floor(share * nonzero), size)),
      },
      later(0),
      later(1),
    ],
    walk() {
      const step = window.walk();
      return (changes) => {
        step(scores(changes), mask);
        for (const change of changes) for (let j = 0; j < change.length; j++) change[j]! *= mask[j]!;
      };
    },
  };
}

/** Population variance over the models, position by position. */
function variances(changes: readonly Float64Array[], out: Float32Array): void {
  const count = changes.length;
  for (let j = 0; j < out.length; j++) {
    let mean = 0;
    for (let i = 0; i < count; i++) mean += changes[i]![j]!;
    mean /= count;
    let total = 0;
    for (let i = 0; i < count; i++) total += (changes[i]![j]! - mean) ** 2;
    out[j] = total / count;
  }
}

function sumOfSquares(values: Float64Array): number {
  let total = 0;
  for (let j = 0; j < values.length; j++) total += values[j]! * values[j]!;
  return total;
}

function erase(
  changes: readonly Float64Array[],
  weights: readonly number[],
  base: Float32Array,
  out: Float32Array,
): void {
  const count = changes.length;
  for (let j = 0; j < out.length; j++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += changes[i]![j]!;
    let total = 0;
    let divisor = 0;
    for (let i = 0; i < count; i++) {
      const change = changes[i]![j]!;
      if (change !== 0 && change > 0 === sum >= 0) {
        total += weights[i]! * change;
        divisor += weights[i]!;
      }
    }
    out[j] = base[j]! + total / Math.max(divisor, SMALLEST_SUM);
  }
}
