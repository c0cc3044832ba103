export { uniformSoup } from './uniform-soup.js';
export { greedySoup, type GreedySoup, type GreedySoupOptions } from './greedy-soup.js';
export { learnedSoup, type LearnedSoup, type LearnedSoupOptions } from './learned-soup.js';
export {
  type ApplyFunction,
  ensemble,
  type EnsembleOptions,
  greedyEnsemble,
  type GreedyEnsemble,
  type GreedyEnsembleOptions,
} from './ensemble.js';
export { sweep, type Sweep, type SweepOptions, weightGrid } from './sweep.js';
export { diagonalFisher, type DiagonalFisherOptions } from './diagonal-fisher.js';
export { fisherMerge, type FisherMergeOptions } from './fisher-merge.js';
export { linearize, type LinearizedModel } from './linearize.js';
export {
  disentanglementError,
  type DisentanglementError,
  type DisentanglementErrorOptions,
} from './disentanglement-error.js';
export { wiseFt, type WiseFtOptions } from './wise-ft.js';
export { mixUp, type MixUpOptions } from './mix-up.js';
export { type OutcomeCell, outcomeCells } from './outcome-cells.js';
export {
  metricsWeightedAveraging,
  type MetricsWeightedAveragingOptions,
  metricWeights,
  type MetricWeightsOptions,
} from './metrics-weighted-averaging.js';
export {
  patchWeights,
  type PatchWeightsOptions,
  robustWeightSignature,
  type RobustWeightSignatureOptions,
} from './robust-weight-signatures.js';
export { linear, type LinearOptions } from './linear.js';
export { slerp, type SlerpOptions } from './slerp.js';
export { taskArithmetic, type TaskArithmeticOptions } from './task-arithmetic.js';
export { tiesMerge, type TiesMergeOptions } from './ties-merge.js';

export {
  type Assignment,
  linearAssignment,
  type LinearAssignmentOptions,
} from './align/linear-assignment.js';
export type { AxisSpec, BlockAxisSpec, Permutations, PermutationSpec } from './align/permutation-spec.js';
export { parsePermutationSpec } from './align/parse-permutation-spec.js';
export { autoSpec, type AutoSpecOptions } from './align/auto-spec.js';
export { permute } from './align/permute.js';
export {
  type Matching,
  weightMatching,
  type WeightMatching,
  type WeightMatchingOptions,
} from './align/weight-matching.js';
export {
  activationMatching,
  type ActivationMatching,
  type ActivationMatchingOptions,
  type ActivationSource,
  type UnitSimilarity,
} from './align/activation-matching.js';
export {
  straightThrough,
  type StraightThrough,
  type StraightThroughOptions,
} from './align/straight-through.js';
export { type MergedMany, mergeMany, type MergeManyOptions } from './align/merge-many.js';
export { interpolate, type InterpolateOptions } from './align/interpolate.js';
export {
  barrier,
  type Barrier,
  type BarrierCurve,
  type BarrierOptions,
  centerBarrier,
} from './align/barrier.js';
export { resetBatchNorm, type ResetBatchNormOptions } from './align/reset-batch-norm.js';
export { repair, type RepairOptions } from './align/repair.js';
export {
  type LayerAlignment,
  singularAlignment,
  type SingularAlignment,
  type SingularAlignmentOptions,
} from './align/singular-alignment.js';

export { mergedWidths, partialMerge, type PartialMergeOptions } from './pleas/partial-merge.js';
export { chooseSeparate } from './pleas/choose-separate.js';
export { planRatios, type PlanRatiosOptions } from './pleas/plan-ratios.js';
export { pleas, type Pleas, type PleasOptions } from './pleas/pleas.js';

export {
  maximizeActivation,
  type MaximizeActivationOptions,
  type MaximizedActivation,
} from './features/maximize-activation.js';
export { unitResponses, type UnitResponses, type UnitResponsesOptions } from './features/unit-responses.js';
export { jaccard, topExamples, unitCorrelation } from './features/compare-units.js';

