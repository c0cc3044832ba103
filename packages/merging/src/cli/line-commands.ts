import { formatNumber, type Table } from '@weightloom/cli-kit';
import { cliAction, writeReport } from '@weightloom/cli-kit/node';
import type { StateDict } from '@weightloom/state-dict';
import { loadStateDict } from '@weightloom/state-dict/node';
import { type Command, InvalidArgumentError } from 'commander';
import { barrier, type Barrier, type BarrierOptions } from '../align/barrier.js';
import { interpolate } from '../align/interpolate.js';
import { saveAligned } from '../node/save-aligned.js';
import { addSubcommand } from './add-subcommand.js';
import { curveReport } from './curve-report.js';
import { loadMetric } from './load-metric.js';
import { parseWhole } from './parse-options.js';

/** What a module of `--evaluate` exports. */
type Metric = (
  params: StateDict,
  context: { readonly t: number; readonly signal: AbortSignal },
) => ReturnType<BarrierOptions['evaluate']>;

const NOTES = `
The module of --evaluate exports a function that gives a number (a loss), or several by name:
  export default async (params, { t, signal }) => ({ loss: …, accuracy: … })
Numbers with accuracy or score in their name are better when greater.
`;

/** `weightloom-merge barrier`. */
export function addBarrierCommand(program: Command): void {
  addSubcommand(program, 'barrier <a> <b>')
    .description('Measure the error barrier on the straight line between two models.')
    .requiredOption('--evaluate <module>', 'JavaScript module that gives the loss of a model')
    .option('--points <number>', 'models on the line, both ends among them', parseWhole, 25)
    .option('--report <file>', 'also write an HTML page with the curves')
    .addHelpText('after', NOTES)
    .action(
      cliAction<[string, string], { evaluate: string; points: number; report?: string }>(
        async ({ options, onProgress, signal }, a, b) => {
          const [first, second] = [await loadStateDict(a, { signal }), await loadStateDict(b, { signal })];
          const evaluate = await metricOf(options.evaluate, signal);
          const line = await barrier(first, second, { evaluate, points: options.points, onProgress, signal });
          if (options.report) await writeReport(options.report, curveReport(a, b, line));
          const rows = Object.entries(line.curves).map(([name, { values, ...rest }]) => [
            name,
            values[0]!,
            values.at(-1)!,
            rest.barrier,
            rest.at,
            rest.supBarrier,
          ]);
          const table: Table = { columns: ['', 'a', 'b', 'barrier', 'at t', 'above the worse end'], rows };
          return { json: { ...line, report: options.report }, text: table };
        },
      ),
    );
}

interface InterpolateOptions {
  readonly steps: number;
  readonly evaluate?: string;
  readonly at: number;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly report?: string;
}

/** `weightloom-merge interpolate`. */
export function addInterpolateCommand(program: Command): void {
  const command = addSubcommand(program, 'interpolate <a> <b>')
    .description('Evaluate models on the straight line between two, or write one of them.')
    .option('--evaluate <module>', 'JavaScript module that gives numbers of a model')
    .option('--steps <number>', 'models on the line to evaluate, both ends among them', parseWhole, 21)
    .option('--report <file>', 'also write an HTML page with the curves')
    .option('--out <path>', 'write the model at --at: a folder, or a file ending in .safetensors')
    .option('--at <number>', 'where between a (0) and b (1)', parseNumber, 0.5)
    .option('--overwrite', 'replace a model that is there already')
    .addHelpText('after', NOTES);
  command.action(
    cliAction<[string, string], InterpolateOptions>(async ({ options, onProgress, signal }, a, b) => {
      const { steps, at, out, report } = options;
      if (options.evaluate === undefined && out === undefined) {
        command.error('nothing to do: give --evaluate, --out, or both');
      }
      if (options.evaluate === undefined && report !== undefined) {
        command.error('--report needs --evaluate');
      }
      const [first, second] = [await loadStateDict(a, { signal }), await loadStateDict(b, { signal })];
      const evaluate = options.evaluate === undefined ? undefined : await metricOf(options.evaluate, signal);
      const line =
        evaluate && (await barrier(first, second, { evaluate, points: steps, onProgress, signal }));
      if (line && report) await writeReport(report, curveReport(a, b, line));
      const output = out && (await saveAligned(out, interpolate(first, second, at), a, options));
      const curves =
        line && Object.fromEntries(Object.entries(line.curves).map(([name, { values }]) => [name, values]));
      return {
        json: { t: line?.t, curves, at: output && at, output, report },
        text: [
          ...(line ? [curveTable(line)] : []),
          ...(output ? [`the model at t = ${formatNumber(at)} is in ${output}`] : []),
        ],
      };
    }),
  );
}

async function metricOf(path: string, signal: AbortSignal): Promise<BarrierOptions['evaluate']> {
  const metric = await loadMetric<Metric>(path);
  return (params, t) => metric(params, { t, signal });
}

const curveTable = ({ t, curves }: Barrier): Table => ({
  columns: ['t', ...Object.keys(curves)],
  rows: t.map((at, i) => [at, ...Object.values(curves).map(({ values }) => values[i]!)]),
});

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('a number from 0 to 1 is needed');
}
