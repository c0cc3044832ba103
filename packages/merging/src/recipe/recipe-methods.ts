import type { MethodName } from '../methods.js';

/** A parameter as a recipe has it. */
export interface RecipeParameter {
  /** The option of our method that it becomes. */
  readonly option: string;
  readonly kind: 'number' | 'boolean';
  /** Used where a recipe does not set it; without a default it must be set, or may be left out when `optional`. */
  readonly default?: number | boolean;
  readonly optional?: boolean;
}

/** How a recipe's method becomes one of ours. */
export interface RecipeMethod {
  readonly method: MethodName;
  /**
   * What `base_model` is:
   * - `'origin'`: what the others are compared with; it must be there and is not one of the models;
   * - `'optional'`: the same, where it is there;
   * - `'first'`: the first of the two models;
   * - `'none'`: a model like others, if it is listed.
   */
  readonly base: 'origin' | 'optional' | 'first' | 'none';
  /** Parameters of each model, by mergekit's name. */
  readonly model: Readonly<Record<string, RecipeParameter>>;
  /** Parameters of the whole merge, by mergekit's name. */
  readonly global: Readonly<Record<string, RecipeParameter>>;
  /** The method draws random numbers. */
  readonly random?: boolean;
  /** Our method has an option `compat`. */
  readonly compat?: boolean;
}

const number = (option: string, value?: number): RecipeParameter => ({
  option,
  kind: 'number',
  default: value,
});
const optional = (option: string): RecipeParameter => ({ option, kind: 'number', optional: true });
const boolean = (option: string, value: boolean): RecipeParameter => ({
  option,
  kind: 'boolean',
  default: value,
});

const weight = number('weights');
const density = number('density', 1);
const lambda = number('lambda', 1);
const normalize = (value: boolean) => boolean('normalize', value);

const taskVector = (method: MethodName, value: boolean) =>
  ({ method, base: 'origin', model: { weight }, global: { lambda, normalize: normalize(value) } }) as const;
const sparse = (method: MethodName, value: boolean) => ({
  ...taskVector(method, value),
  model: { weight, density },
});
const dare = (method: MethodName) => ({
  ...sparse(method, false),
  global: { lambda, normalize: normalize(false), rescale: boolean('rescale', true) },
  random: true,
});
const dellaLike = (method: MethodName, value: boolean) => ({
  ...sparse(method, value),
  model: { weight, density, epsilon: number('epsilon', 0.15) },
  global: { lambda, normalize: normalize(value), rescale: boolean('rescale', true) },
  random: true,
});
const crumbs = (method: MethodName) => ({
  ...sparse(method, false),
  model: { weight, density, gamma: number('gamma', 0.01) },
  compat: true,
});

/** Every `merge_method` there is. */
export const recipeMethods: Readonly<Record<string, RecipeMethod>> = {
  linear: { method: 'linear', base: 'none', model: { weight }, global: { normalize: normalize(true) } },
  slerp: { method: 'slerp', base: 'first', model: {}, global: { t: number('t') } },
  nuslerp: {
    method: 'nuslerp',
    base: 'optional',
    model: { weight },
    global: {
      nuslerp_flatten: boolean('nuslerpFlatten', true),
      nuslerp_row_wise: boolean('nuslerpRowWise', false),
    },
  },
  multislerp: {
    method: 'multislerp',
    base: 'optional',
    model: { weight },
    global: { normalize_weights: boolean('normalizeWeights', true), eps: number('epsilon', 1e-8) },
  },
  karcher: {
    method: 'karcher',
    base: 'none',
    model: {},
    global: { max_iter: number('maxIterations', 10), tol: number('tolerance', 1e-5) },
  },
  task_arithmetic: taskVector('taskArithmetic', false),
  ties: sparse('tiesMerge', true),
  dare_linear: dare('dareLinear'),
  dare_ties: dare('dareTies'),
  della: dellaLike('della', true),
  della_linear: dellaLike('dellaLinear', false),
  breadcrumbs: crumbs('breadcrumbs'),
  breadcrumbs_ties: crumbs('breadcrumbsTies'),
  model_stock: {
    method: 'modelStock',
    base: 'origin',
    model: {},
    global: { filter_wise: boolean('filterWise', false) },
    compat: true,
  },
  sce: { method: 'sce', base: 'origin', model: {}, global: { select_topk: number('selectTopK', 1) } },
  nearswap: { method: 'nearswap', base: 'origin', model: {}, global: { t: number('t') } },
  arcee_fusion: { method: 'arceeFusion', base: 'origin', model: {}, global: {} },
  ram: { method: 'ram', base: 'origin', model: {}, global: { epsilon: number('epsilon', 1e-5) } },
  ramplus_tl: {
    method: 'ramPlus',
    base: 'origin',
    model: {},
    global: {
      epsilon: number('epsilon', 1e-5),
      r: number('r', 0.1),
      alpha: number('alpha', 0.2),
    },
  },
  passthrough: { method: 'passthrough', base: 'none', model: { scale: optional('scale') }, global: {} },
};

/** Parameters that recipes carry along and that mean nothing here: they save memory in mergekit. */
export const ignoredParameters: ReadonlySet<string> = new Set(['int8_mask']);

/** Every parameter that some method has. */
export const knownParameters: ReadonlySet<string> = new Set(
  Object.values(recipeMethods).flatMap(({ model, global }) => [
    ...Object.keys(model),
    ...Object.keys(global),
  ]),
);
