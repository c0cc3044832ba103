import type { Optimizer, OptimizerState, StateDict } from '@weightloom/nn';
import {
  add,
  div,
  expm1,
  mul,
  neg,
  reshape,
  scatterAdd,
  sqrt,
  square,
  take,
  type Tensor,
  tensor,
  zeros,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { quote } from '../internal/text.js';

export interface SparseAdamwOptions {
  readonly learningRate: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Added to `√v` before its bias is corrected (default 1e-6). */
  readonly epsilon?: number;
  /** Decoupled, on masked entries only (default 0). */
  readonly weightDecay?: number;
}

/** Moments of the masked entries of one weight. */
interface SparseState {
  readonly [name: string]: Tensor;
  readonly index: Tensor;
  readonly mean: Tensor;
  readonly square: Tensor;
}

/**
 * AdamW that changes and remembers only chosen entries: state of the size of the masks.
 *
 * `w[M] ← w[M] - η (√(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε) + λ w[M])`
 *
 * @param masks - places in row-major order by name, ascending, as `liftMask` gives them; weights without a mask are not changed
 * @throws {RangeError} for options out of range; {@link AdapterError} at `init` for places that are none
 * @see moveMasks when the masks change
 */
export function sparseAdamw(
  masks: Readonly<Record<string, Int32Array<ArrayBuffer>>>,
  options: SparseAdamwOptions,
): Optimizer {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6, weightDecay = 0 } = options;
  for (const [name, value] of Object.entries({ learningRate, epsilon, weightDecay })) {
    if (!(value >= 0)) throw new RangeError(`sparseAdamw: expected ${name} of at least 0, received ${value}`);
  }
  for (const [name, value] of Object.entries({ beta1, beta2 })) {
    if (!(value >= 0 && value < 1))
      throw new RangeError(`sparseAdamw: expected ${name} in [0, 1), received ${value}`);
  }
  return {
    config: { type: 'sparseAdamw', learningRate, beta1, beta2, epsilon, weightDecay },
    init(params) {
      const moments = Object.create(null) as Record<string, SparseState>;
      for (const name of Object.keys(params)) {
        const mask = masks[name];
        if (!mask) continue;
        const { size } = params[name]!;
        const wrong = mask.find((at, i) => at < 0 || at >= size || (i > 0 && at <= mask[i - 1]!));
        if (wrong !== undefined) {
          const expected = `ascending places below ${size}`;
          throw new AdapterError({ where: `sparseAdamw: ${quote(name)}`, expected, received: String(wrong) });
        }
        moments[name] = { index: tensor(mask), mean: zeros([mask.length]), square: zeros([mask.length]) };
      }
      return { count: tensor(0), moments };
    },
    update(grads, state, params, { learningRate: given } = {}) {
      const { count: before, moments } = state as { count: Tensor; moments: Record<string, SparseState> };
      const count = add(before, 1);
      const correction = (beta: number): Tensor => neg(expm1(mul(count, Math.log(beta))));
      const factor = div(sqrt(correction(beta2)), correction(beta1));
      const rate = given ?? learningRate;
      const updates = Object.create(null) as StateDict;
      const next = Object.create(null) as Record<string, SparseState>;
      for (const [name, gradient] of Object.entries(grads)) {
        const own = moments[name];
        if (!own) {
          updates[name] = mul(gradient, 0);
          continue;
        }
        const { index } = own;
        const g = take(reshape(gradient, [-1]), index);
        const mean = add(mul(own.mean, beta1), mul(g, 1 - beta1));
        const squares = add(mul(own.square, beta2), mul(square(g), 1 - beta2));
        const direction = mul(div(mean, add(sqrt(squares), epsilon)), factor);
        const weight = take(reshape(params[name]!, [-1]), index);
        const step = mul(
          weightDecay === 0 ? direction : add(direction, mul(weight, weightDecay)),
          typeof rate === 'number' ? -rate : neg(rate),
        );
        updates[name] = reshape(scatterAdd(index, step, gradient.size), gradient.shape);
        next[name] = { index, mean, square: squares };
      }
      return { updates, state: { count, moments: next } };
    },
  };
}

/**
 * The state of `sparseAdamw` for other masks of the same sizes: entries in both keep their moments, new ones start at zero, the count of
 * steps goes on.
 */
export async function moveMasks(
  state: OptimizerState,
  masks: Readonly<Record<string, Int32Array<ArrayBuffer>>>,
): Promise<OptimizerState> {
  const { count, moments } = state as { count: Tensor; moments: Record<string, SparseState> };
  const moved = Object.create(null) as Record<string, SparseState>;
  for (const [name, { index, mean, square: squares }] of Object.entries(moments)) {
    const mask = masks[name] ?? new Int32Array(0);
    const [old, m, v] = await Promise.all([index.data(), mean.data(), squares.data()]);
    const place = new Map([...old].map((at, i) => [at, i]));
    const carried = (values: ArrayLike<number>): Tensor =>
      tensor(Float32Array.from(mask, (at) => (place.has(at) ? values[place.get(at)!]! : 0)));
    moved[name] = { index: tensor(mask), mean: carried(m), square: carried(v) };
  }
  return { count, moments: moved };
}
