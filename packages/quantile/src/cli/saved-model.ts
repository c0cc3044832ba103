import { readFile } from 'node:fs/promises';
import type { QuantileModel } from '../models/quantile-model.js';
import { quantileModelFromJSON } from '../models/quantile-model-from-json.js';
import type { FeatureSchema } from './feature-schema.js';
import { featureNames } from './feature-schema.js';
import { writeText } from './write-text.js';

/** A model with the columns it reads. */
export interface TableModel {
  readonly target: string;
  readonly schema: FeatureSchema;
  readonly model: QuantileModel;
}

const FORMAT = 'weightloom-quantile-table-model';

/** Saves a model with its columns as JSON. */
export const saveModel = (path: string, { target, schema, model }: TableModel): Promise<void> =>
  writeText(path, `${JSON.stringify({ format: FORMAT, version: 1, target, features: schema, model })}\n`);

/** Loads what {@link saveModel} saved. */
export async function loadModel(path: string): Promise<TableModel> {
  const json = await readJson(path);
  if (json.format !== FORMAT || json.version !== 1)
    throw new Error(
      `${path} is not a model of weightloom-quantile fit --save (expected format "${FORMAT}", version 1)`,
    );
  const { target, features } = json as { target: unknown; features: unknown };
  if (typeof target !== 'string' || !isSchema(features))
    throw new Error(`${path}: target or features are damaged`);
  const model = quantileModelFromJSON(json.model);
  if (featureNames(features).length !== model.features)
    throw new Error(`${path}: the features do not fit the model`);
  return { target, schema: features, model };
}

/** Reads a JSON object. */
export async function readJson(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(`there is no file "${path}"`, { cause: error }) : error;
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (value === null || typeof value !== 'object') throw new Error(`${path} does not hold a JSON object`);
  return value as Record<string, unknown>;
}

const isSchema = (value: unknown): value is FeatureSchema =>
  Array.isArray(value) &&
  value.every(
    (column: { name?: unknown; categories?: unknown } | null) =>
      typeof column?.name === 'string' &&
      (column.categories === undefined ||
        (Array.isArray(column.categories) && column.categories.every((label) => typeof label === 'string'))),
  );
