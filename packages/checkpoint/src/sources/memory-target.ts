import type { CheckpointTarget } from '../checkpoint-target.js';
import { allocate } from '../internal/allocate.js';

/** A target in memory, and what was written to it. */
export interface MemoryTarget extends CheckpointTarget {
  /** By name; empty until the checkpoint is complete. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** Collects a checkpoint in memory, for instance to offer it as a download. */
export function memoryTarget(label = 'memory'): MemoryTarget {
  const pending = new Map<string, Uint8Array<ArrayBuffer>>();
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    label,
    files,
    async begin(planned) {
      for (const { name, byteLength } of planned) {
        pending.set(
          name,
          allocate(byteLength, `${label}/${name}`, 'write to a folder, or in smaller shards'),
        );
      }
    },
    async writeAt(file, position, bytes) {
      pending.get(file)!.set(bytes, position);
    },
    async commit() {
      for (const [name, bytes] of pending) files.set(name, bytes);
      pending.clear();
    },
    async abort() {
      pending.clear();
    },
  };
}
