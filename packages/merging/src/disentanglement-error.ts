import type { LongWorkOptions } from '@weightloom/nn';
import { assertSameStructure, isFloat, type StateDict, zipTensors } from '@weightloom/state-dict';
import { add, argmax, dispose, jit, mul, sub, type Tensor, type TensorLike } from '@weightloom/tensor-gpu';
import type { ApplyFunction } from './ensemble.js';
import { checkNumber } from './internal/check-number.js';
import { pacer } from './internal/pacer.js';

export interface DisentanglementErrorOptions extends LongWorkOptions {
  /** Logits `[n, classes]` for inputs `[n, …]`; of a linearized model, its own. */
  readonly apply: ApplyFunction;
  /** `θ₀`, from which both were fine-tuned. */
  readonly base: StateDict;
  /** The two fine-tuned models. */
  readonly models: readonly [StateDict, StateDict];
  /** Examples of the task of each, `[n, …]`. */
  readonly inputs: readonly [Tensor, Tensor];
  /** The values of both coefficients (default -2, -1.5, …, 2). */
  readonly alphas?: readonly number[];
}

export interface DisentanglementError {
  readonly alphas: readonly number[];
  /** `errors[i][j] = ξ(alphas[i], alphas[j])`, from 0 to 2. */
  readonly errors: readonly (readonly number[])[];
}

/**
 * How much two tasks get in each other's way when their task vectors are added with different strengths.
 *
 * `ξ(α₁, α₂) = Σ_{t = 1, 2} E_{x of task t} [ argmax f(x; θ₀ + α_t τ_t) ≠ argmax f(x; θ₀ + α₁ τ₁ + α₂ τ₂) ]`, `τ_t = θ_t - θ₀`:
 * the share of answers for one task that change when the other's vector is added. 0 everywhere for weights that are disentangled;
 * 0 on the axes only where the missing vector does nothing to its own task's answers.
 *
 * @throws {RangeError} for no coefficients, or some that are not finite
 * @throws {StateDictError}, {ShapeError}, {DTypeError} naming the tensor in which a model differs from the base
 * @see Ortiz-Jimenez et al. 2023, arXiv:2305.12827, equation 4
 */
export async function disentanglementError(
  options: DisentanglementErrorOptions,
): Promise<DisentanglementError> {
  const where = 'disentanglementError';
  const { apply, base, models, inputs, alphas = DEFAULT_ALPHAS, signal, onProgress } = options;
  if (alphas.length === 0) throw new RangeError(`${where}: expected at least one coefficient, received none`);
  alphas.forEach((alpha, i) => checkNumber(where, `alphas[${i}]`, alpha));
  assertSameStructure([base, ...models], { where, labels: ['the base', 'models[0]', 'models[1]'] });
  const answer = jit(
    (
      x: Tensor,
      start: StateDict,
      [a, b]: readonly StateDict[],
      first: TensorLike,
      second: TensorLike,
    ): Tensor => {
      const params = zipTensors([start, a!, b!], ([w, u, v]) =>
        isFloat(w!) ? add(w!, add(mul(sub(u!, w!), first), mul(sub(v!, w!), second))) : w!,
      );
      return argmax(apply(params, x), -1);
    },
    { name: where },
  );
  const answers = async (task: 0 | 1, first: number, second: number): Promise<ArrayLike<number>> => {
    const classes = answer(inputs[task], base, models, first, second);
    const list = await classes.data();
    dispose(classes);
    return list;
  };
  const pace = pacer(signal);
  const alone: ArrayLike<number>[][] = [[], []];
  for (const alpha of alphas) {
    await pace();
    alone[0]!.push(await answers(0, alpha, 0));
    alone[1]!.push(await answers(1, 0, alpha));
  }
  const errors: number[][] = [];
  for (const [i, first] of alphas.entries()) {
    const row: number[] = [];
    for (const [j, second] of alphas.entries()) {
      await pace();
      const [one, two] = [await answers(0, first, second), await answers(1, first, second)];
      row.push(disagreement(one, alone[0]![i]!) + disagreement(two, alone[1]![j]!));
    }
    errors.push(row);
    onProgress?.({ done: i + 1, total: alphas.length, label: `α₁ = ${first}` });
  }
  return { alphas, errors };
}

const DEFAULT_ALPHAS = Array.from({ length: 9 }, (_, i) => -2 + i / 2);

function disagreement(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++;
  return count / a.length;
}
