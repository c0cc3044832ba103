import { chainAxes } from './internal/chain-axes.js';
import { resnetAxes } from './internal/resnet-axes.js';
import type { Shapes } from './internal/resolve-spec.js';
import { transformerAxes } from './internal/transformer-axes.js';
import type { PermutationSpec } from './permutation-spec.js';

export interface AutoSpecOptions {
  /** Attention heads of a transformer: the weights alone do not tell. Needed where there is attention. */
  readonly heads?: number;
  /** Heads of keys and values; divides `heads`; default `heads`. */
  readonly kvHeads?: number;
}

/**
 * The permutation spec of a model whose kind its names tell:
 *
 * - layers in a row, as of `mlp` and `cnn` of `@weightloom/nn` and of PyTorch's `Sequential`: one group after each layer but the
 *   last; batch norm and biases move along; a linear layer after convolutions takes each channel's pixels as a block;
 * - residual networks in torchvision's names: one group for each residual stream, one inside each block;
 * - transformers in the names of `gpt` and `vit` of `@weightloom/nn`, of GPT-2, and of Llama and its kin: the residual stream, the
 *   heads of each layer as blocks, the neurons of each feed-forward layer.
 *
 * @param params - anything with shapes by name
 * @throws {RangeError} for a name or shape that fits none of these; write a {@link PermutationSpec} then
 */
export function autoSpec(params: Shapes, options: AutoSpecOptions = {}): PermutationSpec {
  const names = Object.keys(params);
  if (names.length === 0) throw new RangeError('autoSpec: expected tensors, received none');
  return names.some((name) => /(^|\.)(attn|self_attn|attention)\./.test(name))
    ? transformerAxes(params, options)
    : names.some((name) => /^layer\d+\.\d+\.conv1\.weight$/.test(name))
      ? resnetAxes(params)
      : chainAxes(params);
}
