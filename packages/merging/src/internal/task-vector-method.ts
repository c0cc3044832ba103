import type { Block, ChunkedMethod, ChunkedTensor, Pass } from '@weightloom/state-dict';
import { SMALLEST_SUM, sum } from './check-weights.js';
import { float32Scratch, float64Scratch } from './scratch.js';
import { agreeingSum, majority } from './sign-vote.js';
import { type Change, keepAll, type Sparsifier } from './sparsifier.js';
import { subtract } from './vectors-of.js';

/** A method made of the same three steps: thin out each model's change, agree on a sum, add it to the base. */
export interface TaskVectorMethodOptions {
  readonly name: string;
  readonly granularity?: 'element' | 'row';
  readonly scope?: 'tensor' | 'model';
  /** One per model. */
  readonly weights: readonly number[];
  readonly lambda: number;
  readonly normalize: boolean;
  /** How the change of `models[i]` is thinned out; all of it is kept by default. */
  readonly sparsify?: (tensors: readonly ChunkedTensor[], i: number) => Sparsifier;
  /**
   * How weighted changes are put together: all are summed, or those whose sign is elected. `'majority'` gives sums of
   * exactly zero the sign that most others have, `'positive'` gives them `+`.
   */
  readonly vote: 'none' | 'positive' | 'majority';
}

/** `out = w₀ + λ · consensus(aᵢ · sparsify(wᵢ - w₀))`; inputs are the base, then the models. */
export function taskVectorMethod(options: TaskVectorMethodOptions): ChunkedMethod {
  const { name, granularity = 'element', scope = 'tensor', weights, lambda, normalize, vote } = options;
  const total = sum(weights);
  const divisor = normalize && Math.abs(total) >= SMALLEST_SUM ? total : 1;
  return {
    name,
    granularity,
    scope,
    begin(tensors) {
      const sparsifiers = weights.map((_, i) => options.sparsify?.(tensors, i) ?? keepAll);
      const changes = weights.map((_, i) => changeOf(i + 1));
      /** The ballots of a block: thinned out, weighted changes. */
      const walkBallots = () => {
        const walks = sparsifiers.map((sparsifier) => sparsifier.walk());
        return (block: Block) => weights.map((weight, i) => multiply(walks[i]!(changes[i]!(block)), weight));
      };
      let tie = 1;
      const votePass = (): Pass => {
        let balance = 0;
        let ballots: ReturnType<typeof walkBallots> | undefined;
        return {
          reduce(block) {
            ballots ??= walkBallots();
            balance += majority(ballots(block));
          },
          finish: () => void (tie = balance < 0 ? -1 : 1),
        };
      };
      const passes = sideBySide(sparsifiers, changes);
      if (vote === 'majority') passes.push(votePass());
      let ballots: ReturnType<typeof walkBallots> | undefined;
      return {
        passes,
        emit(block, out) {
          ballots ??= walkBallots();
          const cast = ballots(block);
          const [base] = block.inputs;
          if (vote === 'none') {
            const changes = cast.reduce(addTo);
            for (let j = 0; j < out.length; j++) out[j] = base![j]! + (lambda * changes[j]!) / divisor;
          } else {
            const changes = agreeingSum(cast, weights, { normalize, tie });
            for (let j = 0; j < out.length; j++) out[j] = base![j]! + lambda * changes[j]!;
          }
        },
      };
    },
  };
}

/** The change of input `i` to the first, block by block. */
function changeOf(i: number): (block: Block) => Change {
  const values = float64Scratch();
  const sizes = float32Scratch();
  return (block) => ({
    block,
    values: () => subtract(block.inputs[i]!, block.inputs[0]!, values(block.length)),
    sizes: () => distance(block.inputs[i]!, block.inputs[0]!, sizes(block.length)),
  });
}

/** The passes of all sparsifiers, run together; some may have fewer than others. */
function sideBySide(
  sparsifiers: readonly Sparsifier[],
  changes: readonly ((block: Block) => Change)[],
): Pass[] {
  const count = Math.max(0, ...sparsifiers.map(({ passes }) => passes.length));
  return Array.from({ length: count }, (_, p) => ({
    reduce(block) {
      sparsifiers.forEach(({ passes }, i) => passes[p]?.reduce(changes[i]!(block)));
    },
    finish: () => sparsifiers.forEach(({ passes }) => passes[p]?.finish()),
  }));
}

function distance(a: Float32Array, b: Float32Array, out: Float32Array): Float32Array {
  for (let j = 0; j < out.length; j++) out[j] = Math.abs(a[j]! - b[j]!);
  return out;
}

function multiply(values: Float64Array, factor: number): Float64Array {
  if (factor === 1) return values;
  for (let j = 0; j < values.length; j++) values[j] = values[j]! * factor;
  return values;
}

function addTo(total: Float64Array, values: Float64Array): Float64Array {
  for (let j = 0; j < total.length; j++) total[j] = total[j]! + values[j]!;
  return total;
}
