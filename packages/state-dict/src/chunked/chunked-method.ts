import type { Dtype } from '@weightloom/checkpoint';

/** What a method knows of a tensor before it sees a value. */
export interface ChunkedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly size: number;
}

/** A piece of a tensor, as every input has it. Valid only during the call: its arrays are used again for the next. */
export interface Block {
  readonly tensor: ChunkedTensor;
  /** Elements `begin` to `end` (exclusive) of the tensor, row-major. */
  readonly begin: number;
  readonly end: number;
  /** `end - begin`. */
  readonly length: number;
  /** The values of each input, in the order of the inputs: `length` of them each. Not to be written to. */
  readonly inputs: readonly Float32Array[];
}

/** One reading of all values, to gather what `emit` or a later pass must know. */
export interface Pass {
  /** Called for every block, in order. */
  reduce(block: Block): void;
  /** Called once, after the last block. */
  finish?(): void;
}

/** A method at work on one tensor (or one model): what it gathers lives in the closure of these functions. */
export interface ChunkedProgram {
  /** In order; each sees all blocks before the next begins. */
  readonly passes?: readonly Pass[];
  /**
   * Called for every block, in order, after the last pass.
   *
   * @param out - `block.length` zeros, to be filled with the result
   */
  emit(block: Block, out: Float32Array): void;
  /**
   * The same from stored values to stored values, for methods of one input: called for whole blocks at a time where input and output
   * have one dtype. Must give the bits that `emit` gives.
   *
   * @param out - to be filled, whole
   * @returns whether it was done; where it was not, or where a result would not be finite, `emit` follows
   */
  emitStored?(chunk: StoredChunk, out: Uint8Array): boolean;
}

/** Blocks of a tensor as they are stored. Valid only during the call. */
export interface StoredChunk {
  /** Elements `begin` to `end` (exclusive) of the tensor, row-major. */
  readonly begin: number;
  readonly end: number;
  readonly dtype: Dtype;
  /** Little-endian. Not to be written to. */
  readonly input: Uint8Array;
  /** As many bytes as the method's `workspace` says. */
  readonly workspace: Uint8Array;
}

/**
 * A method over weights, written once for memory and for streams.
 *
 * A method never sees how its input was cut up for reading. It sees *blocks*: always the same ones for a tensor of a
 * given shape, always in the same order. So the result cannot depend on chunk sizes, on shards or on memory, to the bit,
 * and values are worked on while they sit in the processor's cache.
 *
 * Computation is float32 (JavaScript's double between a load and a store); sums over many elements should be kept in
 * plain numbers, which are float64. The result is rounded once, when it is stored.
 */
export interface ChunkedMethod {
  /** For error messages. */
  readonly name: string;
  /**
   * What a block is at least:
   * - `'element'`: 16384 elements, the last block fewer;
   * - `'row'`: whole rows, a row being one index of the first axis; tensors of rank 0 and 1 are one row;
   * - `'tensor'`: the whole tensor, which must fit in memory.
   */
  readonly granularity: 'element' | 'row' | 'tensor';
  /**
   * How far statistics reach: `'tensor'` (default), or `'model'`, where a pass goes over every floating tensor of the
   * model, in the order of their names, before the next begins.
   */
  readonly scope?: 'tensor' | 'model';
  /** Bytes that `emitStored` wants beside its input and output for a tensor (default: none). */
  readonly workspace?: (tensor: ChunkedTensor) => number;
  /**
   * Starts work.
   *
   * @param tensors - the one tensor, or with scope `'model'` all of them, ordered by name
   */
  begin(tensors: readonly ChunkedTensor[]): ChunkedProgram;
}
