import type { Dtype } from '@weightloom/checkpoint';
import { folderTarget, openCheckpoint } from '@weightloom/checkpoint/node';
import { formatBytes } from '@weightloom/cli-kit';
import { cliAction } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { mergeIntoCheckpoint } from '../apply/merge-into-checkpoint.js';
import { loadPeftAdapter } from '../node/load-adapter.js';
import { dtypeOption, number } from './options.js';

interface MergeOptions {
  out: string;
  weight: number;
  dtype?: Dtype;
  maxShardSize: string;
  prefix: string;
  untie?: boolean;
  changedBase?: boolean;
  overwrite?: boolean;
}

/** Adds `merge`. */
export function addMergeCommand(program: Command): void {
  program
    .command('merge <base> <adapter>')
    .description(
      'merge an adapter (LoRA, DoRA, LoHa, LoKr, IA3, MiSS, Bone) into a model of any size, in bounded memory',
    )
    .requiredOption('--out <folder>', 'where to write the merged model')
    .option('--weight <number>', 'what the update is multiplied by', number, 1)
    .addOption(dtypeOption('storage of the result, by default as in the base'))
    .option('--max-shard-size <size>', 'bytes of tensors per file', '5GB')
    .option('--prefix <text>', 'put in front of the adapter’s module names, such as model.', '')
    .option('--untie', 'write a weight that two names share as two tensors if the adapter changes one')
    .option('--changed-base', 'the base is already the one that PiSSA, OLoRA or LoftQ left')
    .option('--overwrite', 'replace a model that is already there')
    .action(
      cliAction<[string, string], MergeOptions>(
        async ({ options, onProgress, signal }, basePath, adapterPath) => {
          const adapter = await loadPeftAdapter(adapterPath, { signal });
          const base = await openCheckpoint(basePath, { signal });
          try {
            const { files, totalSize } = await mergeIntoCheckpoint(base, adapter, {
              output: folderTarget(options.out, { overwrite: options.overwrite }),
              weight: options.weight,
              dtype: options.dtype,
              maxShardSize: options.maxShardSize,
              rename: (path) => options.prefix + path,
              untie: options.untie,
              changedBase: options.changedBase,
              onProgress,
              signal,
            });
            const { warnings } = adapter;
            const json = {
              out: options.out,
              files: files.map(({ name }) => name),
              bytes: totalSize,
              warnings,
            };
            const text = [
              ...warnings.map((note) => `note: ${note}`),
              `merged into ${options.out}: ${formatBytes(totalSize)}`,
            ];
            return { json, text: text.join('\n') };
          } finally {
            await base.close();
          }
        },
        { unit: 'bytes' },
      ),
    );
}
