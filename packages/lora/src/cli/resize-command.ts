import type { Dtype } from '@weightloom/checkpoint';
import { cliAction } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { resizeAdapter } from '../extract/resize-adapter.js';
import { loadAdapter } from '../node/load-adapter.js';
import { saveAdapter } from '../node/save-adapter.js';
import { fitTable } from './fit-table.js';
import { dtypeOption, number, wholeNumber } from './options.js';

interface ResizeCliOptions {
  out: string;
  rank?: number;
  energy?: number;
  error?: number;
  dtype?: Dtype;
  overwrite?: boolean;
}

/** Adds `resize`. */
export function addResizeCommand(program: Command): void {
  program
    .command('resize <adapter>')
    .description(
      'make an adapter smaller: the best approximation of each update at a rank, an energy or an error',
    )
    .requiredOption('--out <folder>', 'where to write the result')
    .option('--rank <rank>', 'at most so many directions per module', wholeNumber)
    .option('--energy <share>', 'as few directions as keep this share of Σσ²', number)
    .option('--error <share>', 'as few directions as leave at most this relative error', number)
    .addOption(dtypeOption('storage of the result, float32 by default'))
    .option('--overwrite', 'replace an adapter that is already there')
    .action(
      cliAction<[string], ResizeCliOptions>(async ({ options, signal }, path) => {
        const { out, overwrite, ...target } = options;
        const { rank, energy, error, dtype } = target;
        const { adapter, layers } = resizeAdapter(await loadAdapter(path, { signal }), {
          rank,
          energy,
          error,
          dtype,
        });
        await saveAdapter(adapter, out, { overwrite });
        return { json: { out, layers }, text: [fitTable(layers), `resized to ${out}`] };
      }),
    );
}
