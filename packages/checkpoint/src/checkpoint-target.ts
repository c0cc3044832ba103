/** A file that is about to be written. */
export interface TargetFile {
  /** A plain name. */
  readonly name: string;
  readonly byteLength: number;
}

/**
 * Where a checkpoint is written to: a folder, a file, memory.
 *
 * Nothing shows under its final name before `commit`.
 */
export interface CheckpointTarget {
  /** What to call it in error messages. */
  readonly label: string;
  /** Set where the target is one file: its name. A checkpoint of several files is refused then. */
  readonly onlyFile?: string;
  /**
   * Makes room. Called once, before any write.
   *
   * @param files - in the order in which they are to appear
   * @throws {CheckpointError} `no-space`, `already-exists`
   */
  begin(files: readonly TargetFile[]): Promise<void>;
  /** Puts `bytes` at `position` of a file; calls may run side by side and in any order. */
  writeAt(file: string, position: number, bytes: Uint8Array): Promise<void>;
  /** Makes all files appear under their names. */
  commit(): Promise<void>;
  /** Leaves nothing behind. Calling it again, or after `commit`, does nothing. */
  abort(): Promise<void>;
}