export { type AlignedLabels, alignLabels, type AlignLabelsOptions } from './align-labels.js';
export type { KeepLabels, Label } from './internal/common-labels.js';

export { nuslerp, type NuslerpOptions } from './nuslerp.js';
export { multislerp, type MultislerpOptions } from './multislerp.js';
export { karcher, type KarcherOptions } from './karcher.js';
export { dareLinear, type DareOptions, dareTies } from './dare.js';
export { della, dellaLinear, type DellaOptions } from './della.js';
export { breadcrumbs, type BreadcrumbsOptions, breadcrumbsTies } from './breadcrumbs.js';
export { modelStock, type ModelStockOptions } from './model-stock.js';
export { sce, type SceOptions } from './sce.js';
export { ram, type RamOptions, ramPlus, type RamPlusOptions } from './ram.js';
export { nearswap, type NearswapOptions } from './nearswap.js';
export { arceeFusion } from './arcee-fusion.js';
export { passthrough, type PassthroughOptions } from './passthrough.js';

export { zsclDistillation, type ZsclDistillationOptions } from './train/zscl-distillation.js';
export {
  trainZscl,
  type TrainZsclOptions,
  type ZsclEnsemble,
  type ZsclReference,
  type ZsclResult,
} from './train/zscl.js';

export { type SalsaResult, trainSalsa, type TrainSalsaOptions } from './train/salsa.js';
export { shuffleWeights, type ShuffleWeightsOptions } from './train/shuffle-weights.js';
export { trainWash, type TrainWashOptions } from './train/wash.js';
export { trainPapa, type TrainPapaOptions } from './train/papa.js';
export { trainDart, type TrainDartOptions } from './train/dart.js';
export type { PopulationOptions, PopulationResult } from './internal/train-population.js';

export { cmaEs, type CmaEs, type CmaEsOptions, type CmaEsState } from './evolve/cma-es.js';
export {
  type Evaluated,
  type Evolution,
  type EvolutionState,
  evolve,
  type EvolveOptions,
} from './evolve/evolve.js';
export type { EvolvedChoice, EvolvedNumber, EvolvedValues, SearchSpace } from './evolve/search-space.js';
export {
  evolveRecipe,
  type EvolveRecipeOptions,
  type RecipeCandidate,
  type RecipeEvolution,
} from './evolve/evolve-recipe.js';
export { fillRecipe } from './evolve/fill-recipe.js';
export { type EvolutionConfig, parseEvolution } from './evolve/parse-evolution.js';

export { mergeCheckpoints, type MergeCheckpointsOptions } from './merge-checkpoints.js';
export { type Method, type MethodName, type MethodOptions, methods } from './methods.js';
export { type Paper, papers } from './papers.js';

export { parseRecipe, type ParseRecipeOptions } from './recipe/parse-recipe.js';
export { RecipeError, type RecipeErrorFields } from './recipe/recipe-error.js';
export type {
  ModelReference,
  Recipe,
  RecipeBody,
  RecipeInput,
  RecipeModule,
  RecipeParameters,
  RecipeSlice,
  RecipeTokenizer,
  SliceSource,
  TokenSource,
} from './recipe/recipe.js';
export type { FilteredValue, ParameterValue, Scalar, ScalarOrGradient } from './recipe/parameter-value.js';
export { parseModelReference, showModelReference } from './recipe/parse-model-reference.js';
export type { OpenModel } from './recipe/open-models.js';
export type { PlannedTensor, PlanRecipeOptions, RecipePlan } from './recipe/plan-recipe.js';
export {
  inspectRecipe,
  inspectRecipes,
  type RecipeResult,
  runRecipe,
  type RunRecipeOptions,
} from './recipe/run-recipe.js';
export { type TensorStatistics, withStatistics } from './recipe/merge-statistics.js';
export { mergeReport } from './recipe/merge-report.js';
