import type { CsvFile, CsvRow } from './read-csv.js';
import { columnOf } from './read-csv.js';
import type { MissingPolicy } from './cells.js';
import { labelCell, numberCell } from './cells.js';

/** A feature column of a CSV file; one with categories becomes an indicator per category but the first. */
interface FeatureColumn {
  readonly name: string;
  readonly categories?: readonly string[];
}

/** Which columns a model was trained on, and how their cells become numbers. */
export type FeatureSchema = readonly FeatureColumn[];

/** Said where the cell of a feature is no number. */
export const FEATURE_CURE = 'name the column in --categorical if it holds labels';

/** Names of the numbers a row becomes: `age`, `colour=red`, … */
export const featureNames = (schema: FeatureSchema): string[] =>
  schema.flatMap(({ name, categories }) => categories?.slice(1).map((label) => `${name}=${label}`) ?? [name]);

/**
 * Turns rows of one file into features.
 *
 * @returns a function that answers the numbers of a row, or undefined when a cell is missing and the policy is to drop
 * @throws {Error} when the file lacks a column; the function throws for a cell that is no number or a label not seen in
 *   training (with the line)
 */
export function rowEncoder(
  schema: FeatureSchema,
  file: CsvFile,
  missing: MissingPolicy,
): (row: CsvRow) => number[] | undefined {
  const columns = schema.map(({ name, categories }) => ({ name, categories, at: columnOf(file, name) }));
  return ({ line, cells }) => {
    const numbers: number[] = [];
    for (const { name, categories, at } of columns) {
      const place = { path: file.path, line, column: name, cure: FEATURE_CURE };
      if (!categories) {
        const value = numberCell(cells[at]!, place, missing);
        if (value === undefined) return undefined;
        numbers.push(value);
        continue;
      }
      const label = labelCell(cells[at]!, place, missing);
      if (label === undefined) return undefined;
      if (!categories.includes(label))
        throw new Error(
          `${file.path}, line ${line}, column "${name}": label "${label}" was not in the training data (${categories.join(', ')})`,
        );
      for (const category of categories.slice(1)) numbers.push(category === label ? 1 : 0);
    }
    return numbers;
  };
}
