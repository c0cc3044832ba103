export type { Matrix, MatrixInput } from './internal/matrix.js';

export type { Bandwidth } from './linear/bandwidth.js';
export {
  censoredQuantileRegression,
  type CensoredQuantileRegression,
  type CensoredQuantileRegressionOptions,
} from './linear/censored-quantile-regression.js';
export type { DesignOptions } from './linear/design.js';
export {
  type ErrorMethod,
  type Inference,
  type InferenceOptions,
  inferQuantileRegression,
} from './linear/infer-quantile-regression.js';
export {
  powellQuantileRegression,
  type PowellQuantileRegression,
  type PowellQuantileRegressionOptions,
} from './linear/powell-quantile-regression.js';
export { pseudoR1 } from './linear/pseudo-r1.js';
export {
  processCoefficients,
  quantileProcess,
  type QuantileProcess,
  type QuantileProcessOptions,
} from './linear/quantile-process.js';
export {
  predictQuantileRegression,
  quantileRegression,
  type QuantileRegression,
  type QuantileRegressionOptions,
} from './linear/quantile-regression.js';
export { type RankIntervalOptions, rankIntervals, type RankIntervals } from './linear/rank-intervals.js';
export {
  type QuantileRegressionSummary,
  summarizeQuantileRegression,
  type SummaryOptions,
} from './linear/summarize-quantile-regression.js';

export type { TrainingOptions } from './internal/train-network.js';
export { conditionalGaussianNetwork } from './models/conditional-gaussian-network.js';
export { conformalQuantiles, type ConformalQuantilesOptions } from './models/conformal-quantiles.js';
export type { NetworkOptions } from './models/fit-network.js';
export { gradientBoosting, type GradientBoostingOptions } from './models/gradient-boosting.js';
export { kernelQuantiles, type KernelQuantilesOptions } from './models/kernel-quantiles.js';
export type { KernelOptions } from './models/kernels.js';
export {
  linearQuantiles,
  type LinearQuantileModel,
  type LinearQuantilesOptions,
} from './models/linear-quantiles.js';
export { multiQuantileNetwork, type MultiQuantileNetworkOptions } from './models/multi-quantile-network.js';
export { nearestNeighbours, type NearestNeighboursOptions } from './models/nearest-neighbours.js';
export { quantileForest, type QuantileForestOptions } from './models/quantile-forest.js';
export type {
  QuantileEstimator,
  QuantileFitOptions,
  QuantileModel,
  QuantileModelJSON,
} from './models/quantile-model.js';
export { quantileModelFromJSON } from './models/quantile-model-from-json.js';
export { simultaneousQuantileNetwork } from './models/simultaneous-quantile-network.js';

export { type CalibrationCurve, calibrationCurve } from './scores/calibration-curve.js';
export {
  type ConditionalCoverage,
  conditionalCoverage,
  type GroupCoverage,
  sizeStratifiedCoverage,
} from './scores/conditional-coverage.js';
export { crpsGaussian, crpsQuantiles, crpsSample } from './scores/crps.js';
export { type DieboldMariano, dieboldMariano, type DieboldMarianoOptions } from './scores/diebold-mariano.js';
export {
  coverageWidthCriterion,
  intervalCoverage,
  type IntervalCoverage,
} from './scores/interval-coverage.js';
export { intervalScores } from './scores/interval-score.js';
export {
  pairedBootstrap,
  type PairedBootstrap,
  type PairedBootstrapOptions,
} from './scores/paired-bootstrap.js';
export { pinball, pinballLoss, pinballScores } from './scores/pinball.js';
export { pitGaussian, pitHistogram, pitQuantiles, pitSample } from './scores/pit.js';
export { type QuantileScores, scoreQuantiles } from './scores/score-quantiles.js';
export { type WeightedIntervalScores, weightedIntervalScores } from './scores/weighted-interval-score.js';

export {
  aggregateQuantiles,
  type AggregateQuantilesOptions,
  type AggregationSettings,
} from './aggregation/aggregate-quantiles.js';
export type { Resolution } from './aggregation/combine-weights.js';
export { crossFitQuantiles, type CrossFitQuantilesOptions } from './aggregation/cross-fit-quantiles.js';
export {
  type CrossingMargin,
  crossingMargins,
  crossingPenalty,
  type CrossingPenaltyOptions,
} from './aggregation/crossing-penalty.js';
export {
  crossingPenaltyTensor,
  monotoneTensor,
  type MonotoneTensorOptions,
} from './aggregation/differentiable-monotone.js';
export type { MonotoneOperator } from './aggregation/monotone-operator.js';
export type { ModelStack } from './aggregation/model-stack.js';
export {
  crossingRows,
  isotonicQuantiles,
  type SoftSortOptions,
  softSortQuantiles,
  sortQuantiles,
  sortQuantilesVjp,
  type SweepOptions,
  sweepQuantiles,
} from './aggregation/monotone-quantiles.js';
export { pava, pavaVjp } from './aggregation/pava.js';
export {
  quantileAggregation,
  type QuantileAggregationModel,
  type QuantileAggregationOptions,
} from './aggregation/quantile-aggregation.js';
export {
  type QuantileAggregator,
  quantileAggregatorFromJSON,
  type QuantileAggregatorJSON,
} from './aggregation/quantile-aggregator.js';
export {
  applyQra,
  factorQuantileRegressionAveraging,
  type FactorQraOptions,
  type QraModel,
  type QraOptions,
  quantileRegressionAveraging,
} from './aggregation/quantile-regression-averaging.js';
export {
  averageModels,
  type BestModel,
  medianModels,
  selectBestModel,
} from './aggregation/simple-aggregates.js';

