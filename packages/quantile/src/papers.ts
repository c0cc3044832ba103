/** A paper, what of it is here, and what it promises at the scale of our example. */
export interface PaperEntry {
  readonly title: string;
  /** arXiv number, where there is one. */
  readonly arXiv?: string;
  /** Names this package exports. */
  readonly methods: readonly string[];
  readonly claim: string;
}

/** The papers behind this package, by the id of their page and example. */
export const papers = {
  'quantile-aggregation': {
    title: 'Flexible Model Aggregation for Quantile Regression',
    arXiv: '2103.00083',
    methods: [
      'aggregateQuantiles',
      'quantileAggregation',
      'crossFitQuantiles',
      'monotoneTensor',
      'averageModels',
      'medianModels',
      'selectBestModel',
      'quantileRegressionAveraging',
      'factorQuantileRegressionAveraging',
      'sortQuantiles',
      'isotonicQuantiles',
      'sweepQuantiles',
      'crossingPenalty',
      'calibrateQuantiles',
      'crossCqr',
    ],
    claim:
      'Weights that look at the features lose at least 5% less than global ones; finer global weights beat coarser ones, which beat the average and the best model.',
  },
  presto: {
    title: 'Predicting Rare Events by Shrinking Towards Proportional Odds',
    arXiv: '2305.18700',
    methods: ['presto', 'prestoPath', 'prestoCv', 'proportionalOdds', 'logisticRegression'],
    claim:
      'The probability of a rare class is nearer the truth than by proportional odds or logistic regression.',
  },
  'dpp-least-squares': {
    title:
      'Weighted least-squares approximation with determinantal point processes and generalized volume sampling',
    arXiv: '2312.14057',
    methods: ['sampleDesign', 'designSampler', 'weightedLeastSquares'],
    claim:
      'Repeated determinantal draws keep the error near the best possible with far fewer points than independent ones.',
  },
  'benchmark-ranking': {
    title: 'What are the best systems? New perspectives on NLP Benchmarking',
    arXiv: '2202.03799',
    methods: [
      'bordaRanking',
      'bordaOneLevel',
      'bordaTwoLevel',
      'kemenyRanking',
      'localKemenyRanking',
      'meanRanking',
    ],
    claim:
      'One task on a large scale spoils the mean ranking of systems and leaves the Borda ranking as it was.',
  },
  loki: {
    title: 'Geometry-Aware Adaptation for Pretrained Models',
    arXiv: '2307.12226',
    methods: ['lokiDecode', 'tuneTemperature', 'treeLocus', 'labelLocus', 'selectLabels'],
    claim:
      'A classifier trained on 4 of 10 ordered classes predicts all 10, and is nearer to the truth than argmax.',
  },
  'split-conformal': {
    title: 'Distribution-Free Predictive Inference for Regression',
    arXiv: '1604.04173',
    methods: ['splitConformal', 'conformalQuantile'],
    claim:
      'Intervals of any model cover as often as asked, in finite samples; scales make their width follow the noise.',
  },
  'conformalized-quantile-regression': {
    title: 'Conformalized Quantile Regression',
    arXiv: '1905.03222',
    methods: ['cqr', 'calibrateQuantiles', 'quantileBand'],
    claim:
      'The same marginal coverage as split conformal, more even over the input and with narrower intervals.',
  },
  'jackknife-plus': {
    title: 'Predictive inference with the jackknife+',
    arXiv: '1905.02928',
    methods: ['jackknifePlus', 'cvPlus', 'plusIntervals'],
    claim:
      'Coverage of at least 1 - 2α whatever the model, and near 1 - α for stable ones, with no row held out.',
  },
  'jackknife-plus-after-bootstrap': {
    title: 'Predictive inference is free with the jackknife+-after-bootstrap',
    arXiv: '2002.09025',
    methods: ['jackknifePlusAfterBootstrap'],
    claim: 'The coverage of the jackknife+ from the models of one bootstrap ensemble.',
  },
  enbpi: {
    title: 'Conformal prediction interval for dynamic time-series',
    arXiv: '2010.09107',
    methods: ['enbPi', 'enbPiIntervals', 'enbPiUpdate'],
    claim: 'Coverage near 1 - α on dependent data, without exchangeability and without refitting.',
  },
  'adaptive-conformal-inference': {
    title: 'Adaptive Conformal Inference Under Distribution Shift',
    arXiv: '2106.00170',
    methods: ['adaptiveConformal'],
    claim:
      'When the scale of the errors triples, coverage returns to 0.9, while a fixed threshold falls below 0.6.',
  },
  dtaci: {
    title: 'Conformal Inference for Online Prediction with Arbitrary Distribution Shifts',
    arXiv: '2208.08401',
    methods: ['dtAci'],
    claim: 'Coverage stays near 0.9 locally in time, with no step size to choose.',
  },
  'conformal-pid': {
    title: 'Conformal PID Control for Time Series Prediction',
    arXiv: '2307.16895',
    methods: ['conformalPid'],
    claim: 'Long-run coverage on any bounded sequence, and an integrator that keeps up with drift.',
  },
} as const satisfies Record<string, PaperEntry>;
