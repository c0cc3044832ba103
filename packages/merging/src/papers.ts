/** A paper, and what of it is here. */
export interface Paper {
  readonly title: string;
  readonly url: string;
  /** Exported functions. */
  readonly functions: readonly string[];
}

/** Papers by the name of their page and example. */
export const papers = {
  'model-soups': {
    title:
      'Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference time',
    url: 'https://arxiv.org/abs/2203.05482',
    functions: ['uniformSoup', 'greedySoup', 'learnedSoup', 'ensemble', 'greedyEnsemble'],
  },
  'fisher-merging': {
    title: 'Merging Models with Fisher-Weighted Averaging',
    url: 'https://arxiv.org/abs/2111.09832',
    functions: ['diagonalFisher', 'fisherMerge', 'sweep', 'weightGrid'],
  },
  'task-arithmetic': {
    title: 'Editing Models with Task Arithmetic',
    url: 'https://arxiv.org/abs/2212.04089',
    functions: ['taskArithmetic'],
  },
  'tangent-task-arithmetic': {
    title: 'Task Arithmetic in the Tangent Space: Improved Editing of Pre-Trained Models',
    url: 'https://arxiv.org/abs/2305.12827',
    functions: ['linearize', 'disentanglementError', 'taskArithmetic'],
  },
  ties: {
    title: 'TIES-Merging: Resolving Interference When Merging Models',
    url: 'https://arxiv.org/abs/2306.01708',
    functions: ['tiesMerge'],
  },
  dare: {
    title: 'Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch',
    url: 'https://arxiv.org/abs/2311.03099',
    functions: ['dareLinear', 'dareTies'],
  },
  della: {
    title: 'DELLA-Merging: Reducing Interference in Model Merging through Magnitude-Based Sampling',
    url: 'https://arxiv.org/abs/2406.11617',
    functions: ['della', 'dellaLinear'],
  },
  'model-breadcrumbs': {
    title: 'Model Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks',
    url: 'https://arxiv.org/abs/2312.06795',
    functions: ['breadcrumbs', 'breadcrumbsTies'],
  },
  'model-stock': {
    title: 'Model Stock: All we need is just a few fine-tuned models',
    url: 'https://arxiv.org/abs/2403.19522',
    functions: ['modelStock'],
  },
  sce: {
    title: 'FuseChat: Knowledge Fusion of Chat Models',
    url: 'https://arxiv.org/abs/2408.07990',
    functions: ['sce'],
  },
  zscl: {
    title: 'Preventing Zero-Shot Transfer Degradation in Continual Learning of Vision-Language Models',
    url: 'https://arxiv.org/abs/2303.06628',
    functions: ['trainZscl', 'zsclDistillation'],
  },
  salsa: {
    title: 'SALSA: Soup-based Alignment Learning for Stronger Adaptation in RLHF',
    url: 'https://arxiv.org/abs/2411.01798',
    functions: ['trainSalsa'],
  },
  wash: {
    title: 'WASH: Train your Ensemble with Communication-Efficient Weight Shuffling, then Average',
    url: 'https://arxiv.org/abs/2405.17517',
    functions: ['trainWash', 'shuffleWeights', 'trainPapa', 'trainDart'],
  },
  'weight-matching-lmc': {
    title: 'Analysis of Linear Mode Connectivity via Permutation-Based Weight Matching',
    url: 'https://arxiv.org/abs/2402.04051',
    functions: [
      'weightMatching',
      'activationMatching',
      'straightThrough',
      'mergeMany',
      'permute',
      'autoSpec',
      'barrier',
      'centerBarrier',
      'interpolate',
      'resetBatchNorm',
      'repair',
      'singularAlignment',
    ],
  },
  'merge-feature-visualization': {
    title: 'Understanding Permutation Based Model Merging with Feature Visualizations',
    url: 'https://openreview.net/forum?id=CWTEiuwOQU',
    functions: ['maximizeActivation', 'unitResponses', 'unitCorrelation', 'topExamples', 'jaccard'],
  },
  pleas: {
    title: 'PLeaS: Merging Models with Permutations and Least Squares',
    url: 'https://arxiv.org/abs/2407.02447',
    functions: ['pleas', 'partialMerge', 'mergedWidths', 'chooseSeparate', 'planRatios'],
  },
  'evolutionary-merging': {
    title: 'Evolutionary Optimization of Model Merging Recipes',
    url: 'https://arxiv.org/abs/2403.13187',
    functions: ['evolveRecipe', 'evolve', 'cmaEs'],
  },
  'wise-ft': {
    title: 'Robust fine-tuning of zero-shot models',
    url: 'https://arxiv.org/abs/2109.01903',
    functions: ['wiseFt', 'sweep'],
  },
  bang: {
    title: 'Spurious Feature Diversification Improves Out-of-distribution Generalization',
    url: 'https://arxiv.org/abs/2309.17230',
    functions: ['wiseFt', 'mixUp', 'outcomeCells'],
  },
  'metrics-weighted-averaging': {
    title: 'Parameter-Efficient Checkpoint Merging via Metrics-Weighted Averaging',
    url: 'https://arxiv.org/abs/2504.18580',
    functions: ['metricsWeightedAveraging', 'metricWeights'],
  },
  'robust-weight-signatures': {
    title: 'Robust Weight Signatures: Gaining Robustness as Easy as Patching Weights?',
    url: 'https://arxiv.org/abs/2302.12480',
    functions: ['robustWeightSignature', 'patchWeights'],
  },
} as const satisfies Record<string, Paper>;
