import { parse } from 'yaml';
import type { AxisSpec, PermutationSpec } from './permutation-spec.js';

/**
 * Reads a permutation spec from JSON or YAML text.
 *
 * @param label - what to call the text in messages; default `the spec`
 * @throws {RangeError} for text that is no spec, naming the entry at fault. Whether it fits a model is seen when it is used.
 */
export function parsePermutationSpec(text: string, label = 'the spec'): PermutationSpec {
  const where = `parsePermutationSpec: ${label}`;
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new RangeError(`${where}: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
  if (!isRecord(value) || !isRecord(value.tensors)) {
    throw new RangeError(`${where}: expected a map with "tensors", received ${show(value)}`);
  }
  const unknown = Object.keys(value).find((key) => key !== 'tensors' && key !== 'transposed');
  if (unknown !== undefined) {
    throw new RangeError(
      `${where}: expected "tensors" and "transposed" alone, received ${JSON.stringify(unknown)}`,
    );
  }
  const tensors = Object.entries(value.tensors).map(([name, axes]) => {
    if (axes === null || (Array.isArray(axes) && axes.every(isAxis))) return [name, axes] as const;
    throw new RangeError(
      `${where}: expected null or a list with null, a group, or { group, block, parts } per axis for ${JSON.stringify(name)}, received ${show(axes)}`,
    );
  });
  const { transposed } = value;
  if (
    transposed !== undefined &&
    !(Array.isArray(transposed) && transposed.every((name) => typeof name === 'string'))
  ) {
    throw new RangeError(`${where}: expected a list of names as "transposed", received ${show(transposed)}`);
  }
  return { tensors: Object.fromEntries(tensors), ...(transposed && { transposed }) };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isAxis = (value: unknown): value is AxisSpec =>
  value === null ||
  typeof value === 'string' ||
  (isRecord(value) &&
    typeof value.group === 'string' &&
    Object.entries(value).every(
      ([key, entry]) => key === 'group' || (['block', 'parts'].includes(key) && typeof entry === 'number'),
    ));

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
