import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { formatBytes, type Table } from '@weightloom/cli-kit';
import { cliAction, createProgram, writeReport } from '@weightloom/cli-kit/node';
import { type Command, Option } from 'commander';
import { mergeRecipe, type MergeRecipeOptions } from '../node/merge-recipe.js';
import { mergeReport } from '../recipe/merge-report.js';
import { type TensorStatistics, withStatistics } from '../recipe/merge-statistics.js';
import { parseRecipe } from '../recipe/parse-recipe.js';
import type { PlannedTensor, RecipePlan } from '../recipe/plan-recipe.js';
import { addAlignCommand } from './align-command.js';
import { dryRun } from './dry-run.js';
import { addEvolveCommand } from './evolve-command.js';
import {
  addFamiliarOptions,
  type FamiliarOptions,
  familiarNotes,
  refuseFamiliarOptions,
} from './familiar-options.js';
import { addBarrierCommand, addInterpolateCommand } from './line-commands.js';
import { parseDtype, parseSize, parseWhole } from './parse-options.js';

interface MergeOptions extends FamiliarOptions {
  readonly dryRun?: boolean;
  readonly report?: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly memory?: number;
  readonly outShardSize: number;
  readonly randomSeed: number;
  readonly allowCrimes?: boolean;
  readonly truncateVocabulary?: boolean;
  readonly allowNonFinite?: boolean;
  readonly tensorIntersection?: boolean;
  readonly tensorUnion?: boolean;
  readonly copyTokenizer: boolean;
  readonly writeModelCard: boolean;
  readonly transformersCache?: string;
  readonly loraMergeCache?: string;
  readonly loraMergeDtype?: MergeRecipeOptions['adapterDtype'];
  readonly intermediateDir?: string;
  readonly outPath?: string;
  readonly compat?: 'mergekit';
  readonly json?: boolean;
}

const EXAMPLES = `
Paths in a recipe start from the working directory. Flags of mergekit that are
not listed are accepted with a note, and have no effect.

Examples:
  weightloom-merge recipe.yml merged --dry-run
  weightloom-merge recipe.yml merged --out-shard-size 2GB --resume
  weightloom-merge recipe.yml merged --overwrite --report merged.html
`;

