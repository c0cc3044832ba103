import type { Dtype } from '@weightloom/checkpoint';
import { cliAction } from '@weightloom/cli-kit/node';
import { key } from '@weightloom/tensor-gpu';
import { type Command, Option } from 'commander';
import { combineAdapters, type CombinationType, combinationTypes } from '../combine/combine-adapters.js';
import { loadAdapter } from '../node/load-adapter.js';
import { saveAdapter } from '../node/save-adapter.js';
import { dtypeOption, number, numbers, wholeNumber } from './options.js';

interface CombineCliOptions {
  out: string;
  weights?: number[];
  type: CombinationType;
  svdRank?: number;
  svdClamp?: number;
  density?: number;
  majoritySignMethod: 'total' | 'frequency';
  seed: number;
  dropSaved?: boolean;
  dtype?: Dtype;
  overwrite?: boolean;
}

/** Adds `combine`. */
export function addCombineCommand(program: Command): void {
  program
    .command('combine <adapters...>')
    .description('make one adapter of several, as add_weighted_adapter of PEFT does')
    .requiredOption('--out <folder>', 'where to write the result')
    .option(
      '--weights <numbers>',
      'one per adapter, with commas between, such as 0.7,-0.4 (default: 1 each)',
      numbers,
    )
    .addOption(new Option('--type <name>', 'how they are combined').choices(combinationTypes).default('cat'))
    .option(
      '--svd-rank <rank>',
      'svd types: rank of the result (default: the largest of the adapters)',
      wholeNumber,
    )
    .option(
      '--svd-clamp <quantile>',
      'svd types: clip both factors to this quantile of their elements',
      number,
    )
    .option('--density <share>', 'ties, dare, magnitude_prune: share of elements that is kept', number)
    .addOption(
      new Option('--majority-sign-method <name>', 'ties: sign of the sum or of the sum of signs')
        .choices(['total', 'frequency'])
        .default('total'),
    )
    .option('--seed <number>', 'dare: seed of what is dropped', wholeNumber, 0)
    .option('--drop-saved', 'leave out modules that adapters store whole')
    .addOption(dtypeOption('storage of the result, float32 by default'))
    .option('--overwrite', 'replace an adapter that is already there')
    .action(
      cliAction<[string[]], CombineCliOptions>(async ({ options, signal }, paths) => {
        const { out, seed, overwrite, ...rest } = options;
        const adapters = await Promise.all(paths.map((path) => loadAdapter(path, { signal })));
        const combined = combineAdapters(adapters, { ...rest, key: key(seed) });
        await saveAdapter(combined, out, { overwrite });
        const { r } = combined.config;
        const warnings = adapters.flatMap(({ warnings }) => warnings);
        const json = {
          out,
          type: rest.type,
          weights: rest.weights ?? paths.map(() => 1),
          adapters: paths,
          rank: r,
          modules: combined.layers.size,
          warnings,
        };
        return {
          json,
          text: [
            ...warnings.map((note) => `note: ${note}`),
            `${paths.length} adapters combined (${rest.type}) to ${out}: rank ${r}, ${combined.layers.size} modules`,
          ].join('\n'),
        };
      }),
    );
}
