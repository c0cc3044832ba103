import { type ChunkedMethod, runInMemory, type StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';
import { linearMethod } from './linear.js';

export interface RobustWeightSignatureOptions {
  /** Told the name of a tensor that fine-tuning on clean data did not change: its signature is the whole change `v`. */
  readonly onUnchanged?: (name: string) => void;
}

/**
 * Robust weight signature: what fine-tuning on corrupted data changes besides what fine-tuning on clean data changes.
 *
 * Per tensor, taken as one vector, with `v = w_robust - w₀` and `a = w_clean - w₀`: `out = v - (⟨a, v⟩ / ⟨a, a⟩) a`, the part of `v`
 * orthogonal to `a`; where `a` is 0, `out = v`.
 *
 * @param base - `w₀`, the pre-trained model that both were fine-tuned from
 * @param clean - fine-tuned on clean data
 * @param robust - fine-tuned on data with one kind of corruption
 * @returns differences of weights, in the structure of the base; whole numbers and masks are those of the base
 * @throws {StateDictError} naming a tensor that is missing or not finite; `ShapeError`, `DTypeError` likewise
 * @see Cai et al. 2023, "Robust Weight Signatures: Gaining Robustness as Easy as Patching Weights?", arXiv:2302.12480
 */
export async function robustWeightSignature(
  base: StateDict,
  clean: StateDict,
  robust: StateDict,
  { onUnchanged }: RobustWeightSignatureOptions = {},
): Promise<StateDict> {
  return runInMemory(signatureMethod(onUnchanged), [base, clean, robust], {
    labels: ['base', 'clean', 'robust'],
  });
}

const signatureMethod = (onUnchanged: ((name: string) => void) | undefined): ChunkedMethod => ({
  name: 'robustWeightSignature',
  granularity: 'element',
  begin([tensor]) {
    let [along, square] = [0, 0];
    return {
      passes: [
        {
          reduce({ inputs: [base, clean, robust], length }) {
            for (let j = 0; j < length; j++) {
              const a = clean![j]! - base![j]!;
              along += a * (robust![j]! - base![j]!);
              square += a * a;
            }
          },
          finish() {
            if (square === 0) onUnchanged?.(tensor!.name);
          },
        },
      ],
      emit({ inputs: [base, clean, robust] }, out) {
        const share = square === 0 ? 0 : along / square;
        for (let j = 0; j < out.length; j++) {
          out[j] = robust![j]! - base![j]! - share * (clean![j]! - base![j]!);
        }
      },
    };
  },
});

export interface PatchWeightsOptions {
  /** Strength of all signatures together (default 1): each is added `alpha / signatures.length` times. Negative to un-patch. */
  readonly alpha?: number;
  /**
   * Which tensors are patched (default all). The paper patches the first few layers alone, where corruptions leave their traces:
   * `(name) => /^layers\.[01]\./.test(name)`.
   */
  readonly tensors?: (name: string) => boolean;
}

/**
 * Patches a model with robust weight signatures, of one or several corruptions.
 *
 * `out = w + Σ_c (α / C) RWS_c` for the chosen tensors, `w` elsewhere. The model need not be the one whose signatures they are. With `-α`
 * the patch comes off again, up to rounding.
 *
 * The paper's code multiplies with `α` twice; here it counts once. Batch norm is left to you: take the mean of the robust models'
 * statistics, or estimate them anew.
 *
 * @param model - the weights to patch
 * @param signatures - at least one, as by {@link robustWeightSignature}; names and shapes of the model
 * @throws {RangeError} without signatures, or for `alpha` that is not finite
 * @throws {StateDictError} naming a tensor that is missing or not finite; `ShapeError`, `DTypeError` likewise
 * @see Cai et al. 2023, arXiv:2302.12480
 */
export async function patchWeights(
  model: StateDict,
  signatures: readonly StateDict[],
  { alpha = 1, tensors = () => true }: PatchWeightsOptions = {},
): Promise<StateDict> {
  const name = 'patchWeights';
  const count = signatures.length;
  if (count === 0) throw new RangeError(`${name}: expected at least one signature, received none`);
  checkNumber(name, 'alpha', alpha);
  const add = linearMethod(
    count + 1,
    { weights: [1, ...signatures.map(() => alpha / count)], normalize: false },
    name,
  );
  const method: ChunkedMethod = {
    ...add,
    begin: (all) =>
      tensors(all[0]!.name) ? add.begin(all) : { emit: ({ inputs: [w] }, out) => out.set(w!) },
  };
  const labels = ['model', ...signatures.map((_, i) => `signatures[${i}]`)];
  return runInMemory(method, [model, ...signatures], { labels });
}
