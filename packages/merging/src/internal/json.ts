import { isLosslessNumber, parse, stringify } from 'lossless-json';

/** A JSON object whose numbers are kept as they are written. */
export type JsonObject = Record<string, unknown>;

/**
 * Reads a JSON object.
 *
 * @returns `undefined` when the text is no JSON object
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value = parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);

/** The object as text, indented as Python libraries do. */
export const showJson = (value: JsonObject): string => `${stringify(value, undefined, 2)!}\n`;

/** A number at a key, or `undefined`. */
export function numberAt(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  if (isLosslessNumber(value)) return Number(value.value);
  return typeof value === 'number' ? value : undefined;
}

/** Text at a key, or `undefined`. */
export function textAt(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}
