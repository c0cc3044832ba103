import { openCheckpoint } from '@weightloom/checkpoint/node';
import { cliAction, writeReport } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { compareWeights } from '../diagnose/compare-weights.js';
import { diagnoseAdapter } from '../diagnose/diagnose-adapter.js';
import { diagnosisReport } from '../diagnose/diagnosis-report.js';
import { reduceIntruders } from '../diagnose/reduce-intruders.js';
import { loadAdapter } from '../node/load-adapter.js';
import { saveAdapter } from '../node/save-adapter.js';
import { number, wholeNumber } from './options.js';

interface DiagnoseCliOptions {
  base: string;
  tuned?: boolean;
  topK: number;
  threshold: number;
  report?: string;
  keep?: number;
  out?: string;
  overwrite?: boolean;
}

/** Adds `diagnose`. */
export function addDiagnoseCommand(program: Command): void {
  program
    .command('diagnose <adapter>')
    .description(
      'intruder dimensions, effective rank and size of what an adapter (or a full fine-tune) does to its base',
    )
    .requiredOption('--base <path>', 'the base')
    .option('--tuned', 'the argument is a fine-tuned model, not an adapter')
    .option('--top-k <count>', 'how many of the largest directions are looked at', wholeNumber, 10)
    .option(
      '--threshold <cosine>',
      'a direction less similar than that to every direction of the base is an intruder',
      number,
      0.5,
    )
    .option('--report <file>', 'write an HTML report')
    .option(
      '--keep <share>',
      'scale intruders to this share of their size and write the adapter to --out',
      number,
    )
    .option('--out <folder>', 'where to write the adapter with scaled intruders')
    .option('--overwrite', 'replace an adapter that is already there')
    .action(
      cliAction<[string], DiagnoseCliOptions>(async ({ options, onProgress, signal }, path) => {
        const { topK, threshold, keep, out } = options;
        if ((keep === undefined) !== (out === undefined)) throw new Error('--keep and --out go together');
        if (keep !== undefined && options.tuned) throw new Error('--keep needs an adapter, not --tuned');
        await using base = await openCheckpoint(options.base, { signal });
        const settings = { topK, threshold, onProgress, signal };
        const adapter = options.tuned ? undefined : await loadAdapter(path, { signal });
        const diagnosis = adapter
          ? await diagnoseAdapter(adapter, base, settings)
          : await compareTuned(path, base, settings);
        if (options.report !== undefined) await writeReport(options.report, diagnosisReport(diagnosis, path));
        if (adapter && keep !== undefined && out !== undefined) {
          const reduced = await reduceIntruders(adapter, base, { topK, threshold, keep });
          await saveAdapter(reduced.adapter, out, { overwrite: options.overwrite });
        }
        const columns = ['module', 'rank', '‖ΔW‖', '‖ΔW‖ / ‖W‖', 'effective rank', 'intruders'];
        const rows = diagnosis.layers.map((l) => [
          l.path,
          l.rank,
          l.norm,
          l.relativeNorm,
          l.effectiveRank,
          l.intruders,
        ]);
        const notes = [
          `${diagnosis.intruders} intruder dimensions in ${diagnosis.layers.length} modules`,
          ...(options.report === undefined ? [] : [`report: ${options.report}`]),
          ...(out === undefined ? [] : [`adapter with ${keep} of each intruder: ${out}`]),
        ];
        return { json: diagnosis, text: [{ columns, rows }, notes.join('\n')] };
      }),
    );
}

async function compareTuned(
  path: string,
  base: Parameters<typeof compareWeights>[0],
  settings: Parameters<typeof compareWeights>[2],
) {
  await using tuned = await openCheckpoint(path);
  return await compareWeights(base, tuned, settings);
}
