import type { Dtype } from '@weightloom/checkpoint';
import { openCheckpoint } from '@weightloom/checkpoint/node';
import { cliAction } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { extractAdapter } from '../extract/extract-adapter.js';
import { saveAdapter } from '../node/save-adapter.js';
import { fitTable } from './fit-table.js';
import { dtypeOption, number, pattern, wholeNumber } from './options.js';

interface ExtractCliOptions {
  model: string;
  baseModel: string;
  outPath: string;
  maxRank: number;
  energy?: number;
  error?: number;
  distributeScale: boolean;
  skipUndecomposable?: boolean;
  extendVocab?: boolean;
  fanInFanOut?: boolean;
  include?: RegExp;
  dtype?: Dtype;
  overwrite?: boolean;
}

/** Adds `extract`. */
export function addExtractCommand(program: Command): void {
  program
    .command('extract')
    .description(
      'make an adapter of the difference between a fine-tuned model and its base, as mergekit-extract-lora does',
    )
    .requiredOption('--model <path>', 'the fine-tuned model')
    .requiredOption('--base-model <path>', 'its base')
    .requiredOption('--out-path <folder>', 'where to write the adapter')
    .option('--max-rank <rank>', 'at most so many directions per module', wholeNumber, 128)
    .option('--energy <share>', 'as few directions as keep this share of Σσ²', number)
    .option('--error <share>', 'as few directions as leave at most this relative error', number)
    .option('--no-distribute-scale', 'put all of Σ into lora_A instead of its root into both factors')
    .option('--skip-undecomposable', 'leave out norms, biases and the like instead of storing them whole')
    .option('--extend-vocab', 'store tables with more rows than the base’s whole instead of cutting them')
    .option('--fan-in-fan-out', 'matrices are stored [in, out], as GPT-2’s are')
    .option('--include <pattern>', 'only modules whose path matches this regular expression', pattern)
    .addOption(dtypeOption('storage of the adapter, float32 by default'))
    .option('--overwrite', 'replace an adapter that is already there')
    .action(
      cliAction<[], ExtractCliOptions>(async ({ options, onProgress, signal }) => {
        const { include } = options;
        await using base = await openCheckpoint(options.baseModel, { signal });
        await using tuned = await openCheckpoint(options.model, { signal });
        const { adapter, layers, saved, left } = await extractAdapter(base, tuned, {
          rank: options.maxRank,
          energy: options.energy,
          error: options.error,
          distributeScale: options.distributeScale,
          skipUndecomposable: options.skipUndecomposable,
          extendVocab: options.extendVocab,
          fanInFanOut: options.fanInFanOut,
          include: include && ((path) => include.test(path)),
          dtype: options.dtype,
          onProgress,
          signal,
        });
        const config = { ...adapter.config, baseModelNameOrPath: options.baseModel };
        await saveAdapter({ ...adapter, config }, options.outPath, { overwrite: options.overwrite });
        const { warnings } = adapter;
        const notes = [
          ...warnings.map((warning) => `note: ${warning}`),
          ...left.map(({ name, reason }) => `left out: ${name}: ${reason}`),
          `extracted to ${options.outPath}: ${layers.length} modules${saved.length > 0 ? `, ${saved.length} tensors stored whole` : ''}`,
        ];
        return {
          json: { out: options.outPath, layers, saved, left, warnings },
          text: [fitTable(layers), notes.join('\n')],
        };
      }),
    );
}
