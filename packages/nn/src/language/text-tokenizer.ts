/** Text to tokens and back. */
export interface TextTokenizer {
  /** Token numbers, with the special tokens the model expects at the ends. */
  encode(text: string): Int32Array<ArrayBuffer>;
  /** Text without special tokens. */
  decode(tokens: ArrayLike<number>): string;
}

/** The tokenizer of a model folder, by `@huggingface/tokenizers`; `undefined` without `tokenizer.json`. */
export async function loadTokenizer(
  files: ReadonlyMap<string, Uint8Array>,
): Promise<TextTokenizer | undefined> {
  const json = files.get('tokenizer.json');
  if (!json) return undefined;
  const { Tokenizer } = await import('@huggingface/tokenizers');
  const parse = (bytes: Uint8Array): object => JSON.parse(new TextDecoder().decode(bytes)) as object;
  const config = files.get('tokenizer_config.json');
  const tokenizer = new Tokenizer(parse(json), config ? parse(config) : {});
  return {
    encode: (text) => Int32Array.from(tokenizer.encode(text).ids),
    decode: (tokens) => tokenizer.decode(Array.from(tokens), { skip_special_tokens: true }),
  };
}
