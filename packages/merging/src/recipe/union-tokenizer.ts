import { listSome } from '../internal/list-some.js';
import type { AddedToken, Tokenizer, TokenizerJson } from './read-tokenizer.js';
import { RecipeError } from './recipe-error.js';

/** A tokenizer with the tokens of several. */
export interface UnionTokenizer {
  readonly ids: ReadonlyMap<string, number>;
  /** Text of its `tokenizer.json`. */
  readonly text: string;
}

/**
 * The first tokenizer with the tokens of the others behind its own: in the order of the tokenizers, then of their ids.
 *
 * Tokens that another matches whole stay such; the others join the vocabulary, where only the merges of the first
 * tokenizer can make them.
 *
 * @throws {RecipeError} for a tokenizer without `tokenizer.json`, or of another kind than the first
 */
export function unionTokenizer(tokenizers: readonly Tokenizer[]): UnionTokenizer {
  const [first, ...others] = tokenizers;
  const lacking = tokenizers.find(({ json }) => json === undefined);
  if (lacking) {
    throw new RecipeError({
      where: lacking.model.label,
      expected: 'a tokenizer.json, to join vocabularies',
      received: 'another form of tokenizer',
      cure: 'set tokenizer_source to base or to a model',
    });
  }
  const ids = new Map(first!.ids);
  const json = first!.json!;
  const added: AddedToken[] = [...(json.added_tokens ?? [])];
  const plain: [token: string, id: number, score: number][] = [];
  let next = largestId(ids) + 1;
  for (const { model, ids: own, json: other } of others) {
    if (Array.isArray(other!.model.vocab) !== Array.isArray(json.model.vocab)) {
      throw new RecipeError({
        where: `${model.label}: tokenizer.json`,
        expected: `a tokenizer of the kind of ${first!.model.label}`,
        received: `one of type ${JSON.stringify(other!.model.type)}`,
      });
    }
    const whole = new Map((other!.added_tokens ?? []).map((token) => [token.content, token]));
    for (const [token, id] of [...own].sort((a, b) => a[1] - b[1])) {
      if (ids.has(token)) continue;
      const description = whole.get(token);
      if (description) added.push({ ...description, id: next });
      else plain.push([token, next, scoreOf(other!, id)]);
      ids.set(token, next++);
    }
  }
  const vocab = joinVocabulary(json, plain, ids);
  return {
    ids,
    text: `${JSON.stringify({ ...json, added_tokens: added, model: { ...json.model, vocab } }, null, 2)}\n`,
  };
}

/** The largest id; -1 when there is none. */
export function largestId(ids: ReadonlyMap<string, number>): number {
  let largest = -1;
  for (const id of ids.values()) if (id > largest) largest = id;
  return largest;
}

function scoreOf({ model: { vocab } }: TokenizerJson, id: number): number {
  return Array.isArray(vocab) ? ((vocab as readonly (readonly [string, number])[])[id]?.[1] ?? 0) : 0;
}

function joinVocabulary(
  { model: { vocab } }: TokenizerJson,
  plain: readonly [token: string, id: number, score: number][],
  ids: ReadonlyMap<string, number>,
): TokenizerJson['model']['vocab'] {
  if (!Array.isArray(vocab)) {
    const entries = [
      ...Object.entries(vocab as Record<string, number>),
      ...plain.map(([token, id]) => [token, id] as const),
    ];
    return Object.fromEntries(entries);
  }
  const list = [...(vocab as readonly (readonly [string, number])[])];
  // In a list the place is the id, so that nothing may stand between.
  for (const [token, id, score] of plain) {
    if (id !== list.length) {
      const between = [...ids]
        .filter(([, other]) => other >= list.length && other < id)
        .map(([name]) => name);
      throw new RecipeError({
        where: 'tokenizer',
        expected: 'vocabularies whose tokens can be joined in one list',
        received: `the tokens ${listSome(between)} before ${JSON.stringify(token)}`,
        cure: 'set tokenizer_source to base or to a model',
      });
    }
    list.push([token, score]);
  }
  return list;
}
