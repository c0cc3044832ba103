/**
 * One JSON document, indented by two. Typed arrays become arrays. `NaN` and infinities, which JSON cannot hold and
 * would turn into `null`, become the strings `"NaN"`, `"Infinity"`, `"-Infinity"`; a `bigint` becomes its digits in a
 * string.
 */
export const formatJson = (value: unknown): string => JSON.stringify(value, replace, 2) ?? 'null';

function replace(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint') return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float64Array);
  return value;
}
