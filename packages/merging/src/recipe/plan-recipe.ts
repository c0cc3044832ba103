import { tensorByteLength } from '@weightloom/checkpoint';
import { type ChunkedTask, isComputed, type TensorSource } from '@weightloom/state-dict';
import { key } from '@weightloom/tensor-gpu';
import { createMethod } from '../internal/create-method.js';
import { listSome } from '../internal/list-some.js';
import { checkModels } from './check-models.js';
import { fitShapes } from './fit-shapes.js';
import type { RecipeModels } from './open-models.js';
import { type OutputTensor, outputTensors } from './output-tensors.js';
import type { Recipe } from './recipe.js';
import { RecipeError } from './recipe-error.js';
import { ignoredParameters, type RecipeMethod, recipeMethods } from './recipe-methods.js';
import { modelTensor, type RecipeModel } from './recipe-model.js';
import { resolveParameters } from './resolve-parameters.js';
import type { Vocabulary } from './vocabulary.js';

export interface PlanRecipeOptions {
  /** Seed of the methods that draw at random, a whole number (default 0). */
  readonly seed?: number;
  /** `'mergekit'`: reproduce the errors of mergekit 0.1.4 whose numbers users may need. */
  readonly compat?: 'mergekit';
  /** Merge models of different architectures, as far as their tensors fit (default `false`: refuse). */
  readonly allowCrimes?: boolean;
  /**
   * Cut embeddings of unequal vocabularies to their common rows (for methods with a base: to its rows), as mergekit does
   * (default `false`: refuse, as tokens may not mean the same).
   */
  readonly truncateVocabulary?: boolean;
  /**
   * Which tensors the result has: those that all models have, who must have the same (`'same'`, default); those that all
   * happen to have (`'intersection'`); or all that any has (`'union'`), where those of a single model are copied.
   */
  readonly tensors?: 'same' | 'intersection' | 'union';
  /** The vocabulary of the output, where the recipe asks for one. */
  readonly vocabulary?: Vocabulary;
}

/** A tensor of the output: how it is made, and by what parameters. */
export interface PlannedTensor extends ChunkedTask {
  readonly shape: readonly number[];
  /** What becomes of it, in mergekit's words; `copy` where nothing is computed. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The models that it is made from: label and name of the tensor there; the base first, where there is one. */
  readonly from: readonly { readonly model: string; readonly name: string }[];
  readonly hasBase: boolean;
}

export interface RecipePlan {
  readonly tensors: readonly PlannedTensor[];
  /** Bytes of all tensors. */
  readonly totalSize: number;
  /** For each layer of the output, which layer of which model's it is (the first source's). */
  readonly layers: readonly { readonly model: RecipeModel; readonly index: number }[];
  /** Rows of the embeddings, where the recipe changes them. */
  readonly vocabularySize: number | undefined;
  readonly warnings: readonly string[];
  /** What is to be said once the work is done, as it depends on values. */
  readonly findings: () => readonly string[];
}

/**
 * Works out every tensor that a recipe asks for: nothing is read but headers, nothing is written.
 *
 * @throws {RecipeError} for what does not fit: missing tensors, shapes, parameters, architectures
 */
