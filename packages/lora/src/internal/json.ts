import { isLosslessNumber, LosslessNumber, parse } from 'lossless-json';
import { AdapterError } from '../adapter-error.js';

/** A JSON value whose numbers keep the text they were written with. */
export type JsonValue = null | boolean | string | LosslessNumber | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Configurations nest three deep; anything deeper is an attack on the parser. */
const MAX_DEPTH = 32;
/** Configurations of real adapters take a few kilobytes; those that list every module, a few hundred. */
const MAX_BYTES = 16 * 2 ** 20;

/** Parses a JSON object, keeping how numbers are written; duplicate keys and other roots are refused. */
export function parseJsonObject(text: string, where: string): JsonObject {
  if (text.length > MAX_BYTES) {
    throw new AdapterError({
      where,
      expected: 'at most 16 MiB of JSON',
      received: `${text.length} characters`,
    });
  }
  checkDepth(text, where);
  let value: unknown;
  try {
    value = parse(text.replace(/^\uFEFF/, ''), undefined, {
      onDuplicateKey: ({ key }) => {
        throw new SyntaxError(`the key ${JSON.stringify(key)} twice`);
      },
    });
  } catch (cause) {
    const received = cause instanceof Error ? cause.message : String(cause);
    throw new AdapterError({ where, expected: 'valid JSON', received, cause });
  }
  if (!isObject(value)) throw new AdapterError({ where, expected: 'a JSON object', received: kindOf(value) });
  return value;
}

function checkDepth(text: string, where: string): void {
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > MAX_DEPTH)
      throw new AdapterError({ where, expected: `nesting up to ${MAX_DEPTH}`, received: 'deeper nesting' });
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);

const kindOf = (value: unknown): string =>
  Array.isArray(value)
    ? 'an array'
    : isLosslessNumber(value)
      ? 'a number'
      : value === null
        ? 'null'
        : `a ${typeof value}`;

/** The same value with JavaScript numbers; objects have no prototype, so `__proto__` is a key like any other. */
export function plain(value: JsonValue): unknown {
  if (isLosslessNumber(value)) return Number(value.value);
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const out = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) out[key] = plain(item);
  return out;
}

/** The number as Python's `json` writes it: `kind` tells whether the value is an int or a float there. */
export function pythonNumber(value: number, kind: 'int' | 'float'): LosslessNumber {
  if (kind === 'int' && Number.isInteger(value)) return new LosslessNumber(String(value));
  const [mantissa, exponent = ''] = value.toExponential().split('e') as [string, string?];
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) {
    const sign = power < 0 ? '-' : '+';
    return new LosslessNumber(`${mantissa}e${sign}${String(Math.abs(power)).padStart(2, '0')}`);
  }
  const text = String(value);
  return new LosslessNumber(/[.e]/.test(text) ? text : `${text}.0`);
}

/** Patterns are tried in the order they are written in, so sorting them could change what they mean. */
const ORDERED: ReadonlySet<string> = new Set(['rank_pattern', 'alpha_pattern']);

/**
 * Writes JSON as Python's `json.dumps(value, indent=2, sort_keys=True)` does: keys sorted (but for patterns, whose order has a
 * meaning), two blanks, everything but printable ASCII escaped, no newline at the end. Numbers are written as they were read.
 *
 * Written by hand because `stringify` escapes less and follows the order of JavaScript objects.
 */
export function writePythonJson(value: JsonValue, indent = '', ordered = false): string {
  const inner = `${indent}  `;
  const wrap = (open: string, items: string[], close: string): string =>
    items.length === 0 ? open + close : `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}`;
  if (isLosslessNumber(value)) return value.value;
  if (Array.isArray(value))
    return wrap(
      '[',
      value.map((item) => writePythonJson(item, inner)),
      ']',
    );
  if (!isObject(value)) return pythonString(value);
  const keys = Object.keys(value);
  if (!ordered) keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const items = keys.map(
    (key) => `${pythonString(key)}: ${writePythonJson(value[key]!, inner, ORDERED.has(key))}`,
  );
  return wrap('{', items, '}');
}

const pythonString = (value: unknown): string =>
  JSON.stringify(value).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
