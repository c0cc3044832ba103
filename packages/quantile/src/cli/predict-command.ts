import { cliAction, type CliResult } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import type { MissingPolicy } from './cells.js';
import { rowEncoder } from './feature-schema.js';
import { nameList, numberList, withMissing } from './options.js';
import { columnOf, openCsv, rowChunks } from './read-csv.js';
import { quantileColumn } from './read-forecast.js';
import { loadModel } from './saved-model.js';
import type { CsvSink } from './write-csv.js';
import { collectCsv, writeCsv } from './write-csv.js';

interface PredictOptions {
  levels?: number[];
  keep?: string[];
  out?: string;
  missing: MissingPolicy;
}

/** Rows predicted at a time: memory stays the same however long the file is. */
const CHUNK = 2048;

/** Adds `predict`. */
export function addPredictCommand(program: Command): void {
  const command = program
    .command('predict <model> <data>')
    .description('predict quantiles of the rows of a CSV file, one column q<level> per level; streams')
    .option('--levels <numbers>', 'levels to predict; default those of the fit', numberList)
    .option('--keep <columns>', 'columns of the data to copy in front', nameList)
    .option('--out <file>', 'write the predictions to a CSV file');
  withMissing(command).action(
    cliAction<[string, string], PredictOptions>(({ options }, model, data) => predict(model, data, options)),
  );
}

async function predict(modelPath: string, dataPath: string, options: PredictOptions): Promise<CliResult> {
  const { model, schema } = await loadModel(modelPath);
  const file = await openCsv(dataPath);
  const encode = rowEncoder(schema, file, options.missing);
  const keep = (options.keep ?? []).map((name) => ({ name, at: columnOf(file, name) }));
  const levels = [...(options.levels ?? model.levels)];
  // Refuses levels the model does not know before anything is written.
  model.predict({ data: [], rows: 0, columns: model.features }, levels);
  const predictions: (number | null)[][] = [];
  const collect = options.out === undefined;

  const fill = async (sink: CsvSink): Promise<{ rows: number; skipped: number }> => {
    let rows = 0;
    let skipped = 0;
    await sink.write([...keep.map(({ name }) => name), ...levels.map(quantileColumn)]);
    for await (const chunk of rowChunks(file.rows, CHUNK)) {
      const features = chunk.map(encode);
      const complete = features.filter((row) => row !== undefined);
      const { data } = model.predict(
        { data: complete.flat(), rows: complete.length, columns: model.features },
        levels,
      );
      let at = 0;
      for (const [i, { cells }] of chunk.entries()) {
        const known = features[i] !== undefined;
        const quantiles = known ? [...data.subarray(at, (at += levels.length))] : levels.map(() => '');
        await sink.write([...keep.map((column) => cells[column.at]!), ...quantiles]);
        if (collect) predictions.push(known ? (quantiles as number[]) : levels.map(() => null));
        rows++;
        if (!known) skipped++;
      }
    }
    return { rows, skipped };
  };
  if (options.out !== undefined) {
    const { rows, skipped } = await writeCsv(options.out, fill);
    return {
      json: { levels, rows, skipped, out: options.out },
      text: `${rows} rows predicted to ${options.out}${skipped > 0 ? `, ${skipped} of them left empty for missing cells` : ''}.`,
    };
  }
  const { answer, text } = await collectCsv(fill);
  return { json: { levels, rows: answer.rows, skipped: answer.skipped, predictions }, text };
}
