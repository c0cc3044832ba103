import { runInMemory, type StateDict } from '@weightloom/state-dict';
import { linearMethod } from './linear.js';

/**
 * Uniform model soup: the plain average of fine-tunes of one model.
 *
 * `out = (1/k) Σ wᵢ`, summed in float64 and rounded once.
 *
 * @param models - at least one; same names, shapes and dtypes
 * @returns a new state dict with that structure
 * @throws {RangeError} without models; `StateDictError`, `ShapeError`, `DTypeError` naming the tensor at fault
 * @see Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves accuracy without
 *   increasing inference time", arXiv:2203.05482
 */
export async function uniformSoup(models: readonly StateDict[]): Promise<StateDict> {
  return runInMemory(linearMethod(models.length, {}, 'uniformSoup'), models);
}
