import { add, mul, splitAxis, type Tensor } from '@weightloom/tensor-gpu';
import type { ApplyContext, StateDict } from '../model.js';
import { attend, type AttentionOptions } from './attention.js';
import { dropout } from './dropout.js';
import { linear } from './linear.js';

/** Full names of the parts of one block. */
export interface BlockNames {
  readonly attention: string;
  /** Queries, keys and values from three layers, or from one whose output is cut into three equal parts. */
  readonly projections:
    { readonly query: string; readonly key: string; readonly value: string } | { readonly fused: string };
  readonly output: string;
  readonly attentionNorm: string;
  readonly mlpNorm: string;
  /** For gated feed-forward layers only. */
  readonly gate?: string;
  readonly up: string;
  readonly down: string;
}

/** A layer of a path: `linear`, or another way to store its weight. */
export type Projection = (params: StateDict, path: string, x: Tensor, ctx?: ApplyContext) => Tensor;

/** What a block is made of. */
export interface BlockOptions extends Omit<AttentionOptions, 'path'> {
  readonly names: BlockNames;
  readonly normalize: (params: StateDict, path: string, x: Tensor, ctx?: ApplyContext) => Tensor;
  readonly activate: (x: Tensor) => Tensor;
  readonly dropout: number;
  /** Default `linear`. */
  readonly project?: Projection;
}

/**
 * A pre-norm transformer block: `x ← x + attention(norm x)`, `x ← x + down(σ(up(norm x)))`, or with a gate
 * `down(σ(gate(norm x)) ⊙ up(norm x))`; `x` is `[B, T, D]`.
 */
export function transformerBlock(
  params: StateDict,
  x: Tensor,
  options: BlockOptions,
  ctx: ApplyContext = {},
): Tensor {
  const { names, normalize, activate, project = linear } = options;
  const drop = (path: string, h: Tensor): Tensor => dropout(path, h, options.dropout, ctx);
  const through = (path: string, h: Tensor): Tensor => project(params, path, h, ctx);
  const h = normalize(params, names.attentionNorm, x, ctx);
  const [q, k, v] =
    'fused' in names.projections
      ? splitAxis(through(names.projections.fused, h), 3, -1)
      : [names.projections.query, names.projections.key, names.projections.value].map((path) =>
          through(path, h),
        );
  const mixed = attend(q, k, v, { ...options, path: names.attention }, ctx);
  const attended = add(x, drop(names.output, through(names.output, mixed)));
  const inner = normalize(params, names.mlpNorm, attended, ctx);
  const up = through(names.up, inner);
  const active = names.gate ? mul(activate(through(names.gate, inner)), up) : activate(up);
  return add(attended, drop(names.down, through(names.down, active)));
}

/** Our own names of block `i`. */
export const blockNames = (i: number): BlockNames => ({
  attention: `layers.${i}.attention`,
  projections: {
    query: `layers.${i}.attention.q_proj`,
    key: `layers.${i}.attention.k_proj`,
    value: `layers.${i}.attention.v_proj`,
  },
  output: `layers.${i}.attention.out_proj`,
  attentionNorm: `layers.${i}.attention_norm`,
  mlpNorm: `layers.${i}.mlp_norm`,
  up: `layers.${i}.mlp.up_proj`,
  down: `layers.${i}.mlp.down_proj`,
});
