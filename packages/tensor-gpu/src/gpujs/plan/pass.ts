import type { Layout } from '../../tensor/layout.js';

/** A compute shader: its text, the numbers it wants as uniform at binding 0 (or none), and how many workgroups to start. */
export interface Shader {
  readonly code: string;
  readonly params: Uint32Array | null;
  readonly groups: readonly [number, number, number];
}

/** Where a kernel reads or writes: a buffer of the program, or a float32 array that lives only during its step. */
export interface Ref {
  readonly kind: 'buffer' | 'temporary';
  readonly index: number;
}

/** A view of what stands at a reference, over float32 values. */
export interface Leaf {
  readonly ref: Ref;
  readonly layout: Layout;
}

/**
 * One gpu.js kernel: a function of float32 arrays `a0, a1, …` that computes cell `this.thread.x`. All sizes and strides are
 * literals in the source, so the source (with the lengths of the arrays) identifies the kernel.
 */
export interface Pass {
  readonly source: string;
  /** Number of cells. */
  readonly length: number;
  readonly args: readonly Ref[];
  readonly result: Ref;
  /** A WGSL shader of our own instead of the source, which then only names it. */
  readonly shader?: Shader;
}

/** A step as kernels, in order, or why kernels cannot express it. */
export type Plan = { readonly passes: readonly Pass[] } | { readonly refused: string };

/** WebGPU grants 8 storage buffers a kernel: 7 inputs and the output. */
export const MAX_ARGS = 7;

/** Indices and whole numbers travel as float32, which is exact up to here. */
export const EXACT_LIMIT = 2 ** 24;

export const buffer = (index: number): Ref => ({ kind: 'buffer', index });
export const keyOf = ({ kind, index }: Ref): string => `${kind} ${index}`;

/** Distinct references, in order of first use. */
export function distinct(refs: readonly Ref[]): Ref[] {
  const seen = new Set<string>();
  return refs.filter((ref) => !seen.has(keyOf(ref)) && seen.add(keyOf(ref)));
}

/** Gives out temporaries of one step. */
export class Temporaries {
  #count = 0;
  next(): Ref {
    return { kind: 'temporary', index: this.#count++ };
  }
}
