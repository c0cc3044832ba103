/**
 * Reads the JSON object in a file.
 *
 * @param where - names the file, for messages
 * @throws {RangeError} when it holds something else
 */
export function parseJson(where: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (cause) {
    throw new RangeError(`${where}: expected JSON, received something else`, { cause });
  }
  throw new RangeError(`${where}: expected a JSON object, received another value`);
}
