import type { Command } from 'commander';
import { createColors } from 'picocolors';
import { formatTable } from '../format-table.js';
import type { Table } from '../table.js';
import { currentIo } from './internal/current-io.js';
import { ExitError, InterruptedError } from './internal/endings.js';
import { formatJson } from './internal/format-json.js';
import type { CliIo } from './io.js';
import { startProgress, type ProgressEvent } from './start-progress.js';

/** What a command did, for programs and for people. */
export interface CliResult {
  /** Printed with `--json`. */
  json: unknown;
  /** Printed without: text, tables (best values bold on a terminal), or several of them with an empty line between. */
  text: string | Table | readonly (string | Table)[];
  /** For commands whose answer is an exit code, such as a comparison. Default 0. */
  exitCode?: number;
}

/** What a command gets beside its arguments. */
export interface CliContext<Options> {
  /** The command's options and those of the programs above it. */
  options: Options & { json?: boolean; quiet?: boolean };
  /** Hand both on to the work: shows a bar or lines on stderr, unless `--json` or `--quiet`. */
  onProgress: (event: ProgressEvent) => void;
  /** Aborts at the first Ctrl-C. */
  signal: AbortSignal;
}

/**
 * Make a commander action of a function that returns its result instead of printing it.
 *
 * ```ts
 * program
 *   .command('inspect <file>')
 *   .action(cliAction(async (context, file: string) => {
 *     const tensors = await inspect(file, context);
 *     return { json: tensors, text: { columns: ['name', 'size'], rows: tensors.map((t) => [t.name, t.size]) } };
 *   }));
 * ```
 *
 * @param run - gets the context, then the command's arguments in order; what it throws is reported by `runCli`
 * @param settings.unit - what progress counts, default `count`
 */
export function cliAction<Arguments extends unknown[], Options extends object = Record<string, unknown>>(
  run: (context: CliContext<Options>, ...args: Arguments) => CliResult | Promise<CliResult>,
  settings: { unit?: 'count' | 'bytes' } = {},
): (this: Command, ...args: unknown[]) => Promise<void> {
  return async function (this: Command, ...all: unknown[]) {
    // commander passes the arguments, then the options, then the command itself
    const args = all.slice(0, -2) as Arguments;
    const io = currentIo(this);
    const options = this.optsWithGlobals() as CliContext<Options>['options'];
    const progress = startProgress({
      stream: io.stderr,
      enabled: !options.json && !options.quiet,
      unit: settings.unit,
    });
    let result: CliResult;
    try {
      result = await run({ options, onProgress: progress.onProgress, signal: progress.signal }, ...args);
    } catch (cause) {
      throw progress.signal.aborted ? new InterruptedError('interrupted', { cause }) : cause;
    } finally {
      progress.stop();
    }
    io.stdout.write(`${options.json ? formatJson(result.json) : formatText(result.text, io)}\n`);
    if (result.exitCode) throw new ExitError(result.exitCode);
  };
}

function formatText(text: CliResult['text'], io: CliIo): string {
  const { bold } = createColors(wantsColour(io));
  const parts = Array.isArray(text) ? (text as readonly (string | Table)[]) : [text as string | Table];
  return parts.map((part) => (typeof part === 'string' ? part : formatTable(part, { bold }))).join('\n\n');
}

/** On a terminal, unless `NO_COLOR` is set; anywhere if `FORCE_COLOR` is. */
function wantsColour({ stdout, env }: CliIo): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stdout.isTTY === true && env.TERM !== 'dumb';
}
