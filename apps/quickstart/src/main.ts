import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cliAction, createProgram, runCli, writeReport } from '@weightloom/cli-kit/node';
import { loadDigits } from '@weightloom/datasets';
import { saveStateDict } from '@weightloom/state-dict/node';
import { type Outcome, runSeed, stepsPerSeed } from './experiment.js';
import { gainTable, reportOf, scoreTable } from './report.js';
import { gainsOf, meanGain, rowsOf } from './summary.js';

const seedsOf = (text: string): number[] => {
  const seeds = text.split(',').map(Number);
  if (
    seeds.length === 0 ||
    seeds.some((s) => !Number.isInteger(s) || s < 0) ||
    new Set(seeds).size < seeds.length
  ) {
    throw new RangeError(`--seeds: expected different whole numbers ≥ 0 between commas, received "${text}"`);
  }
  return seeds;
};

const program = createProgram({
  name: 'quickstart',
  description: 'Trains, fine-tunes and merges a digit model, and writes what came out.',
  version: '0.0.0',
})
  .option('--out <folder>', 'where to write soup.safetensors and report.html', 'quickstart-out')
  .option('--seeds <list>', 'seeds between commas', '0,1,2')
  .action(
    cliAction<[], { out: string; seeds: string }>(async ({ options, onProgress, signal }) => {
      const seeds = seedsOf(options.seeds);
      const out = resolve(options.out);
      const started = performance.now();
      const digits = await loadDigits();
      const total = stepsPerSeed * seeds.length;
      let done = 0;
      const outcomes: Outcome[] = [];
      for (const seed of seeds) {
        outcomes.push(
          await runSeed(digits, seed, {
            signal,
            onStep: (label) => onProgress({ done: ++done, total, label }),
          }),
        );
      }
      const seconds = (performance.now() - started) / 1000;
      await mkdir(out, { recursive: true });
      const files = { soup: join(out, 'soup.safetensors'), report: join(out, 'report.html') };
      await saveStateDict(files.soup, outcomes[0].soup);
      await writeReport(files.report, reportOf(outcomes, seconds));
      const gains = gainsOf(outcomes);
      const gain = meanGain(gains);
      const verdict =
        `On shifted pictures the uniform soup is ${Math.abs(gain).toFixed(1)} points ` +
        `${gain > 0 ? 'above' : 'below'} the mean of its ingredients (mean of ${seeds.length} seeds).`;
      return {
        json: {
          seeds,
          models: rowsOf(outcomes),
          gains,
          meanGain: gain,
          seconds,
          backend: outcomes[0].backend,
          files,
        },
        text: [
          scoreTable(outcomes),
          gainTable(outcomes),
          `${verdict}\nComputed in ${seconds.toFixed(1)} s on ${outcomes[0].backend}. Wrote ${files.soup}\nand ${files.report}`,
        ],
      };
    }),
  );

process.exitCode = await runCli(program);
