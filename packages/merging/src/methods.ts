import type { ChunkedMethod } from '@weightloom/state-dict';
import { arceeFusionMethod } from './arcee-fusion.js';
import { breadcrumbsMethod, type BreadcrumbsOptions, breadcrumbsTiesMethod } from './breadcrumbs.js';
import { dareLinearMethod, type DareOptions, dareTiesMethod } from './dare.js';
import { dellaLinearMethod, dellaMethod, type DellaOptions } from './della.js';
import { karcherMethod, type KarcherOptions } from './karcher.js';
import { linearMethod, type LinearOptions } from './linear.js';
import { modelStockMethod, type ModelStockOptions } from './model-stock.js';
import { multislerpMethod, type MultislerpOptions } from './multislerp.js';
import { nearswapMethod, type NearswapOptions } from './nearswap.js';
import { nuslerpMethod, type NuslerpOptions } from './nuslerp.js';
import { passthroughMethod, type PassthroughOptions } from './passthrough.js';
import { ramMethod, type RamOptions, ramPlusMethod, type RamPlusOptions } from './ram.js';
import { sceMethod, type SceOptions } from './sce.js';
import { slerpMethod, type SlerpOptions } from './slerp.js';
import { taskArithmeticMethod, type TaskArithmeticOptions } from './task-arithmetic.js';
import { tiesMethod, type TiesMergeOptions } from './ties-merge.js';

/** What the parameters of each method are. */
export interface MethodOptions {
  readonly uniformSoup: Record<string, never>;
  readonly linear: LinearOptions;
  readonly slerp: SlerpOptions;
  readonly nuslerp: Omit<NuslerpOptions, 'base'>;
  readonly multislerp: Omit<MultislerpOptions, 'base'>;
  readonly karcher: KarcherOptions;
  readonly taskArithmetic: TaskArithmeticOptions;
  readonly tiesMerge: TiesMergeOptions;
  readonly dareLinear: DareOptions;
  readonly dareTies: DareOptions;
  readonly dellaLinear: DellaOptions;
  readonly della: DellaOptions;
  readonly breadcrumbs: BreadcrumbsOptions;
  readonly breadcrumbsTies: BreadcrumbsOptions;
  readonly modelStock: ModelStockOptions;
  readonly sce: SceOptions;
  readonly ram: RamOptions;
  readonly ramPlus: RamPlusOptions;
  readonly nearswap: NearswapOptions;
  readonly arceeFusion: Record<string, never>;
  readonly passthrough: PassthroughOptions;
}

/** The name of a method. */
export type MethodName = keyof MethodOptions;

/** A method, for the command line, the pages and the tests. */
export interface Method<Name extends MethodName = MethodName> {
  /** What it is called in mergekit's recipes, where it is there. */
  readonly mergekit?: string;
  /** One line. */
  readonly summary: string;
  /** Whether it starts from a base model, which then is its first input. */
  readonly base: 'none' | 'required' | 'optional';
  /** How many models it takes, beside the base. */
  readonly models: { readonly min: number; readonly max: number };
  /** Whether the order of the models (with their parameters) makes no difference. */
  readonly symmetric: boolean;
  /** The options it takes. */
  readonly options: readonly (keyof MethodOptions[Name] & string)[];
  /**
   * The definition, for a number of models beside the base; options are checked.
   *
   * @throws {RangeError} for options out of range
   */
  readonly create: (models: number, options: MethodOptions[Name], hasBase: boolean) => ChunkedMethod;
}

const many = { min: 1, max: Infinity };
const severalOnBase = { base: 'required', models: many } as const;
const taskVector = ['weights', 'lambda', 'normalize'] as const;

