import { runInMemory, type StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';
import { linearMethod } from './linear.js';

export interface WiseFtOptions {
  /** Share of the fine-tuned model, from 0 to 1 (default 0.5, which the paper finds good without tuning). */
  readonly alpha?: number;
  /** Allow any finite `alpha` (default `false`). */
  readonly extrapolate?: boolean;
}

/**
 * WiSE-FT: the weights between a model before and after fine-tuning, which do better than either on data unlike the fine-tuning
 * data.
 *
 * `out = (1 - α) w_zeroShot + α w_fineTuned`
 *
 * `sweep` tries several `α`. BANG is the same average of a model that was fine-tuned with label smoothing or `mixUp`, so that it is
 * not surer of its answers than the other.
 *
 * @param zeroShot - the model before fine-tuning, with a head for the task
 * @param fineTuned - the model after; names, shapes and dtypes of the other
 * @throws {RangeError} for `alpha` outside [0, 1], unless `extrapolate` is set
 * @throws {StateDictError} naming a tensor that is missing or not finite; `ShapeError`, `DTypeError` likewise
 * @see Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", arXiv:2109.01903
 * @see Lin et al. 2024, "Spurious Feature Diversification Improves Out-of-distribution Generalization", arXiv:2309.17230 (BANG)
 */
export async function wiseFt(
  zeroShot: StateDict,
  fineTuned: StateDict,
  { alpha = 0.5, extrapolate = false }: WiseFtOptions = {},
): Promise<StateDict> {
  const name = 'wiseFt';
  if (extrapolate) checkNumber(name, 'alpha', alpha);
  else checkNumber(name, 'alpha', alpha, 0, 1);
  const method = linearMethod(2, { weights: [1 - alpha, alpha], normalize: false }, name);
  return runInMemory(method, [zeroShot, fineTuned], { labels: ['zeroShot', 'fineTuned'] });
}
