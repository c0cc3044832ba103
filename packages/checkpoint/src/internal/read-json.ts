import { Tokenizer, TokenParser } from '@streamparser/json';
import { CheckpointError, type CheckpointErrorCode } from '../checkpoint-error.js';
import { quote } from './text.js';

/** Steps of the parser in one JSON text: a header of 250 000 tensors takes 4 million; keeps the tree below 500 MB. */
const MAX_VALUES = 5_000_000;

/** The files read here nest three deep; configurations of real models at most about ten. */
const MAX_DEPTH = 64;

/** Longest number looked at: 2^64 has 20 digits, and turning a million digits into a number takes seconds. */
const MAX_NUMBER_LENGTH = 400;

export interface ReadJsonOptions {
  readonly where: string;
  /** The code for text that is not JSON. */
  readonly invalid: CheckpointErrorCode;
  /** Keys of the outermost object: beyond that many, reading stops. */
  readonly maxRootKeys?: number;
  /** What a number becomes; by default a number, or a bigint for an integer that a number cannot hold. */
  readonly parseNumber?: (text: string) => unknown;
}

/**
 * Parses UTF-8 JSON strictly and within bounds: duplicate keys, deep nesting, long numbers and endless lists are
 * refused as soon as they are read, before the rest of the text is. `__proto__` becomes an ordinary own key.
 *
 * The grammar is @streamparser/json's, which does not recurse; here are only the limits.
 */
export function readJson(bytes: Uint8Array, options: ReadJsonOptions): unknown {
  const { where, invalid, parseNumber = losslessNumber, maxRootKeys = MAX_VALUES } = options;
  const tokenizer = new NumberTokenizer((text) => {
    if (text.length > MAX_NUMBER_LENGTH) throw refusal(invalid, 'shorter numbers', `${text.length} digits`);
    return parseNumber(text);
  });
  const parser = new TokenParser({ emitPartialValues: true });
  let root: unknown;
  let values = 0;
  let rootKeys = 0;

  tokenizer.onToken = (token) => parser.write(token);
  parser.onValue = ({ value, key, parent, stack, partial }) => {
    if (stack.length > MAX_DEPTH)
      throw refusal('nesting-too-deep', `nesting up to ${MAX_DEPTH}`, 'deeper nesting');
    if (++values > MAX_VALUES) throw refusal('too-many-values', `at most ${MAX_VALUES} values`, 'more');
    if (stack.length === 0) root = value;
    const isNewKey = partial === true && typeof key === 'string' && parent !== undefined;
    if (!isNewKey) return;
    if (Object.hasOwn(parent, key)) throw refusal('duplicate-key', 'each key once', `${quote(key)} twice`);
    if (stack.length === 1 && ++rootKeys > maxRootKeys) {
      throw refusal('too-many-values', `at most ${maxRootKeys} keys`, 'more');
    }
  };

  try {
    tokenizer.write(bytes);
    tokenizer.end();
  } catch (error) {
    if (CheckpointError.isInstance(error)) throw error;
    throw refusal(invalid, 'valid JSON', error instanceof Error ? error.message : String(error), error);
  }
  if (!parser.isEnded) throw refusal(invalid, 'valid JSON', 'text that ends too early');
  return root;

  function refusal(code: CheckpointErrorCode, expected: string, received: string, cause?: unknown) {
    return new CheckpointError({ code, where, expected, received, cause });
  }
}

/** A tokenizer with its own numbers. The library's type says number, although whatever comes is carried along. */
class NumberTokenizer extends Tokenizer {
  constructor(private readonly convert: (text: string) => unknown) {
    // Small buffers: text is gathered in pieces of this size, not character by character.
    super({ stringBufferSize: 4096, numberBufferSize: 64 });
  }

  protected override parseNumber(text: string): number {
    return this.convert(text) as number;
  }
}

function losslessNumber(text: string): number | bigint {
  const value = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}
