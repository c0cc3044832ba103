import { toLevels } from '../internal/check-data.js';
import type { Tree } from '../internal/grow-tree.js';
import type { QuantileModelJSON } from './quantile-model.js';

const where = 'quantileModelFromJSON';

/** Reads typed fields of a JSON object, naming the one that is wrong. */
export interface Fields {
  number(name: string): number;
  boolean(name: string): boolean;
  string(name: string): string;
  numbers(name: string): Float64Array;
  strings(name: string): string[];
  list(name: string): Fields[];
  object(name: string): Fields;
}

/** Checks the fields every model has. */
export function readModel(
  json: QuantileModelJSON,
  method: string,
): { levels: Float64Array; features: number; fields: Fields } {
  const fields = fieldsOf(json, method);
  const features = fields.number('features');
  if (!(Number.isInteger(features) && features > 0))
    throw new RangeError(`${where}: features is ${features}, expected a positive integer`);
  return { levels: toLevels(where, fields.numbers('levels')), features, fields };
}

/** Reads the fields of one object; `path` names it in errors. */
export function fieldsOf(source: unknown, path: string): Fields {
  if (source === null || typeof source !== 'object')
    throw new TypeError(`${where}: ${path} must be an object, got ${JSON.stringify(source)}`);
  const record = source as Record<string, unknown>;
  const fail = (name: string, expected: string): never => {
    throw new TypeError(`${where}: ${path}.${name} must be ${expected}`);
  };
  const array = (name: string): unknown[] => {
    const value = record[name];
    return Array.isArray(value) ? value : fail(name, 'an array');
  };
  return {
    number(name) {
      const value = record[name];
      return typeof value === 'number' ? value : fail(name, 'a number');
    },
    boolean(name) {
      const value = record[name];
      return typeof value === 'boolean' ? value : fail(name, 'true or false');
    },
    string(name) {
      const value = record[name];
      return typeof value === 'string' ? value : fail(name, 'a string');
    },
    numbers(name) {
      const values = array(name);
      const bad = values.findIndex((value) => typeof value !== 'number');
      if (bad >= 0) fail(`${name}[${bad}]`, 'a number');
      return Float64Array.from(values as number[]);
    },
    strings(name) {
      const values = array(name);
      const bad = values.findIndex((value) => typeof value !== 'string');
      if (bad >= 0) fail(`${name}[${bad}]`, 'a string');
      return values as string[];
    },
    object: (name) => fieldsOf(record[name], `${path}.${name}`),
    list: (name) => array(name).map((entry, k) => fieldsOf(entry, `${path}.${name}[${k}]`)),
  };
}

/** JSON form of trees, with the nodes' values if there are any. */
export function writeTrees(
  trees: readonly Tree[],
  values?: readonly Float64Array[],
): readonly Record<string, number[]>[] {
  return trees.map(({ feature, threshold, left, right }, t) => ({
    feature: [...feature],
    threshold: [...threshold],
    left: [...left],
    right: [...right],
    ...(values && { value: [...values[t]!] }),
  }));
}

/** Reads trees back; every path must end in a leaf. */
export function readTrees(
  list: readonly Fields[],
  features: number,
  withValues: boolean,
): { trees: Tree[]; values: Float64Array[] | undefined } {
  const trees = list.map((entry, t) => {
    const feature = Int32Array.from(entry.numbers('feature'));
    const threshold = entry.numbers('threshold');
    const left = Int32Array.from(entry.numbers('left'));
    const right = Int32Array.from(entry.numbers('right'));
    const size = feature.length;
    const fits = threshold.length === size && left.length === size && right.length === size && size > 0;
    // Children come after their parent, so no path can run in a circle.
    const sound = feature.every((f, node) => {
      if (f < 0) return true;
      const inside = (child: number): boolean => child > node && child < size;
      return f < features && inside(left[node]!) && inside(right[node]!);
    });
    if (!fits || !sound) throw new RangeError(`${where}: tree ${t} is damaged`);
    return { feature, threshold, left, right };
  });
  if (!withValues) return { trees, values: undefined };
  const values = list.map((entry, t) => {
    const value = entry.numbers('value');
    if (value.length !== trees[t]!.feature.length)
      throw new RangeError(
        `${where}: tree ${t} has ${value.length} values for ${trees[t]!.feature.length} nodes`,
      );
    return value;
  });
  return { trees, values };
}
