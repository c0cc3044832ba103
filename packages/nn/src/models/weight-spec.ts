import type { Key } from '@weightloom/tensor-gpu';
import { constant } from '../internal/constant.js';
import { dictOf } from '../internal/dict.js';
import { initNormal } from '../layers/embedding.js';
import type { BlockNames } from '../layers/transformer-block.js';
import type { StateDict } from '../model.js';

/** A weight a model needs, and how it starts: normal with a standard deviation, or one value everywhere. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: { readonly std: number } | 0 | 1;
}

/** GPT-2's standard deviation for weights. */
export const STD = 0.02;

export const initWeights = (key: Key, specs: readonly WeightSpec[]): StateDict =>
  dictOf(
    specs.map(({ name, shape, start }) => {
      if (typeof start === 'object') return initNormal(key, name, shape, start.std);
      return [name, constant(shape, start)];
    }),
  );

/** Weight and, if wanted, bias of a normalisation. */
export const normSpecs = (path: string, size: number, bias: boolean): WeightSpec[] => [
  { name: `${path}.weight`, shape: [size], start: 1 },
  ...(bias ? [{ name: `${path}.bias`, shape: [size], start: 0 } as const] : []),
];

/** Weight `[out, in]` (or `[in, out]`, as GPT-2 stores it) and, if wanted, bias of a linear layer. */
export const linearSpecs = (
  path: string,
  inputs: number,
  outputs: number,
  {
    bias,
    std = STD,
    transposed = false,
  }: { readonly bias: boolean; readonly std?: number; readonly transposed?: boolean },
): WeightSpec[] => [
  { name: `${path}.weight`, shape: transposed ? [inputs, outputs] : [outputs, inputs], start: { std } },
  ...(bias ? [{ name: `${path}.bias`, shape: [outputs], start: 0 } as const] : []),
];

export interface BlockSizes {
  readonly width: number;
  readonly hidden: number;
  /** Queries over all heads; default `width`. */
  readonly queryWidth?: number;
  /** Keys, and values, over all their heads; default `width`. */
  readonly kvWidth?: number;
  /** Number of blocks: projections that end in the residual stream start smaller by √(2 · layers). */
  readonly layers: number;
  /** Which parts have biases; default all. */
  readonly biases?: {
    readonly norm: boolean;
    readonly query: boolean;
    readonly output: boolean;
    readonly mlp: boolean;
  };
  /** Linear weights are `[in, out]`; default false. */
  readonly transposed?: boolean;
}

const ALL = { norm: true, query: true, output: true, mlp: true };

/** The weights of one transformer block. */
export function blockSpecs(names: BlockNames, sizes: BlockSizes): WeightSpec[] {
  const { width, hidden, queryWidth = width, kvWidth = width, layers, biases = ALL, transposed } = sizes;
  const small = STD / Math.sqrt(2 * layers);
  const query = { bias: biases.query, transposed };
  const qkv =
    'fused' in names.projections
      ? linearSpecs(names.projections.fused, width, queryWidth + 2 * kvWidth, query)
      : [
          ...linearSpecs(names.projections.query, width, queryWidth, query),
          ...linearSpecs(names.projections.key, width, kvWidth, query),
          ...linearSpecs(names.projections.value, width, kvWidth, query),
        ];
  const mlp = { bias: biases.mlp, transposed };
  return [
    ...normSpecs(names.attentionNorm, width, biases.norm),
    ...qkv,
    ...linearSpecs(names.output, queryWidth, width, { bias: biases.output, std: small, transposed }),
    ...normSpecs(names.mlpNorm, width, biases.norm),
    ...(names.gate ? linearSpecs(names.gate, width, hidden, mlp) : []),
    ...linearSpecs(names.up, width, hidden, mlp),
    ...linearSpecs(names.down, hidden, width, { ...mlp, std: small }),
  ];
}
