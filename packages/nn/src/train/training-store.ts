/** Where a run keeps its last snapshot, one safetensors file. */
export interface TrainingStore {
  /** The last snapshot saved, or `undefined` when there is none. */
  load(): Promise<Uint8Array | undefined>;
  /** Replaces the snapshot; a crash in the middle must leave the old one whole. */
  save(snapshot: Uint8Array): Promise<void>;
}

/** A store in memory, for tests and for trying again within one page. */
export function memoryStore(): TrainingStore {
  let kept: Uint8Array | undefined;
  return {
    load: () => Promise.resolve(kept?.slice()),
    save: (snapshot) => {
      kept = snapshot.slice();
      return Promise.resolve();
    },
  };
}
