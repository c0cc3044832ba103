/// <reference lib="esnext.disposable" preserve="true" />
import type { TargetFile } from './checkpoint-target.js';
import { type CheckpointWriterOptions, prepareWrite, type Slot } from './internal/prepare-write.js';
import { quote } from './internal/text.js';
import type { RawTensor } from './raw-tensor.js';
import { refusal } from './internal/refusal.js';

export type { CheckpointWriterOptions } from './internal/prepare-write.js';

export interface WrittenCheckpoint {
  /** Every file, in the order written: weights, files beside them, the index last. */
  readonly files: readonly TargetFile[];
  /** Bytes of all tensors. */
  readonly totalSize: number;
}

/** Takes the tensors' bytes, in any order. */
export interface CheckpointWriter {
  /** The files that will appear. */
  readonly files: readonly TargetFile[];
  /**
   * Writes a tensor, or the next part of it: parts of one tensor follow each other, different tensors may come in any
   * order and side by side.
   *
   * @param bytes - a whole {@link RawTensor}, whose dtype and shape must be those announced, or raw bytes; not to be
   *   changed before the promise settles
   * @throws {CheckpointError} `unknown-tensor`, `invalid-tensor` when there are too many bytes, `closed`
   */
  write(name: string, bytes: Uint8Array | RawTensor): Promise<void>;
  /**
   * Makes the files appear under their names.
   *
   * @throws {CheckpointError} `incomplete-write` when a tensor lacks bytes; nothing appears then
   */
  close(): Promise<WrittenCheckpoint>;
  /** Gives up and leaves nothing behind; after `close` it does nothing. */
  abort(): Promise<void>;
  /** As `abort`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a checkpoint whose tensors are all known by name, dtype and shape, and whose bytes come later.
 *
 * Room is checked and headers are written first; memory holds no tensor. The files appear under their names only when
 * `close` finds them complete, the index last. The same tensors give the same bytes, whatever the order of writes.
 *
 * @throws {CheckpointError} for names, shapes, metadata or sizes that cannot be written; `no-space`, `already-exists`
 */
export async function createCheckpointWriter(options: CheckpointWriterOptions): Promise<CheckpointWriter> {
  const { target } = options;
  const where = target.label;
  const { heads, files, slots, totalSize } = prepareWrite(options);
  let state: 'open' | 'closing' | 'closed' | 'failed' = 'open';
  let closing: Promise<WrittenCheckpoint> | undefined;
  const pending = new Set<Promise<void>>();

  const fail = async () => {
    state = 'failed';
    await Promise.allSettled(pending);
    await target.abort();
  };
  const abort = async () => {
    if (closing) await closing.catch(() => undefined);
    else await fail();
  };
  /** Runs a step; when it fails, nothing of the checkpoint stays. */
  const guarded = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      await fail();
      throw error;
    }
  };
  const finish = async (): Promise<WrittenCheckpoint> => {
    await Promise.all(pending);
    // A write that failed meanwhile has its own error and has cleaned up.
    if (state === 'failed') throw closedError(where, state);
    return guarded(async () => {
      checkComplete(slots.values(), where);
      await target.commit();
      state = 'closed';
      return { files, totalSize };
    });
  };
  const expectOpen = () => {
    if (state !== 'open') throw closedError(where, state);
  };

  await guarded(async () => {
    await target.begin(files);
    for (const [file, bytes] of heads) await target.writeAt(file, 0, bytes);
  });

  return {
    files,
    async write(name, tensor) {
      expectOpen();
      const slot = slots.get(name);
      if (!slot) throw refusal('unknown-tensor', where, 'a tensor announced at the start', quote(name));
      const bytes = takeBytes(slot, tensor, where);
      const position = slot.begin + slot.written;
      slot.written += bytes.length;
      const step = target.writeAt(slot.file, position, bytes);
      const settled = step.then(
        () => undefined,
        () => undefined,
      );
      pending.add(settled);
      try {
        await guarded(() => step);
      } finally {
        pending.delete(settled);
      }
    },
    async close() {
      expectOpen();
      state = 'closing';
      return (closing = finish());
    },
    abort,
    [Symbol.asyncDispose]: abort,
  };
}

const closedError = (where: string, state: string) =>
  refusal(
    'closed',
    where,
    'a writer that is open',
    state === 'failed' ? 'one that gave up' : 'one that is closed',
  );

function takeBytes(slot: Slot, tensor: Uint8Array | RawTensor, where: string): Uint8Array {
  const { name, dtype, shape, byteLength } = slot.spec;
  const at = `${where}: tensor ${quote(name)}`;
  if (!(tensor instanceof Uint8Array)) {
    const announced = `${dtype} [${shape.join(', ')}]`;
    const given = `${tensor.dtype} [${tensor.shape.join(', ')}]`;
    if (given !== announced) throw refusal('invalid-tensor', at, `${announced}, as announced`, given);
    if (tensor.bytes.length !== byteLength) {
      throw refusal(
        'invalid-tensor',
        at,
        `${byteLength} bytes for ${announced}`,
        String(tensor.bytes.length),
      );
    }
  }
  const bytes = tensor instanceof Uint8Array ? tensor : tensor.bytes;
  const left = byteLength - slot.written;
  if (bytes.length <= left) return bytes;
  throw refusal(
    'invalid-tensor',
    at,
    `at most ${left} more of its ${byteLength} bytes`,
    String(bytes.length),
  );
}

function checkComplete(slots: Iterable<Slot>, where: string): void {
  const missing = [...slots].filter(({ spec, written }) => written < spec.byteLength);
  if (missing.length === 0) return;
  const { spec, written } = missing[0]!;
  const others = missing.length > 1 ? ` (and ${missing.length - 1} other tensors lack bytes)` : '';
  const at = `${where}: tensor ${quote(spec.name)}`;
  throw refusal('incomplete-write', at, `${spec.byteLength} bytes before close`, `${written}${others}`);
}