/** The command line `weightloom-merge`. */
export function mergeProgram(): Command {
  const program = createProgram({
    name: 'weightloom-merge',
    description:
      'Merges models by a recipe in the YAML form of mergekit, in bounded memory. Models are folders, safetensors files, or names on the Hugging Face Hub.',
    version: packageVersion(),
  })
    .usage('[options] <recipe> [output]')
    .enablePositionalOptions() // those after the name of a subcommand are its own
    .argument('<recipe>', 'YAML file with one recipe, or several that use one another by name')
    .argument('[output]', 'folder to write; or a file ending in .safetensors, for weights alone')
    .option('--dry-run', 'only show what would be made: size, memory, and the parameters of every tensor')
    .option('--report <file>', 'also write an HTML page: cosines, norms and sign conflicts, layer by layer')
    .option('--resume', 'keep finished tensors when interrupted, and go on from them')
    .option('--overwrite', 'replace a model that is there already')
    .addOption(
      new Option('--out-shard-size <size>', 'most bytes of weights in a file: 500M, 5GB, 2GiB')
        .argParser(parseSize)
        .default(5e9, '5B'),
    )
    .addOption(
      new Option('--memory <size>', 'most bytes that pieces of weights take in memory')
        .argParser(parseSize)
        .default(2 ** 28, '256MiB'),
    )
    .option('--random-seed <number>', 'seed of the methods that draw at random: dare, della', parseWhole, 0)
    .option('--allow-crimes', 'merge models of different architectures, as far as tensors fit')
    .option('--truncate-vocabulary', 'cut embeddings of unequal size to the rows that all have')
    .option('--allow-non-finite', 'let NaN and infinities in the models through')
    .option('-i, --tensor-intersection', 'leave out tensors that some model lacks')
    .option('-u, --tensor-union', 'copy tensors that only one model has')
    .option('--no-copy-tokenizer', 'leave out the tokenizer of the base, or of the first model')
    .option('--no-write-model-card', 'leave out README.md')
    .option('--transformers-cache <folder>', 'cache of Hugging Face to look for models in')
    .option('--lora-merge-cache <folder>', 'keep models with their adapter folded in here')
    .option(
      '--lora-merge-dtype <dtype>',
      'dtype of models with their adapter folded in: float32, float16, bfloat16',
      parseDtype,
    )
    .option('--intermediate-dir <folder>', 'keep the results of all but the last recipe here')
    .addOption(
      new Option('--compat <program>', 'reproduce the known errors of a program').choices(['mergekit']),
    );
  for (const flag of ['--no-allow-crimes', '--copy-tokenizer', '--write-model-card', '--out-path <folder>']) {
    program.addOption(new Option(flag).hideHelp());
  }
  program.addHelpText('after', EXAMPLES);
  addFamiliarOptions(program);
  addEvolveCommand(program);
  addAlignCommand(program);
  addBarrierCommand(program);
  addInterpolateCommand(program);
  return program.action(
    cliAction<[string, string | undefined], MergeOptions>(
      async ({ options, onProgress, signal }, recipeFile, place) => {
        const output = place ?? options.outPath;
        refuseFamiliarOptions(program, options);
        const text = await readFile(recipeFile, 'utf8');
        const notes = familiarNotes(options);
        if (options.dryRun) {
          return dryRun(parseRecipe(text, { label: recipeFile }), { ...settings(options), notes });
        }
        if (output === undefined) return program.error("missing required argument 'output'");
        let seen: { plan: RecipePlan; statistics: ReadonlyMap<string, TensorStatistics> } | undefined;
        const results = await mergeRecipe(text, {
          ...settings(options),
          label: recipeFile,
          output,
          overwrite: options.overwrite,
          resume: options.resume,
          maxShardSize: options.outShardSize,
          copyTokenizer: options.copyTokenizer,
          modelCard: options.writeModelCard,
          intermediate: options.intermediateDir,
          onPlan: options.report ? (plan) => (seen = withStatistics(plan)).plan : undefined,
          onProgress,
          signal,
        });
        const { plan, files, totalSize, warnings: found } = results.at(-1)!;
        const unseen = options.report ? plan.tensors.filter(isUnseen(seen!.statistics)).length : 0;
        if (unseen > 0) notes.push(`the report leaves out ${unseen} tensors, which an earlier run has made`);
        if (options.report) {
          const recipe = parseRecipe(text, { label: recipeFile }).at(-1)!;
          const shown = { ...plan, warnings: [...notes, ...found] };
          await writeReport(options.report, mergeReport(recipe, shown, seen!.statistics));
        }
        const warnings = [...notes, ...results.flatMap((result) => result.warnings)];
        const table: Table = {
          columns: ['file', { header: 'size', format: formatBytes }],
          rows: files.map(({ name, byteLength }) => [name, byteLength]),
        };
        const summary = `${plan.tensors.length} tensors, ${formatBytes(totalSize)}, in ${output}`;
        return {
          json: { output, files, totalSize, tensors: plan.tensors.length, warnings, report: options.report },
          text: [...warnings.map((warning) => `note: ${warning}`), table, summary],
        };
      },
      { unit: 'bytes' },
    ),
  );
}

/** Tensors that were merged, but not in this run. */
const isUnseen =
  (statistics: ReadonlyMap<string, TensorStatistics>) =>
  ({ name, method }: PlannedTensor): boolean =>
    method !== undefined && !statistics.has(name);

/** From package.json, which lies two folders up from here, built or not. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function settings(options: MergeOptions) {
  const { tensorIntersection, tensorUnion } = options;
  return {
    seed: options.randomSeed,
    compat: options.compat,
    allowCrimes: options.allowCrimes,
    truncateVocabulary: options.truncateVocabulary,
    allowNonFinite: options.allowNonFinite,
    tensors: tensorUnion ? 'union' : tensorIntersection ? 'intersection' : 'same',
    memoryLimit: options.memory,
    hubCache: options.transformersCache,
    adapterCache: options.loraMergeCache,
    adapterDtype: options.loraMergeDtype,
  } as const;
}
