import type { Tensor } from '@weightloom/tensor-gpu';
import { refuse } from '../internal/checks.js';
import type { ApplyContext, StateDict } from '../model.js';
import { batchNorm, groupNorm, initBatchNorm, initNorm } from './normalization.js';

/** How channels are normalised: by batch, by groups of channels, or not at all. */
export type ChannelNorm = 'batch' | 'group' | 'none';

/** A choice of normalisation, as the two functions a model needs. */
export interface ChannelNormLayer {
  init(path: string, channels: number): [string, Tensor][];
  apply(params: StateDict, path: string, x: Tensor, ctx?: ApplyContext): Tensor;
}

/** The normalisation of a name; `groups` is for `group`. */
export function channelNormOf(where: string, norm: ChannelNorm, groups: number): ChannelNormLayer {
  switch (norm) {
    case 'batch':
      return { init: initBatchNorm, apply: batchNorm };
    case 'group':
      return {
        init: (path, channels) => initNorm(path, channels),
        apply: (params, path, x, ctx) => groupNorm(params, path, x, groups, ctx),
      };
    case 'none':
      return { init: () => [], apply: (_params, _path, x) => x };
    default:
      return refuse(where, 'norm batch, group or none', `"${String(norm)}"`);
  }
}
