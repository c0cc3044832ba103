import type { TensorSource } from '@weightloom/state-dict';
import { numberAt } from '../internal/json.js';
import { suggestClose } from '../internal/suggest.js';
import { type RecipeModels, referencesOf } from './open-models.js';
import { originOf } from './output-files.js';
import { readTokenizer, type Tokenizer } from './read-tokenizer.js';
import type { Recipe, RecipeTokenizer, TokenSource } from './recipe.js';
import { RecipeError } from './recipe-error.js';
import { modelTensor, type RecipeModel } from './recipe-model.js';
import { type Row, rowSource } from './row-source.js';
import { largestId, unionTokenizer } from './union-tokenizer.js';
import type { Vocabulary } from './vocabulary.js';

/**
 * Works out the vocabulary that a recipe's `tokenizer` section asks for; `undefined` where it has none.
 *
 * For each token and model: the model's own row, where it has the token (unless the recipe forces another); else what the
 * recipe says of the token; else the row of the only model that has it; else the base's; else the mean of those of all
 * models that have it; else zeros. Rows without a token are the mean of all rows of the model.
 */
export async function planVocabulary(recipe: Recipe, models: RecipeModels): Promise<Vocabulary | undefined> {
  const { tokenizer } = recipe;
  if (!tokenizer) return undefined;
  const tokenizers = new Map<RecipeModel, Tokenizer>();
  for (const reference of referencesOf(recipe)) {
    const model = models.get(reference);
    if (!tokenizers.has(model)) tokenizers.set(model, await readTokenizer(model));
  }
  const origin = originOf(recipe, models);
  const { ids, files, warnings } = await outputTokenizer(tokenizer, origin, models, tokenizers);
  const multiple = tokenizer.padToMultipleOf ?? 1;
  const size = Math.ceil((largestId(ids) + 1) / multiple) * multiple;

  const owners = [...tokenizers.values()];
  const base = recipe.base && models.get(recipe.base);
  const rowsOf = (model: RecipeModel): Row[] => {
    const rows: Row[] = new Array<Row>(size).fill({ kind: 'mean-of-all' });
    for (const [token, id] of ids) rows[id] = rowOf(token, model);
    return rows;
  };
  const idIn = (model: RecipeModel, token: string): number | undefined => {
    const id = tokenizers.get(model)!.ids.get(token);
    return id !== undefined && id < limitOf(model) ? id : undefined;
  };
  const rowOf = (token: string, model: RecipeModel): Row => {
    const wish = tokenizer.tokens.get(token);
    const own = idIn(model, token);
    if (own !== undefined && !(wish?.force && wish.source)) return { kind: 'row', model, id: own };
    if (wish?.source) return wishedRow(token, wish.source, wish.where);
    const having = owners.flatMap(({ model: owner }) => {
      const id = idIn(owner, token);
      return id === undefined ? [] : [{ model: owner, id }];
    });
    if (having.length === 1) return { kind: 'row', ...having[0]! };
    const inBase = having.find(({ model: owner }) => owner === base);
    if (inBase) return { kind: 'row', ...inBase };
    return having.length > 0 ? { kind: 'mean', of: having } : { kind: 'zero' };
  };
  const wishedRow = (token: string, source: TokenSource, where: string): Row => {
    if (source.kind === 'zero') return source;
    const model = models.get(source.model);
    const wanted = source.kind === 'model_token' ? (source.token ?? source.tokenId!) : token;
    const id = typeof wanted === 'number' ? wanted : idIn(model, wanted);
    if (id !== undefined && id < limitOf(model)) return { kind: 'row', model, id };
    throw new RecipeError({
      where,
      expected: `a token ${JSON.stringify(wanted)} in ${model.label}, for ${JSON.stringify(token)}`,
      received: 'none',
    });
  };

  for (const [token, { where }] of tokenizer.tokens) {
    if (ids.has(token)) continue;
    throw new RecipeError({
      where,
      expected: 'a token of the output vocabulary',
      received: JSON.stringify(token),
      cure: suggestClose(token, [...ids.keys()]),
    });
  }
  const plans = new Map<RecipeModel, Row[]>();
  return {
    size,
    files,
    warnings,
    reindex(model: RecipeModel, name: string, source: TensorSource): TensorSource {
      const rows = plans.get(model) ?? rowsOf(model);
      plans.set(model, rows);
      const isAsItIs = (row: Row, i: number) => row.kind === 'row' && row.model === model && row.id === i;
      if (source.shape[0] === size && rows.every(isAsItIs)) return source;
      return rowSource(source, rows, (other) => {
        const found = other === model ? source : modelTensor(other, name);
        if (found) return found;
        throw new RecipeError({
          where: other.label,
          expected: `a tensor ${JSON.stringify(name)}`,
          received: 'none',
        });
      });
    },
  };
}

/** Ids from here on have no row. */
const limitOf = ({ config }: RecipeModel): number => (config && numberAt(config, 'vocab_size')) ?? Infinity;

type OutputTokenizer = Pick<Vocabulary, 'files' | 'warnings'> & {
  readonly ids: ReadonlyMap<string, number>;
};

/** Files of slow tokenizers, which know nothing of tokens that join. */
const OUTDATED =
  /^(tokenizer\.model|vocab\.(json|txt)|merges\.txt|added_tokens\.json|spiece\.model|sentencepiece\.bpe\.model)$/;

const TOKENIZER_FILE =
  /^(tokenizer|vocab|merges|special_tokens|added_tokens|spiece|sentencepiece|tekken|chat_template)/;

async function outputTokenizer(
  { source }: RecipeTokenizer,
  origin: RecipeModel,
  models: RecipeModels,
  tokenizers: ReadonlyMap<RecipeModel, Tokenizer>,
): Promise<OutputTokenizer> {
  const filesOf = async ({ checkpoint }: RecipeModel) =>
    new Map<string, Uint8Array | string>(
      [...(await checkpoint.readModelFiles())].filter(([name]) => TOKENIZER_FILE.test(name)),
    );
  if (source !== 'union') {
    const model = source === 'base' ? origin : models.get(source);
    const files = model === origin ? undefined : await filesOf(model);
    return { ids: tokenizers.get(model)!.ids, files, warnings: [] };
  }
  const first = tokenizers.get(origin)!;
  const others = [...tokenizers.values()].filter((tokenizer) => tokenizer !== first);
  if (others.every(({ ids }) => [...ids.keys()].every((token) => first.ids.has(token)))) {
    return { ids: first.ids, warnings: [] };
  }
  const { ids, text } = unionTokenizer([first, ...others]);
  const files = await filesOf(origin);
  const outdated = [...files.keys()].filter((name) => OUTDATED.test(name));
  for (const name of outdated) files.delete(name);
  files.set('tokenizer.json', text);
  const warnings =
    outdated.length > 0 ? [`left out, as they lack the tokens that joined: ${outdated.join(', ')}`] : [];
  return { ids, files, warnings };
}
