import { methods } from '../methods.js';
import { showModelReference } from './parse-model-reference.js';
import type { ModelReference, RecipeParameters } from './recipe.js';
import { RecipeError } from './recipe-error.js';
import type { RecipeMethod } from './recipe-methods.js';

/** A model that takes part, and from which of its layers on. */
export interface Participant {
  readonly model: ModelReference;
  readonly parameters: RecipeParameters;
  /** First layer of its slice; 0 for whole models. */
  readonly firstLayer: number;
}

/** The inputs of a method, in its order. */
export interface Arrangement {
  readonly inputs: readonly Participant[];
  /** The first input is the base, and no model. */
  readonly hasBase: boolean;
}

/**
 * Puts the models of a recipe into the order that its method wants: the base first, where it has one.
 *
 * A base that is not listed takes part without parameters, with the layers of the first model.
 *
 * @throws {RecipeError} when a base is missing, or the number of models is wrong
 */
export function arrangeInputs(
  name: string,
  method: RecipeMethod,
  listed: readonly Participant[],
  base: ModelReference | undefined,
  where: string,
  compat?: 'mergekit',
): Arrangement {
  const isBase = ({ model }: Participant) =>
    base !== undefined && showModelReference(model) === showModelReference(base);
  const origin: Participant | undefined =
    listed.find(isBase) ??
    (base && { model: base, parameters: new Map(), firstLayer: listed[0]!.firstLayer });
  const others = listed.filter((participant) => !isBase(participant));

  if (method.base === 'none') {
    // mergekit's karcher counts the base among the models even where it is not listed.
    const joins = compat === 'mergekit' && method.method === 'karcher' && origin && !listed.some(isBase);
    return count(name, method, joins ? [...listed, origin] : listed, false, where);
  }
  if (!origin) {
    if (method.base === 'optional') return count(name, method, listed, false, where);
    throw new RecipeError({ where, expected: `a base_model for ${name}`, received: 'none' });
  }
  const cure = listed.some(isBase)
    ? undefined
    : `${showModelReference(origin.model)} is none of the models listed, so that it counts beside them`;
  return count(
    name,
    method,
    [origin, ...others],
    method.base !== 'first',
    where,
    method.base === 'first' ? cure : undefined,
  );
}

function count(
  name: string,
  { method }: RecipeMethod,
  inputs: readonly Participant[],
  hasBase: boolean,
  where: string,
  cure?: string,
): Arrangement {
  const { min, max } = methods[method].models;
  const models = inputs.length - Number(hasBase);
  if (models >= min && models <= max) return { inputs, hasBase };
  const number = min === max ? `exactly ${min}` : `at least ${min}`;
  throw new RecipeError({
    where,
    expected: `${number} ${min === 1 ? 'model' : 'models'}${hasBase ? ' beside the base' : ''} for ${name}`,
    received: String(models),
    cure,
  });
}
