import type { Key } from '@weightloom/tensor-gpu';
import { evaluateParameter, type Scalar } from './parameter-value.js';
import type { RecipeParameters } from './recipe.js';
import { RecipeError } from './recipe-error.js';
import type { RecipeMethod, RecipeParameter } from './recipe-methods.js';

/** Where a tensor stands, and whose parameters count for it. */
export interface ParameterScope {
  /** The output tensor's name. */
  readonly name: string;
  /** Where its layer is in the slice, 0 to 1. */
  readonly t: number;
  /** Parameters of slice, module and recipe, the nearest first. */
  readonly levels: readonly RecipeParameters[];
  /** The models beside the base: label, name of the input tensor, own parameters. */
  readonly models: readonly {
    readonly label: string;
    readonly name: string;
    readonly parameters: RecipeParameters;
  }[];
}

export interface MethodSettings {
  /** For methods that draw. */
  readonly key: Key;
  readonly compat?: 'mergekit';
}

/** The options of a method for one tensor. */
export function resolveParameters(
  method: RecipeMethod,
  scope: ParameterScope,
  { key, compat }: MethodSettings,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(method.model)) {
    const values = scope.models.map((model) =>
      find(name, parameter, [model.parameters, ...scope.levels], model.name, scope.t, () =>
        missing(name, `${model.label}: ${JSON.stringify(model.name)}`),
      ),
    );
    // Left out by all: the method's own default. A single model's option is no list.
    const given = values.filter((value) => value !== undefined);
    if (given.length === 0) continue;
    if (given.length < values.length) {
      const model = scope.models[values.indexOf(undefined)]!;
      throw missing(name, `${model.label}: ${JSON.stringify(model.name)}`);
    }
    options[parameter.option] = parameter.option === 'scale' ? values[0] : values;
  }
  for (const [name, parameter] of Object.entries(method.global)) {
    const value = find(name, parameter, scope.levels, scope.name, scope.t, () =>
      missing(name, JSON.stringify(scope.name)),
    );
    if (value !== undefined) options[parameter.option] = value;
  }
  if (method.random) options.key = key;
  if (method.compat && compat) options.compat = compat;
  return asOurs(options);
}

function find(
  name: string,
  parameter: RecipeParameter,
  levels: readonly RecipeParameters[],
  tensor: string,
  t: number,
  onMissing: () => RecipeError,
): Scalar | undefined {
  for (const level of levels) {
    const setting = level.get(name);
    const value = setting && evaluateParameter(setting, tensor, t);
    if (value !== undefined) return convert(name, parameter, value, tensor);
  }
  if (parameter.default === undefined && !parameter.optional) throw onMissing();
  return parameter.default;
}

function convert(name: string, { kind }: RecipeParameter, value: Scalar, tensor: string): Scalar {
  if (kind === 'boolean' && (value === 0 || value === 1)) return value === 1;
  if (typeof value === kind) return value;
  throw new RecipeError({
    where: `parameter ${JSON.stringify(name)} for ${JSON.stringify(tensor)}`,
    expected: kind === 'number' ? 'a number' : 'true or false',
    received: JSON.stringify(value),
  });
}

const missing = (name: string, where: string): RecipeError =>
  new RecipeError({
    where,
    expected: `the parameter ${JSON.stringify(name)}`,
    received: 'none',
    cure: 'set it for the model, or for all under parameters',
  });

/** Where mergekit says it with two switches, or with another kind of value. */
function asOurs(options: Record<string, unknown>): Record<string, unknown> {
  const { nuslerpFlatten, nuslerpRowWise, rescale, ...rest } = options;
  if (nuslerpFlatten !== undefined) {
    rest.along = nuslerpFlatten ? 'tensor' : nuslerpRowWise ? 'column' : 'row';
  }
  if (rescale !== undefined) rest.rescale = rescale ? 'l1' : 'none';
  return rest;
}
