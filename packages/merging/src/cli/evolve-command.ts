import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { formatNumber, type Table } from '@weightloom/cli-kit';
import { cliAction, writeReport } from '@weightloom/cli-kit/node';
import { key } from '@weightloom/tensor-gpu';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { evolutionReport } from '../evolve/evolution-report.js';
import { parseEvolution } from '../evolve/parse-evolution.js';
import { evolveRecipe, type EvolveScore } from '../node/evolve-recipe.js';
import { addSubcommand } from './add-subcommand.js';
import { loadMetric } from './load-metric.js';
import { parseWhole } from './parse-options.js';
import { showValue } from '../internal/show-value.js';

interface EvolveOptions {
  readonly evaluate: string;
  readonly generations?: number;
  readonly population?: number;
  readonly sigma?: number;
  readonly seed: number;
  readonly method: 'cma-es' | 'random';
  readonly stream?: boolean;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly report?: string;
  readonly transformersCache?: string;
}

const NOTES = `
The configuration names a recipe and its parameters; $name in the recipe stands for one:

  recipe: ./recipe.yml
  parameters:
    chat: { low: 0, high: 1, start: 0.5 }
    layers: { low: 0, high: 1, count: 5 }
    cut: { choices: [[0, 8], [0, 12]] }

The module of --evaluate exports a function that gives a number, higher is better:
  export const evaluate = async (params, { values, recipe }) => …
With --stream it gets the path of the merged folder in place of params.
`;

/** `weightloom-merge evolve`. */
export function addEvolveCommand(program: Command): void {
  addSubcommand(program, 'evolve <config> <output>')
    .description('Search by CMA-ES for the parameters of a recipe whose merged model scores highest.')
    .requiredOption('--evaluate <module>', 'JavaScript module that scores a merged model')
    .option('--generations <number>', 'generations (default: of the configuration, or 20)', parseWhole)
    .option(
      '--population <number>',
      'candidates of a generation (default: grows with the parameters)',
      parseWhole,
    )
    .option(
      '--sigma <number>',
      'first standard deviation, as a share of each range (default: 0.3)',
      parsePositive,
    )
    .option('--seed <number>', 'seed of the search', parseWhole, 0)
    .addOption(
      new Option('--method <name>', 'how candidates are chosen')
        .choices(['cma-es', 'random'])
        .default('cma-es'),
    )
    .option(
      '--stream',
      'write each candidate to a folder and score that, for models that memory does not hold',
    )
    .option('--resume', 'go on from the last generation that is done')
    .option('--overwrite', 'begin anew where an earlier search has left files')
    .option('--report <file>', 'also write an HTML page about the search')
    .option('--transformers-cache <folder>', 'cache of Hugging Face to look for models in')
    .addHelpText('after', NOTES)
    .action(
      cliAction<[string, string], EvolveOptions>(async ({ options, onProgress, signal }, file, output) => {
        const config = parseEvolution(await readFile(file, 'utf8'), { label: file });
        const recipe =
          'text' in config.recipe
            ? config.recipe.text
            : await readFile(resolve(dirname(file), config.recipe.path), 'utf8');
        const metric = await loadMetric<never>(options.evaluate);
        const score: EvolveScore = options.stream ? { evaluateFolder: metric } : { evaluate: metric };
        const {
          best,
          start,
          state,
          recipe: found,
          model,
        } = await evolveRecipe({
          ...score,
          recipe,
          parameters: config.parameters,
          generations: options.generations ?? config.generations,
          population: options.population ?? config.population,
          sigma: options.sigma ?? config.sigma,
          method: options.method,
          key: key(options.seed),
          output,
          resume: options.resume,
          overwrite: options.overwrite,
          hubCache: options.transformersCache,
          onProgress,
          signal,
        });
        if (options.report) {
          await writeReport(options.report, evolutionReport({ best, start, state, recipe: found }));
        }
        const table: Table = {
          columns: ['parameter', 'start', 'best'],
          rows: Object.keys(best.values).map((name) => [
            name,
            showValue(start.values[name]),
            showValue(best.values[name]),
          ]),
        };
        const { evaluated } = state;
        return {
          json: { best, start, evaluations: evaluated.length, model, recipe: found, report: options.report },
          text: [
            table,
            `score ${formatNumber(best.score)} after ${evaluated.length} evaluations, from ${formatNumber(start.score)}; the model is in ${model}`,
          ],
        };
      }),
    );
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('a number above 0 is needed');
}