/** Every method that works tensor by tensor. */
export const methods: { readonly [Name in MethodName]: Method<Name> } = {
  uniformSoup: {
    summary: 'The plain average.',
    base: 'none',
    models: many,
    symmetric: true,
    options: [],
    create: (models) => linearMethod(models, {}, 'uniformSoup'),
  },
  linear: {
    mergekit: 'linear',
    summary: 'The weighted average.',
    base: 'none',
    models: many,
    symmetric: true,
    options: ['weights', 'normalize'],
    create: (models, options) => linearMethod(models, options),
  },
  slerp: {
    mergekit: 'slerp',
    summary: 'Spherical interpolation of two models, tensor by tensor.',
    base: 'none',
    models: { min: 2, max: 2 },
    symmetric: false,
    options: ['t'],
    create: (_, options) => slerpMethod(options),
  },
  nuslerp: {
    mergekit: 'nuslerp',
    summary: 'Spherical interpolation of two models by weights, of tensors, rows or columns.',
    base: 'optional',
    models: { min: 2, max: 2 },
    symmetric: true,
    options: ['weights', 'along'],
    create: (_, options, hasBase) => nuslerpMethod(options, hasBase),
  },
  multislerp: {
    mergekit: 'multislerp',
    summary: 'The mean direction of several models, at their mean length.',
    base: 'optional',
    models: { min: 2, max: Infinity },
    symmetric: true,
    options: ['weights', 'normalizeWeights', 'epsilon'],
    create: multislerpMethod,
  },
  karcher: {
    mergekit: 'karcher',
    summary: 'The point on the sphere nearest to all models, at their mean length.',
    base: 'none',
    models: many,
    symmetric: true,
    options: ['maxIterations', 'tolerance'],
    create: (models, options) => karcherMethod(models, options),
  },
  taskArithmetic: {
    ...severalOnBase,
    mergekit: 'task_arithmetic',
    summary: 'The weighted sum of what fine-tunes changed, added to their base.',
    symmetric: true,
    options: taskVector,
    create: (models, options) => taskArithmeticMethod(models, options),
  },
  tiesMerge: {
    ...severalOnBase,
    mergekit: 'ties',
    summary: 'Trims small changes, elects a sign for each weight, averages the changes that agree.',
    symmetric: true,
    options: [...taskVector, 'density', 'trim'],
    create: (models, options) => tiesMethod(models, options),
  },
  dareLinear: {
    ...severalOnBase,
    mergekit: 'dare_linear',
    summary: 'Drops changes at random, scales up the rest, sums them.',
    symmetric: false,
    options: [...taskVector, 'density', 'rescale', 'key'],
    create: (models, options) => dareLinearMethod(models, options),
  },
  dareTies: {
    ...severalOnBase,
    mergekit: 'dare_ties',
    summary: 'Drops changes at random, scales up the rest, elects signs as TIES does.',
    symmetric: false,
    options: [...taskVector, 'density', 'rescale', 'key'],
    create: (models, options) => dareTiesMethod(models, options),
  },
  dellaLinear: {
    ...severalOnBase,
    mergekit: 'della_linear',
    summary: 'Drops changes at random, small ones more often, sums the rest.',
    symmetric: false,
    options: [...taskVector, 'density', 'epsilon', 'rescale', 'key'],
    create: (models, options) => dellaLinearMethod(models, options),
  },
  della: {
    ...severalOnBase,
    mergekit: 'della',
    summary: 'Drops changes at random, small ones more often, elects signs as TIES does.',
    symmetric: false,
    options: [...taskVector, 'density', 'epsilon', 'rescale', 'key'],
    create: (models, options) => dellaMethod(models, options),
  },
  breadcrumbs: {
    ...severalOnBase,
    mergekit: 'breadcrumbs',
    summary: 'Drops the largest and the smallest changes, sums the others.',
    symmetric: true,
    options: [...taskVector, 'density', 'gamma', 'along', 'compat'],
    create: (models, options) => breadcrumbsMethod(models, options),
  },
  breadcrumbsTies: {
    ...severalOnBase,
    mergekit: 'breadcrumbs_ties',
    summary: 'Drops the largest and the smallest changes, elects signs as TIES does.',
    symmetric: true,
    options: [...taskVector, 'density', 'gamma', 'along', 'compat'],
    create: (models, options) => breadcrumbsTiesMethod(models, options),
  },
  modelStock: {
    base: 'required',
    models: { min: 2, max: Infinity },
    mergekit: 'model_stock',
    summary: 'As far from the base to the mean of the models as the angle between them says.',
    symmetric: true,
    options: ['filterWise', 'compat', 'onHeld'],
    create: (models, options) => modelStockMethod(models, options),
  },
  sce: {
    ...severalOnBase,
    mergekit: 'sce',
    summary: 'Keeps the weights where models vary most, weighs models by the size of their changes.',
    symmetric: true,
    options: ['selectTopK'],
    create: (models, options) => sceMethod(models, options),
  },
  ram: {
    ...severalOnBase,
    mergekit: 'ram',
    summary: 'Keeps changes that one model made, averages those that several made.',
    symmetric: true,
    options: ['epsilon'],
    create: (models, options) => ramMethod(models, options),
  },
  ramPlus: {
    ...severalOnBase,
    mergekit: 'ramplus_tl',
    summary: 'As ram, and amplifies the changes that only one model made.',
    symmetric: true,
    options: ['epsilon', 'r', 'alpha'],
    create: (models, options) => ramPlusMethod(models, options),
  },
  nearswap: {
    base: 'required',
    models: { min: 1, max: 1 },
    mergekit: 'nearswap',
    summary: 'Takes the weights of a model where they are near those of the base.',
    symmetric: false,
    options: ['t'],
    create: (_, options) => nearswapMethod(options),
  },
  arceeFusion: {
    base: 'required',
    models: { min: 1, max: 1 },
    mergekit: 'arcee_fusion',
    summary: 'Takes from a model the weights that matter most, by divergence of their rows.',
    symmetric: false,
    options: [],
    create: () => arceeFusionMethod(),
  },
  passthrough: {
    base: 'none',
    models: { min: 1, max: 1 },
    mergekit: 'passthrough',
    summary: 'One model as it is, or scaled.',
    symmetric: false,
    options: ['scale'],
    create: (_, options) => passthroughMethod(options),
  },
};
