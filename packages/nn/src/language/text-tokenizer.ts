import { parseJson } from '../internal/parse-json.js';

/** Text to tokens and back. */
export interface TextTokenizer {
  /** Token numbers, with the special tokens the model expects at the ends. */
  encode(text: string): Int32Array<ArrayBuffer>;
  /** Text without special tokens. */
  decode(tokens: ArrayLike<number>): string;
}

/**
 * The tokenizer of a model folder, by `@huggingface/tokenizers`; `undefined` without `tokenizer.json`.
 *
 * @param label - the folder, for messages
 * @throws {RangeError} for files that are no JSON, or that the library does not read
 */
export async function loadTokenizer(
  label: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<TextTokenizer | undefined> {
  const json = files.get('tokenizer.json');
  if (!json) return undefined;
  const { Tokenizer } = await import('@huggingface/tokenizers');
  const config = files.get('tokenizer_config.json');
  const settings = config ? parseJson(`tokenizer_config.json of ${label}`, config) : {};
  const data = parseJson(`tokenizer.json of ${label}`, json);
  let tokenizer: InstanceType<typeof Tokenizer>;
  try {
    tokenizer = new Tokenizer(data, settings);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(
      `tokenizer.json of ${label}: expected a tokenizer for @huggingface/tokenizers, received another: ${message}`,
      { cause },
    );
  }
  return {
    encode: (text) => Int32Array.from(tokenizer.encode(text).ids),
    decode: (tokens) => tokenizer.decode(Array.from(tokens), { skip_special_tokens: true }),
  };
}
