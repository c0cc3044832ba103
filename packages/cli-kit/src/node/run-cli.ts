import { inspect } from 'node:util';
import type { Command, CommanderError } from 'commander';
import { printable } from '../internal/printable.js';
import { setIo } from './internal/current-io.js';
import { ExitError, InterruptedError } from './internal/endings.js';
import type { CliIo } from './io.js';

/** Exit codes of every command line: done, refused input, wrong usage, stopped by Ctrl-C. */
export const exitCodes = { done: 0, refused: 1, usage: 2, interrupted: 130 } as const;

/**
 * Run a program and report how it ended; never throws and never ends the process.
 *
 * Errors go to stderr in one sentence; with `DEBUG` set in the environment, with stack and causes. A reader of stdout
 * that goes away early (`| head`) is no error.
 *
 * ```ts
 * process.exitCode = await runCli(program);
 * ```
 *
 * @param argv - arguments without the program; default those of the process
 * @param io - default the process
 * @returns 0 when done (also for `--help` and `--version`), 1 when the command refused its input or failed, 2 for
 * unknown options, missing arguments and the like, 130 after Ctrl-C, or the `exitCode` of the command's result
 */
export async function runCli(
  program: Command,
  argv: readonly string[] = process.argv.slice(2),
  io: CliIo = process,
): Promise<number> {
  setIo(program, io);
  prepare(program, io);
  if (io === process) ignoreClosedPipe();
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    return report(program.name(), error, io);
  }
}

/** commander must neither end the process nor print its errors, in no subcommand. */
function prepare(command: Command, io: CliIo): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    outputError: () => undefined,
  });
  command.commands.forEach((child) => prepare(child, io));
}

function report(name: string, error: unknown, io: CliIo): number {
  if (error instanceof ExitError) return error.exitCode;
  const usage = asCommanderError(error);
  if (usage?.exitCode === 0) return exitCodes.done;
  if (usage?.code === 'commander.help') return exitCodes.usage; // the help was printed in place of a command
  const message = error instanceof Error ? error.message : String(error);
  const cure = usage ? `; see ${name} --help` : '';
  const sentence = printable(message.replace(/^error: /, ''))
    .trim()
    .replace(/\.$/, '');
  io.stderr.write(`${name}: ${sentence}${cure}\n`);
  if (io.env.DEBUG) io.stderr.write(`${inspect(error)}\n`);
  if (error instanceof InterruptedError) return exitCodes.interrupted;
  return usage ? exitCodes.usage : exitCodes.refused;
}

/** By its code and not its class, as the program may come from another copy of commander. */
function asCommanderError(error: unknown): CommanderError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('commander.') ? (error as CommanderError) : undefined;
}

/** Stays after the run, as the last writes may fail later. */
function ignoreClosedPipe(): void {
  if (!process.stdout.listeners('error').includes(onStdoutError)) process.stdout.on('error', onStdoutError);
}

function onStdoutError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
