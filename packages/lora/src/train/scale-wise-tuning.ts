import type { StateDict } from '@weightloom/nn';
import { softmaxCrossEntropy } from '@weightloom/nn';
import {
  argmax,
  div,
  exp,
  logSoftmax,
  mean,
  mul,
  neg,
  stopGradient,
  sub,
  sum,
  takeAlongAxis,
  expandDims,
  squeeze,
  type Tensor,
  tensor,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { pythonPattern } from '../internal/python-pattern.js';
import { listNames, showShape } from '../internal/text.js';

/**
 * Which weights of a model are trained: those that one of the (Python) expressions finds in their names. For the visual autoregressive
 * paper: cross-attention, feed-forward layers and the embedding of the placeholder; self-attention and norms stay.
 *
 * @throws {AdapterError} when an expression finds nothing
 */
export function selectiveTraining(params: StateDict, patterns: readonly string[]): (name: string) => boolean {
  const where = 'selectiveTraining';
  const expressions = patterns.map((pattern) => pythonPattern(pattern, where, (source) => source));
  const names = Object.keys(params);
  const idle = patterns.filter((_, i) => !names.some((name) => expressions[i]!.test(name)));
  if (patterns.length === 0 || idle.length > 0) {
    const received = patterns.length === 0 ? 'no expressions' : `nothing for ${listNames(idle)}`;
    throw new AdapterError({ where, expected: 'expressions that find weights', received });
  }
  return (name) => expressions.some((expression) => expression.test(name));
}

/**
 * Cross-entropy of a next-scale model, coarse scales weighted more: `Σₖ wₖ Σ_{t ∈ scale k} CE_t / T`.
 *
 * @param logits - `[B, T, V]`, tokens of all scales one after another
 * @param targets - int32 `[B, T]`
 * @param options.scales - tokens of each scale, ascending, `T` in sum
 * @param options.weights - one per scale (default: 1 for the first 8, 0.5 for finer ones, as in the paper)
 * @throws {RangeError} for scales that do not ascend, another number of weights, and negative weights
 * @see Chung et al. 2025, "Fine-Tuning Visual Autoregressive Models for Subject-Driven Generation", arXiv:2504.02612
 */
export function scaleWeightedCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  { scales, weights }: { readonly scales: readonly number[]; readonly weights?: readonly number[] },
): Tensor {
  const where = 'scaleWeightedCrossEntropy';
  const own = weights ?? scales.map((_, k) => (k < 8 ? 1 : 0.5));
  const refuse = (expected: string, received: string): never => {
    throw new RangeError(`${where}: expected ${expected}, received ${received}`);
  };
  if (
    scales.length === 0 ||
    scales.some((n, k) => !Number.isSafeInteger(n) || n < 1 || (k > 0 && n <= scales[k - 1]!))
  ) {
    refuse('ascending numbers of tokens per scale', showShape(scales));
  }
  if (own.length !== scales.length) refuse(`${scales.length} weights`, String(own.length));
  if (own.some((w) => !(w >= 0 && Number.isFinite(w)))) refuse('weights of at least 0', own.join(', '));
  const total = scales.reduce((a, b) => a + b, 0);
  if (logits.shape.at(-2) !== total) refuse(`${total} tokens`, `logits ${showShape(logits.shape)}`);
  const perToken = tensor(
    Float32Array.from(scales.flatMap((n, k) => Array.from({ length: n }, () => own[k]!))),
  );
  return mean(mul(softmaxCrossEntropy(logits, targets, { reduction: 'none' }), perToken));
}

export interface PriorDistillationOptions {
  /** `λ ≥ 0` (default 0.5). */
  readonly weight?: number;
  /** Default 1. */
  readonly temperature?: number;
  /** `'soft'` (default): `KL(teacher ‖ student)`; `'hard'`: cross-entropy to the teacher's most likely tokens. */
  readonly type?: 'soft' | 'hard';
}

/**
 * Keeps a model at what a frozen copy says of its class: `λ · KL(teacher ‖ student)`, the mean over tokens, on tokens sampled from the copy.
 *
 * (For bitwise labels give one distribution per bit: the reference runs one softmax over the logits of all bits of a token.)
 *
 * @param student - logits `[…, V]`
 * @param teacher - logits of the frozen copy for the same tokens; no gradient flows into them
 */
export function priorDistillation(
  student: Tensor,
  teacher: Tensor,
  { weight = 0.5, temperature = 1, type = 'soft' }: PriorDistillationOptions = {},
): Tensor {
  const where = 'priorDistillation';
  if (!(weight >= 0 && Number.isFinite(weight)))
    throw new RangeError(`${where}: expected a weight of at least 0, received ${weight}`);
  if (!(temperature > 0))
    throw new RangeError(`${where}: expected a temperature above 0, received ${temperature}`);
  const fixed = stopGradient(teacher);
  const logs = logSoftmax(div(student, temperature));
  if (type === 'hard') {
    const labels = expandDims(argmax(fixed, -1), -1);
    return mul(neg(mean(squeeze(takeAlongAxis(logs, labels, -1), -1))), weight);
  }
  const reference = logSoftmax(div(fixed, temperature));
  return mul(mean(sum(mul(exp(reference), sub(reference, logs)), { axis: -1 })), weight);
}
