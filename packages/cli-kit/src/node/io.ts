/** What a command line writes to; `process.stdout` and `process.stderr` fit. */
export interface OutputStream {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** The surroundings of a command line; tests pass their own. */
export interface CliIo {
  stdout: OutputStream;
  stderr: OutputStream;
  env: Readonly<Record<string, string | undefined>>;
}
