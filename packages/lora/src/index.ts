export { AdapterError, type AdapterErrorFields } from './adapter-error.js';

export {
  defaultLoraConfig,
  type LoraConfig,
  loraConfig,
  type LoraConfigOptions,
  type PatternMap,
} from './format/lora-config.js';
export { type ParsedLoraConfig, parseLoraConfig } from './format/parse-lora-config.js';
export { serializeLoraConfig } from './format/serialize-lora-config.js';
export { matchModules, type ModuleInfo, type ModuleSelection } from './format/match-modules.js';
export { type LoraAdapter, type LoraLayer, rankOf, scalings } from './format/lora-adapter.js';
export { type AdapterFiles, parseLoraAdapter } from './format/parse-lora-adapter.js';
export {
  adapterTensors,
  type SerializedAdapter,
  serializeLoraAdapter,
} from './format/serialize-lora-adapter.js';
export { openAdapter, openPeftAdapter } from './peft/open-adapter.js';
export {
  type OtherAdapter,
  type OtherPeftType,
  type PeftAdapter,
  parsePeftAdapter,
} from './peft/peft-adapter.js';

export type {
  ConversionReport,
  FromConversion,
  PipelineAdapters,
  ToConversion,
} from './convert/conversion.js';
export { fromKohya, type FromKohyaOptions, toKohya } from './convert/kohya.js';
export { fromDiffusers, toDiffusers } from './convert/diffusers.js';
export { fromMlx, toMlx } from './convert/mlx.js';
export { type AdapterLayout, adapterLayouts, detectLayout } from './convert/detect-layout.js';

export { layerDelta } from './apply/layer-delta.js';
export { mergeAdapter, unmergeAdapter, type UnmergeOptions } from './apply/merge-adapter.js';
export type { MergeOptions } from './apply/plan-merge.js';
export { mergeIntoCheckpoint, type MergeIntoCheckpointOptions } from './apply/merge-into-checkpoint.js';
export { type ActiveAdapters, type AdaptedModel, adaptModel, adaptParams } from './apply/adapt-model.js';
export { adapterFromParams, type AdapterFromParamsOptions, adapterParams } from './apply/adapter-params.js';

export {
  combineAdapters,
  type CombinationType,
  combinationTypes,
  type CombineOptions,
} from './combine/combine-adapters.js';
export {
  extractAdapter,
  type Extraction,
  type ExtractOptions,
  type LayerFit,
} from './extract/extract-adapter.js';
export { type Resized, resizeAdapter, type ResizeOptions } from './extract/resize-adapter.js';
export { distilAdapters, type DistilOptions } from './extract/distil-adapters.js';
export type { RankTarget } from './internal/choose-rank.js';
export type { WeightSource } from './internal/weights-reader.js';

export { initLora, type InitializedLora, type InitLoraOptions } from './init/init-lora.js';
export { type EvaBatch, initEva, type InitializedEva, type InitEvaOptions } from './init/init-eva.js';
export type { LoftqOptions } from './init/loftq.js';
export { toOriginalBase } from './init/to-original-base.js';

export {
  diagnoseAdapter,
  type DiagnoseOptions,
  type Diagnosis,
  type LayerDiagnosis,
} from './diagnose/diagnose-adapter.js';
export { type AdapterInspection, inspectAdapter, type ModuleInspection } from './diagnose/inspect-adapter.js';
export { compareWeights } from './diagnose/compare-weights.js';
export { reduceIntruders, type ReduceIntrudersOptions } from './diagnose/reduce-intruders.js';
export { diagnosisReport } from './diagnose/diagnosis-report.js';
export type { IntruderOptions } from './diagnose/intruder-dimensions.js';

export {
  loraPlus,
  loraPlusGroup,
  type LoraPlusGroup,
  type LoraPlusOptimizer,
  type LoraPlusOptions,
} from './train/lora-plus.js';
export {
  adaptBone,
  boneAdapter,
  type BoneOptions,
  boneToLora,
  type BoneVariant,
  initBone,
} from './train/bone.js';
export {
  adaptFloraTucker,
  fitTucker,
  type FloraTuckerOptions,
  initFloraTucker,
  type TuckerFit,
  tuckerProduct,
} from './train/flora-tucker.js';
export { type LisaOptions, type LisaResult, trainLisa } from './train/lisa.js';
export { liftMask, type LiftMaskOptions } from './train/lift-mask.js';
export { moveMasks, sparseAdamw, type SparseAdamwOptions } from './train/sparse-adamw.js';
export {
  factorizedModel,
  factorizeModel,
  type FactorizeOptions,
  pelaObjective,
  type PelaObjectiveOptions,
} from './train/pela.js';
export { pgdAttack, type PgdAttackOptions } from './train/pgd-attack.js';
export {
  interpolateRobust,
  type InterpolatedRobust,
  type InterpolateRobustOptions,
  moduleCriticality,
  type ModuleCriticality,
  type ModuleCriticalityOptions,
  robustAccuracy,
} from './train/rift.js';
export {
  priorDistillation,
  type PriorDistillationOptions,
  scaleWeightedCrossEntropy,
  selectiveTraining,
} from './train/scale-wise-tuning.js';

export { type PaperEntry, papers } from './papers.js';
