export { type Augmentation, composeAugmentations } from './augment/augmentation.js';
export { gaussianNoise, type GaussianNoiseOptions } from './augment/gaussian-noise.js';
export { randomFlip, type RandomFlipOptions } from './augment/random-flip.js';
export { randomTranslate, type RandomTranslateOptions } from './augment/random-translate.js';
export type { BatchSource } from './data/batch-source.js';
export type { Dataset } from './data/dataset.js';
export { loadDigits, type LoadDigitsOptions } from './data/load-digits.js';
export { type CsvDataset, parseCsv, type ParseCsvOptions } from './data/parse-csv.js';
export { readIdx } from './data/read-idx.js';
export { readNpy, readNpz } from './data/read-npy.js';
export { type DatasetSplit, splitDataset, type SplitOptions } from './data/split-dataset.js';
export { decodeBytes, encodeBytes, textDataset, textWindows, type TextWindowsOptions } from './data/text.js';
export type { ImageShape } from './internal/images.js';
export type { LongWorkOptions, Progress } from './internal/long-work.js';
export { generate, type Generated, type GenerateOptions } from './language/generate.js';
export {
  loadLanguageModel,
  type LoadedLanguageModel,
  type LoadLanguageModelOptions,
} from './language/load-language-model.js';
export type { HuggingFaceConfig } from './language/read-config.js';
export type { SamplingOptions } from './language/sample-token.js';
export { saveLanguageModel, type SaveLanguageModelOptions } from './language/save-language-model.js';
export type { TextTokenizer } from './language/text-tokenizer.js';
export type { Activation } from './layers/activations.js';
export type { ChannelNorm } from './layers/channel-norm.js';
export { conv } from './layers/conv.js';
export type { KeyValue, KeyValueCache, KeyValueEntries } from './layers/key-value-cache.js';
export { linear } from './layers/linear.js';
export { distillationLoss, type DistillationLossOptions } from './losses/distillation-loss.js';
export { focalLoss, type FocalLossOptions } from './losses/focal-loss.js';
export { huberLoss, type HuberLossOptions } from './losses/huber-loss.js';
export { klDivergence, type KlDivergenceOptions } from './losses/kl-divergence.js';
export { meanSquaredError } from './losses/mean-squared-error.js';
export { pinballLoss, type PinballLossOptions } from './losses/pinball-loss.js';
export type { Loss, Reduction } from './losses/reduction.js';
export { sigmoidCrossEntropy } from './losses/sigmoid-cross-entropy.js';
export { softmaxCrossEntropy, type SoftmaxCrossEntropyOptions } from './losses/softmax-cross-entropy.js';
export { accuracy } from './metrics/accuracy.js';
export { auc } from './metrics/auc.js';
export { calibrationError } from './metrics/calibration-error.js';
export { confusionMatrix } from './metrics/confusion-matrix.js';
export { f1Score, type F1ScoreOptions } from './metrics/f1-score.js';
export { perplexity } from './metrics/perplexity.js';
export { topKAccuracy } from './metrics/top-k-accuracy.js';
export type { Apply, ApplyContext, LanguageModel, Model, ModelConfig, StateDict } from './model.js';
export type { Decoder } from './models/decoder.js';
export type { RopeScaling } from './layers/rope-scaling.js';
export type { WeightSpec } from './models/weight-spec.js';
export { cnn, type CnnOptions } from './models/cnn.js';
export { gpt, type GptOptions } from './models/gpt.js';
export { gpt2, type Gpt2Options } from './models/gpt2.js';
export { llama, type LlamaOptions } from './models/llama.js';
export { mlp, type MlpOptions } from './models/mlp.js';
export { resnet, type ResnetOptions } from './models/resnet.js';
export { vit, type VitOptions } from './models/vit.js';
export { accumulate, type AccumulateState } from './optimizers/accumulate.js';
export { adagrad, type AdagradOptions } from './optimizers/adagrad.js';
export { adam, type AdamOptions, adamw } from './optimizers/adam.js';
export { addDecayedWeights, type NameFilter } from './optimizers/add-decayed-weights.js';
export { chain } from './optimizers/chain.js';
export { clipByGlobalNorm, globalNorm } from './optimizers/clip-by-global-norm.js';
export { clipByValue } from './optimizers/clip-by-value.js';
export { lion, type LionOptions } from './optimizers/lion.js';
export { masked } from './optimizers/masked.js';
export { momentum } from './optimizers/momentum.js';
export { muon, type MuonOptions, orthogonalize } from './optimizers/muon.js';
export {
  applyUpdates,
  type Optimizer,
  type OptimizerState,
  type OptimizerUpdate,
  type UpdateOptions,
} from './optimizers/optimizer.js';
export { type ParamGroup, paramGroups } from './optimizers/param-groups.js';
export { rmsprop, type RmspropOptions } from './optimizers/rmsprop.js';
export { type SamOptions, samPerturb } from './optimizers/sam.js';
export { type AdamMomentsOptions, type AdamState, scaleByAdam } from './optimizers/scale-by-adam.js';
export { scaleByLearningRate } from './optimizers/scale-by-learning-rate.js';
export { scheduled, type ScheduledState } from './optimizers/scheduled.js';
export { sgd, type SgdOptions } from './optimizers/sgd.js';
export { storedAs } from './optimizers/stored-as.js';
export {
  averagedWeights,
  type AverageState,
  type SwaOptions,
  trackEma,
  trackSwa,
} from './optimizers/track-average.js';
export { constantSchedule } from './schedules/constant-schedule.js';
export { cosineSchedule, type CosineScheduleOptions } from './schedules/cosine-schedule.js';
export { cyclicSchedule, type CyclicScheduleOptions } from './schedules/cyclic-schedule.js';
export { linearSchedule, type LinearScheduleOptions } from './schedules/linear-schedule.js';
export { oneCycleSchedule, type OneCycleScheduleOptions } from './schedules/one-cycle-schedule.js';
export type { Schedule } from './schedules/schedule.js';
export { stepSchedule, type StepScheduleOptions } from './schedules/step-schedule.js';
export { warmUp } from './schedules/warm-up.js';
export { DivergedError } from './train/diverged-error.js';
export type { EarlyStoppingOptions } from './train/early-stopping.js';
export type { EpochRecord } from './train/epoch-record.js';
export { evaluate, type EvaluateOptions, type Metrics } from './train/evaluate.js';
export { fit } from './train/fit.js';
export type { CheckpointingOptions, FitOptions, FitResult } from './train/fit-options.js';
export { predict, type PredictOptions } from './train/predict.js';
export { memoryStore, type TrainingStore } from './train/training-store.js';
export {
  type BatchPart,
  createTrainStep,
  type Objective,
  type StepControl,
  type StepResult,
  type TrainState,
  type TrainStep,
  type TrainStepOptions,
} from './train/train-step.js';