export {
  adaptiveConformal,
  type AdaptiveConformalOptions,
  type AdaptiveConformalState,
  type OnlineConformal,
} from './conformal/adaptive-conformal.js';
export type { BandExtras, BandOptions, BandState, GroupLabel, Tails } from './conformal/band-calibration.js';
export type { Aggregate } from './conformal/bootstrap-models.js';
export {
  type CalibratedQuantiles,
  type CalibratedQuantilesState,
  calibrateQuantiles,
  type CalibrateQuantilesOptions,
  restoreCalibratedQuantiles,
} from './conformal/calibrate-quantiles.js';
export { conformalPid, type ConformalPidOptions, type ConformalPidState } from './conformal/conformal-pid.js';
export { conformalQuantile, type ConformalQuantile } from './conformal/conformal-quantile.js';
export { type Cqr, cqr, type CqrOptions, type QuantileBand, restoreCqr } from './conformal/cqr.js';
export {
  crossCqr,
  type CrossCqrOptions,
  type CrossCqrPredictor,
  type PredictBand,
} from './conformal/cross-cqr.js';
export type { FitModel, FoldOptions, PredictModel } from './conformal/cross-fit.js';
export {
  cvPlus,
  type CvPlusOptions,
  jackknifePlus,
  type JackknifePlusOptions,
  type PlusPredictor,
} from './conformal/cv-plus.js';
export { dtAci, type DtAciOptions, type DtAciState } from './conformal/dtaci.js';
export {
  enbPi,
  enbPiIntervals,
  type EnbPiOptions,
  type EnbPiPredictor,
  type EnbPiState,
  enbPiUpdate,
} from './conformal/enbpi.js';
export type { Intervals } from './conformal/intervals.js';
export {
  jackknifePlusAfterBootstrap,
  type JackknifePlusAfterBootstrapOptions,
} from './conformal/jackknife-plus-after-bootstrap.js';
export { plusIntervals, type PlusOptions, type PlusState } from './conformal/plus-intervals.js';
export { quantileBand } from './conformal/quantile-band.js';
export {
  restoreSplitConformal,
  splitConformal,
  type SplitConformal,
  type SplitConformalOptions,
} from './conformal/split-conformal.js';

export type { Candidates } from './dpp/candidate-basis.js';
export {
  type DesignMethod,
  designSampler,
  type DrawOptions,
  sampleDesign,
  type SampledDesign,
  type SampleDesignOptions,
} from './dpp/sample-design.js';
export { weightedLeastSquares, type WeightedLeastSquaresOptions } from './dpp/weighted-least-squares.js';

export {
  labelLocus,
  type LocusOptions,
  selectLabels,
  type SelectLabelsOptions,
  treeLocus,
} from './loki/label-locus.js';
export {
  embeddingDistances,
  graphDistances,
  type LabelEdge,
  randomGraphDistances,
} from './loki/label-metric.js';
export {
  lokiDecode,
  type LokiDecodeOptions,
  type LokiOptions,
  meanLabelDistance,
  softmaxRows,
  tuneTemperature,
} from './loki/loki-decode.js';

export { type PaperEntry, papers } from './papers.js';

export type { ClassLabel, OrdinalData } from './presto/ordinal-data.js';
export { type OrdinalModel, type OrdinalPrediction, predictOrdinal } from './presto/ordinal-model.js';
export { brierScore } from './presto/ordinal-scores.js';
export {
  presto,
  type PrestoModel,
  type PrestoOptions,
  prestoPath,
  type PrestoPathOptions,
  type PrestoPenaltyOptions,
} from './presto/presto.js';
export { prestoCv, type PrestoCv, type PrestoCvOptions } from './presto/presto-cv.js';
export {
  type LikelihoodModel,
  type LogisticModel,
  type LogisticOptions,
  logisticRegression,
  predictLogistic,
  proportionalOdds,
} from './presto/proportional-odds.js';

export { bordaOneLevel, bordaRanking, bordaTwoLevel } from './ranking/borda.js';
export { kemenyRanking, type KemenyRanking, localKemenyRanking } from './ranking/kemeny.js';
export { meanOfTaskMeans, meanRanking } from './ranking/mean-ranking.js';
export { distortion, kendallDistance, kendallTau, topKAgreement } from './ranking/ranking-agreement.js';
export type { Ranking, RankingOptions, ScoreTable } from './ranking/score-table.js';
