import { ShapeError } from '@weightloom/tensor-gpu';
import { checkCount, refuse } from '../internal/checks.js';
import { dictOf } from '../internal/dict.js';
import { type Activation, activationOf } from '../layers/activations.js';
import { initLinear, linear } from '../layers/linear.js';
import type { Model } from '../model.js';

export interface MlpOptions {
  /** Width of the input, of every hidden layer, and of the output; at least two. */
  readonly sizes: readonly number[];
  /** Between layers, not after the last; default `relu`. */
  readonly activation?: Activation;
  /** Whether layers add a bias; default true. */
  readonly bias?: boolean;
}

/**
 * A multilayer perceptron: `x → W₂ σ(W₁ x + b₁) + b₂ …`, weights `layers.<i>.weight` `[out, in]` and `layers.<i>.bias` `[out]`.
 *
 * `apply` takes `[…, sizes[0]]` and gives `[…, sizes.at(-1)]` (logits: no activation at the end). Weights start uniform in
 * ±1/√in as PyTorch's `nn.Linear`.
 *
 * @throws {RangeError} for fewer than two sizes, a size below 1 or an unknown activation
 */
export function mlp({ sizes, activation = 'relu', bias = true }: MlpOptions): Model {
  if (sizes.length < 2) refuse('mlp', 'at least two sizes (input and output)', `[${sizes.join(', ')}]`);
  sizes.forEach((size, i) => checkCount('mlp', `sizes[${i}]`, size));
  const activate = activationOf('mlp', activation);
  const last = sizes.length - 2;
  const paths = sizes.slice(1).map((_, i) => `layers.${i}`);
  return {
    config: { type: 'mlp', sizes: [...sizes], activation, bias },
    init: (key) =>
      dictOf(paths.flatMap((path, i) => initLinear(key, path, sizes[i], sizes[i + 1], { bias }))),
    apply: (params, x, ctx) => {
      if (x.shape.at(-1) !== sizes[0]) {
        throw new ShapeError({
          where: 'mlp',
          expected: `an input of shape […, ${sizes[0]}]`,
          received: `[${x.shape.join(', ')}]`,
        });
      }
      return paths.reduce((h, path, i) => {
        const out = linear(params, path, h, ctx);
        return i < last ? activate(out) : out;
      }, x);
    },
  };
}
