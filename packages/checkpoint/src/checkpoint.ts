/// <reference lib="esnext.disposable" preserve="true" />
import type { Dtype } from './dtypes.js';
import type { Metadata, RawCheckpoint, RawTensor } from './raw-tensor.js';

/** What the header tells of a tensor. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** Name of the file that holds it. */
  readonly file: string;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
}

/** How long work tells of itself. */
export interface ProgressOptions extends ReadOptions {
  /** Called after each tensor, with bytes done and in total, and the tensor's name. */
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    readonly label: string;
  }) => void;
}

/**
 * An open checkpoint: its headers are read and checked, its weights are not read yet.
 *
 * Reads may run side by side. Close it when done, or let `await using` do so.
 */
export interface Checkpoint {
  /** What was opened. */
  readonly label: string;
  /** By name, in the order of the files. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The keys of `tensors`. */
  readonly names: readonly string[];
  /** The files' `__metadata__` together; where shards differ, the first has its way and `warnings` says so. */
  readonly metadata: Metadata;
  /** Names of weights that are stored under another name, as the metadata says: alias → stored name. */
  readonly tied: ReadonlyMap<string, string>;
  /** What is odd but harmless: tensors no index mentions, a total size that is wrong. */
  readonly warnings: readonly string[];
  /**
   * Reads one tensor whole into a fresh buffer.
   *
   * @throws {CheckpointError} `unknown-tensor`, `short-read`, `too-large`, `closed`
   */
  read(name: string, options?: ReadOptions): Promise<RawTensor>;
  /**
   * Reads bytes `begin` to `end` (exclusive, counted from the tensor's first) into the start of `target`.
   *
   * @throws {CheckpointError} `invalid-range` when the range leaves the tensor or `target` is too short, and as `read`
   */
  readInto(
    name: string,
    range: readonly [begin: number, end: number],
    target: Uint8Array,
    options?: ReadOptions,
  ): Promise<void>;
  /** Reads every tensor. */
  readAll(options?: ProgressOptions): Promise<RawCheckpoint>;
  /** A file beside the weights, such as `config.json`; `undefined` when there is none. At most 512 MB. */
  readFile(name: string, options?: ReadOptions): Promise<Uint8Array | undefined>;
  /**
   * The configuration, tokenizer and template files beside the weights, by name: what a converted model needs to be
   * used like the original.
   */
  readModelFiles(options?: ReadOptions): Promise<Map<string, Uint8Array>>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
