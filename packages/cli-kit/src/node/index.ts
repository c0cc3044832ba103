export { cliAction, type CliContext, type CliResult } from './cli-action.js';
export { createProgram, type ProgramInfo } from './create-program.js';
export type { CliIo, OutputStream } from './io.js';
export { exitCodes, runCli } from './run-cli.js';
export {
  startProgress,
  type Progress,
  type ProgressEvent,
  type StartProgressOptions,
} from './start-progress.js';
export { writeReport } from './write-report.js';