export function planRecipe(
  recipe: Recipe,
  models: RecipeModels,
  options: PlanRecipeOptions = {},
): RecipePlan {
  const method = recipeMethods[recipe.method]!;
  const { seed = 0 } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`planRecipe: expected seed to be a whole number of at least 0, received ${seed}`);
  }
  const warnings = [...checkModels(recipe, models, options), ...(options.vocabulary?.warnings ?? [])];
  warnings.push(...unusedParameters(recipe, method));
  const outputs = outputTensors(recipe, method, models, options);
  warnings.push(...outputs.warnings);
  const settings = { key: key(seed), compat: options.compat };
  let vocabularySize = options.vocabulary?.size;
  const held: string[] = [];
  const tensors = outputs.tensors.map((output): PlannedTensor => {
    const stored = output.inputs.map(({ model, name }) => modelTensor(model, name)!);
    const sources = output.inputs.map((input, i) => inVocabulary(input, stored[i]!, options.vocabulary));
    const fitted = fitShapes(output, sources, options, warnings);
    const { embedding } = output.inputs[0]!.model.architecture;
    if (fitted !== sources && embedding.test(output.name)) vocabularySize = fitted[0]!.shape[0];
    const { dtype } = stored[0]!;
    const { hasBase } = output;
    const shared = {
      name: output.name,
      shape: fitted[0]!.shape,
      inputs: fitted,
      from: output.inputs.map(({ model, name }) => ({ model: model.label, name })),
      hasBase,
    };
    if (!isComputed(dtype) || output.isCopied) return { ...shared, dtype, parameters: {} };
    const parameters = resolveParameters(
      method,
      {
        name: output.name,
        t: output.t,
        levels: output.levels,
        models: output.inputs
          .slice(Number(hasBase))
          .map(({ model, name, parameters }) => ({ label: model.label, name, parameters })),
      },
      settings,
    );
    const outDtype = recipe.outDtype ?? recipe.dtype ?? dtype;
    const shown = Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== 'key'));
    // A plain copy keeps every bit.
    const isCopy =
      method.method === 'passthrough' && parameters.scale === undefined && outDtype === fitted[0]!.dtype;
    const watched = method.method === 'modelStock' ? { onHeld: (name: string) => held.push(name) } : {};
    const made = isCopy ? undefined : makeMethod(recipe, method, output, { ...parameters, ...watched });
    return { ...shared, dtype: outDtype, parameters: shown, method: made };
  });
  const totalSize = tensors.reduce((sum, { dtype, shape }) => sum + tensorByteLength(dtype, shape), 0);
  const findings = (): string[] =>
    held.length === 0
      ? []
      : [
          `model_stock: changes point away from each other in ${listSome(held)}: t < 0 was held at 0, which keeps the base there`,
        ];
  return { tensors, totalSize, layers: outputs.layers, vocabularySize, warnings, findings };
}

function inVocabulary(
  { model, name }: OutputTensor['inputs'][number],
  source: TensorSource,
  vocabulary: Vocabulary | undefined,
): TensorSource {
  const isAffected = vocabulary && model.architecture.vocabulary.test(name);
  return isAffected ? vocabulary.reindex(model, name, source) : source;
}

function makeMethod(
  recipe: Recipe,
  { method }: RecipeMethod,
  { name, inputs, hasBase }: OutputTensor,
  options: Record<string, unknown>,
) {
  try {
    return createMethod(recipe.method, { method, models: inputs.length - Number(hasBase), hasBase, options });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RecipeError({
      where: `${recipe.where}: ${JSON.stringify(name)}`,
      expected: 'parameters within their range',
      received: error.message,
    });
  }
}

/** Parameters that mean something to another method only. */
function unusedParameters(recipe: Recipe, method: RecipeMethod): string[] {
  const used = new Set([...Object.keys(method.model), ...Object.keys(method.global), ...ignoredParameters]);
  const bodies =
    recipe.body.kind === 'modules'
      ? recipe.body.modules.flatMap((module) => [module, module.body] as const)
      : [recipe.body];
  const maps = [recipe.parameters];
  for (const body of bodies) {
    if ('parameters' in body) maps.push(body.parameters);
    else if (body.kind === 'models') maps.push(...body.models.map(({ parameters }) => parameters));
    else {
      for (const slice of body.slices) {
        maps.push(slice.parameters, ...slice.sources.map(({ parameters }) => parameters));
      }
    }
  }
  const unused = new Set(maps.flatMap((map) => [...map.keys()]).filter((name) => !used.has(name)));
  if (unused.size === 0) return [];
  return [`${recipe.method} has no use for the parameters ${listSome([...unused])}`];
}
