import {
  isJsonObject,
  type JsonObject,
  numberAt,
  parseJsonObject,
  showJson,
  textAt,
} from '../internal/json.js';
import { suggestClose } from '../internal/suggest.js';
import { chatTemplates, isTemplate } from './chat-templates.js';
import { modelCard } from './model-card.js';
import { type RecipeModels, referencesOf } from './open-models.js';
import type { PlannedTensor, RecipePlan } from './plan-recipe.js';
import type { Recipe } from './recipe.js';
import { RecipeError } from './recipe-error.js';
import type { RecipeModel } from './recipe-model.js';

export interface OutputFilesOptions {
  /** Copy the tokenizer of the base, or of the first model (default `true`). */
  readonly copyTokenizer?: boolean;
  /** Write a model card, `README.md` (default `true`). */
  readonly modelCard?: boolean;
  /** Files of the tokenizer that the recipe asks for, in place of the base's. */
  readonly tokenizerFiles?: ReadonlyMap<string, Uint8Array | string>;
}

type Files = Map<string, Uint8Array | string>;

const TOKENIZER_FILE =
  /^(tokenizer|vocab|merges|special_tokens|added_tokens|spiece|sentencepiece|tekken|chat_template)/;

/** The files beside the weights: configuration, tokenizer, model card, and the recipe itself. */
export async function outputFiles(
  recipe: Recipe,
  models: RecipeModels,
  plan: RecipePlan,
  options: OutputFilesOptions = {},
): Promise<Files> {
  const { copyTokenizer = true, tokenizerFiles } = options;
  const origin = originOf(recipe, models);
  const files: Files = new Map(await origin.checkpoint.readModelFiles());
  files.delete('adapter_config.json');
  if (!copyTokenizer || tokenizerFiles) {
    for (const name of [...files.keys()]) if (TOKENIZER_FILE.test(name)) files.delete(name);
  }
  for (const [name, content] of tokenizerFiles ?? []) files.set(name, content);
  if (origin.config) files.set('config.json', showJson(outputConfig(recipe, origin, plan)));
  if (recipe.chatTemplate !== undefined) await setChatTemplate(recipe, models, files);
  files.set('mergekit_config.yml', recipe.source);
  if (options.modelCard !== false) files.set('README.md', modelCard(recipe));
  return files;
}

/** The model whose configuration and tokenizer the result has: the base, or the first one. */
export function originOf(recipe: Recipe, models: RecipeModels): RecipeModel {
  return models.get(recipe.base ?? referencesOf(recipe)[0]!);
}

function outputConfig(recipe: Recipe, origin: RecipeModel, plan: RecipePlan): JsonObject {
  const { vocabularySize } = plan;
  const config: JsonObject = { ...origin.config };
  // Models of several parts keep the text part's numbers in a config of their own.
  const text = isJsonObject(config.text_config)
    ? (config.text_config = { ...config.text_config })
    : undefined;
  const parts = text ? [config, text] : [config];
  const isSliced =
    recipe.body.kind === 'slices' ||
    (recipe.body.kind === 'modules' && recipe.body.modules.some(({ body }) => body.kind === 'slices'));
  for (const part of parts) {
    if (isSliced) setLayers(part, origin, plan);
    if (vocabularySize !== undefined && 'vocab_size' in part) part.vocab_size = vocabularySize;
    const dtype = dtypeNames[recipe.outDtype ?? recipe.dtype ?? ''];
    for (const key of ['torch_dtype', 'dtype']) if (dtype && key in part) part[key] = dtype;
    if (part.tie_word_embeddings === true && hasHead(origin, plan.tensors)) part.tie_word_embeddings = false;
  }
  return config;
}

const dtypeNames: Record<string, string> = { BF16: 'bfloat16', F16: 'float16', F32: 'float32' };

const hasHead = ({ architecture }: RecipeModel, tensors: readonly PlannedTensor[]) =>
  tensors.some(({ name }) => architecture.head.test(name));

/** The number of layers, and lists that have an entry per layer. */
function setLayers(part: JsonObject, origin: RecipeModel, { layers }: RecipePlan): void {
  const { layerCount } = origin.architecture;
  const before = numberAt(part, layerCount);
  if (before === undefined) return;
  part[layerCount] = layers.length;
  for (const [key, value] of Object.entries(part)) {
    if (!Array.isArray(value) || value.length !== before || before < 2) continue;
    part[key] = layers.map(({ model, index }) => listOf(model, key)?.[index] ?? (value[index] as unknown));
  }
}

function listOf({ config }: RecipeModel, key: string): readonly unknown[] | undefined {
  const text = config?.text_config;
  const value = config?.[key] ?? (isJsonObject(text) ? text[key] : undefined);
  return Array.isArray(value) ? value : undefined;
}

async function setChatTemplate(recipe: Recipe, models: RecipeModels, files: Files): Promise<void> {
  const template = await chatTemplate(recipe, models);
  if (template === undefined) return;
  const content = files.get('tokenizer_config.json');
  const config = content !== undefined && parseJsonObject(asText(content));
  if (config) files.set('tokenizer_config.json', showJson({ ...config, chat_template: template }));
  if (!config || files.has('chat_template.jinja')) files.set('chat_template.jinja', template);
}

async function chatTemplate(recipe: Recipe, models: RecipeModels): Promise<string | undefined> {
  const wanted = recipe.chatTemplate!;
  if (Object.hasOwn(chatTemplates, wanted)) return chatTemplates[wanted];
  if (isTemplate(wanted)) return wanted;
  if (wanted !== 'auto') {
    throw new RecipeError({
      where: `${recipe.where}: chat_template`,
      expected: `auto, ${Object.keys(chatTemplates).join(', ')}, or a Jinja template`,
      received: JSON.stringify(wanted),
      cure: suggestClose(wanted, ['auto', ...Object.keys(chatTemplates)]),
    });
  }
  const found: string[] = [];
  for (const reference of referencesOf(recipe)) {
    const template = await storedTemplate(models.get(reference));
    if (template !== undefined) found.push(template);
  }
  const count = (template: string) => found.filter((other) => other === template).length;
  return found.sort((a, b) => count(b) - count(a))[0];
}

async function storedTemplate({ checkpoint }: RecipeModel): Promise<string | undefined> {
  const file = await checkpoint.readFile('chat_template.jinja');
  if (file) return asText(file);
  const bytes = await checkpoint.readFile('tokenizer_config.json');
  const config = bytes && parseJsonObject(asText(bytes));
  return config && textAt(config, 'chat_template');
}

const asText = (content: Uint8Array | string): string =>
  typeof content === 'string' ? content : new TextDecoder().decode(content);
