import type { DType } from '../tensor/dtype.js';
import type { Layout } from '../tensor/layout.js';
import type { Shape } from '../tensor/shape.js';

/** A buffer of a program. Inputs come from outside, outputs go outside, temporaries live in between. */
export interface BufferSpec {
  readonly dtype: DType;
  readonly length: number;
  role: { readonly kind: 'input' | 'output'; readonly index: number } | { readonly kind: 'temporary' };
}

/** A view of a buffer that a step reads or writes. */
export interface Operand {
  readonly buffer: number;
  readonly layout: Layout;
  readonly dtype: DType;
}

/** One node of a fused elementwise expression; `args` point to earlier nodes. */
export type ExpressionNode =
  | { readonly op: 'load'; readonly input: number; readonly dtype: DType }
  | { readonly op: 'literal'; readonly value: number; readonly dtype: DType }
  | { readonly op: 'cast'; readonly args: readonly number[]; readonly from: DType; readonly dtype: DType }
  | { readonly op: string; readonly args: readonly number[]; readonly dtype: DType; readonly of: DType };

/** `outputs[i] = expression` over every index of `shape`; several outputs share one pass. */
export interface MapStep {
  readonly kind: 'map';
  readonly shape: Shape;
  readonly nodes: readonly ExpressionNode[];
  readonly inputs: readonly Operand[];
  readonly outputs: readonly { readonly node: number; readonly target: Operand }[];
}

/** `output = reduce(expression)` over `axes` of `shape`. */
export interface ReduceStep {
  readonly kind: 'reduce';
  readonly op: 'sum' | 'max' | 'min' | 'prod';
  readonly shape: Shape;
  readonly axes: readonly number[];
  readonly nodes: readonly ExpressionNode[];
  readonly inputs: readonly Operand[];
  readonly node: number;
  readonly output: Operand;
}

/** Any other primitive. Inputs of `dot` are strided, all others contiguous; the output is contiguous. */
export interface KernelStep {
  readonly kind: 'kernel';
  readonly name: string;
  readonly params: unknown;
  readonly inputs: readonly Operand[];
  readonly output: Operand;
}

export type Step = MapStep | ReduceStep | KernelStep;

/** A graph after fusion: what executors turn into code. */
export interface Program {
  readonly buffers: readonly BufferSpec[];
  readonly steps: readonly Step[];
  /** Buffer of each input and output, in order. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Output index → donated input whose memory it can take over. */
  readonly reuse: ReadonlyMap<number, number>;
  /** Byte offset of each temporary in one workspace, and its size. */
  readonly workspace: { readonly offsets: ReadonlyMap<number, number>; readonly size: number };
}

/** Operands a step writes. */
export const writesOf = (step: Step): readonly Operand[] =>
  step.kind === 'map' ? step.outputs.map((o) => o.target) : [step.output];
