/** Bytes that can be read by range: a file, a blob, an address. */
export interface ByteSource {
  /** What to call it in error messages. */
  readonly label: string;
  /** Number of bytes. */
  readonly size: number;
  /**
   * Fills `target` with the bytes from `begin` on.
   *
   * @throws {CheckpointError} `short-read` when there are fewer
   */
  readInto(begin: number, target: Uint8Array, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A place with files in it: a folder on disk, a directory handle, a repository on the Hub. */
export interface FolderSource {
  /** What to call it in error messages. */
  readonly label: string;
  /** Names of the files directly inside; `undefined` where the place cannot list them. */
  list(signal?: AbortSignal): Promise<readonly string[] | undefined>;
  /** The file of that name; `undefined` when there is none. Names that point outside are refused. */
  open(name: string, signal?: AbortSignal): Promise<ByteSource | undefined>;
}
