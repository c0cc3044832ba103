import type { RecipeModel } from './recipe-model.js';
import { RecipeError } from './recipe-error.js';

/** A token that is matched before the text is cut up otherwise. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly [flag: string]: unknown;
}

/** `tokenizer.json`, as far as it is looked at. */
export interface TokenizerJson {
  readonly added_tokens?: readonly AddedToken[];
  readonly model: {
    /** Ids by token, or (Unigram) tokens with their scores in the order of ids. */
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [token: string, score: number])[];
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

/** The vocabulary of a model. */
export interface Tokenizer {
  readonly model: RecipeModel;
  /** Ids by token. */
  readonly ids: ReadonlyMap<string, number>;
  /** The parsed `tokenizer.json`; other forms of tokenizers have none. */
  readonly json: TokenizerJson | undefined;
}

/**
 * Reads the vocabulary of a model from `tokenizer.json`, or `vocab.json` and `added_tokens.json`, or `vocab.txt`.
 *
 * @throws {RecipeError} when the model has none of these, or they are damaged
 */
export async function readTokenizer(model: RecipeModel): Promise<Tokenizer> {
  const { checkpoint, label } = model;
  const text = async (name: string) => {
    const bytes = await checkpoint.readFile(name);
    return bytes && new TextDecoder().decode(bytes);
  };
  const tokenizer = await text('tokenizer.json');
  if (tokenizer !== undefined) {
    const json = parse(tokenizer, `${label}: tokenizer.json`) as Partial<TokenizerJson>;
    if (typeof json.model !== 'object' || json.model === null || typeof json.model.vocab !== 'object') {
      throw refuse(`${label}: tokenizer.json`, 'a model with a vocab', 'something else');
    }
    return { model, ids: idsOf(json as TokenizerJson, label), json: json as TokenizerJson };
  }
  const vocabulary = await text('vocab.json');
  if (vocabulary !== undefined) {
    const ids = new Map(Object.entries(parse(vocabulary, `${label}: vocab.json`)) as [string, number][]);
    const added = await text('added_tokens.json');
    const others = added === undefined ? {} : parse(added, `${label}: added_tokens.json`);
    for (const [token, id] of Object.entries(others)) ids.set(token, id as number);
    return { model, ids: checkIds(ids, `${label}: vocab.json`), json: undefined };
  }
  const lines = await text('vocab.txt');
  if (lines !== undefined) {
    const tokens = lines.replace(/\r?\n$/, '').split(/\r?\n/);
    return { model, ids: new Map(tokens.map((token, id) => [token, id])), json: undefined };
  }
  throw new RecipeError({
    where: label,
    expected: 'a vocabulary in tokenizer.json, vocab.json or vocab.txt',
    received: 'none of these files',
    cure: 'save the tokenizer of the model as a fast tokenizer, which writes tokenizer.json',
  });
}

function idsOf({ model, added_tokens = [] }: TokenizerJson, label: string): ReadonlyMap<string, number> {
  const { vocab } = model;
  const ids = new Map<string, number>(
    Array.isArray(vocab)
      ? (vocab as readonly (readonly [string, number])[]).map(([token], id) => [token, id])
      : Object.entries(vocab as Record<string, number>),
  );
  for (const { content, id } of added_tokens) ids.set(content, id);
  return checkIds(ids, `${label}: tokenizer.json`);
}

function checkIds(ids: Map<string, number>, where: string): ReadonlyMap<string, number> {
  for (const [token, id] of ids) {
    if (!Number.isSafeInteger(id) || id < 0 || id > MAX_ID) {
      throw refuse(where, `an id for ${JSON.stringify(token)} from 0 to ${MAX_ID}`, JSON.stringify(id));
    }
  }
  return ids;
}

/** Far above any vocabulary; keeps a damaged file from asking for endless memory. */
const MAX_ID = 2 ** 24;

function parse(text: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // told below
  }
  throw refuse(where, 'a JSON object', 'something else');
}

const refuse = (where: string, expected: string, received: string): RecipeError =>
  new RecipeError({ where, expected, received });
