/** A paper, what of it is here, and what it promises at the scale of our example. */
export interface PaperEntry {
  readonly title: string;
  readonly arXiv: string;
  /** Names this package exports. */
  readonly methods: readonly string[];
  readonly claim: string;
}

/** The papers behind this package, by the id of their page and example. */
export const papers = {
  lora: {
    title: 'LoRA: Low-Rank Adaptation of Large Language Models',
    arXiv: '2106.09685',
    methods: ['initLora', 'adaptModel', 'adapterFromParams', 'mergeAdapter'],
    claim:
      'A small share of trained weights gains most of what tuning all gains, and merges without a trace.',
  },
  'lora-initialization': {
    title: 'The Impact of Initialization on LoRA Finetuning Dynamics',
    arXiv: '2406.08447',
    methods: ['initLora'],
    claim: 'At large width, random A with zero B ends lower than zero A with random B, and at a larger rate.',
  },
  'lora-plus': {
    title: 'LoRA+: Efficient Low Rank Adaptation of Large Models',
    arXiv: '2402.12354',
    methods: ['loraPlus', 'loraPlusGroup'],
    claim: 'At large width, a larger rate for B than for A reaches a lower loss than any common rate.',
  },
  eva: {
    title: 'One Initialization to Rule them All: Fine-tuning via Explained Variance Adaptation',
    arXiv: '2410.07170',
    methods: ['initEva'],
    claim: 'Starting A at the principal components of the activations learns faster than a random A.',
  },
  flora: {
    title: 'FLoRA: Low-Rank Core Space for N-dimension',
    arXiv: '2405.14739',
    methods: ['initFloraTucker', 'adaptFloraTucker', 'fitTucker', 'tuckerProduct'],
    claim: 'A Tucker core holds structured kernel changes exactly that matrices of as many numbers cannot.',
  },
  bone: {
    title:
      'Bone: Block Affine Transformation as Parameter Efficient Fine-tuning Methods for Large Language Models',
    arXiv: '2409.15371',
    methods: ['initBone', 'adaptBone', 'boneAdapter', 'boneToLora'],
    claim: 'At one small rate and matched size, Bone and Bat converge faster than LoRA.',
  },
  lift: {
    title:
      'LIFT the Veil for the Truth: Principal Weights Emerge after Rank Reduction for Reasoning-Focused Supervised Fine-Tuning',
    arXiv: '2506.00772',
    methods: ['liftMask', 'sparseAdamw', 'moveMasks'],
    claim:
      'The largest entries after rank reduction find the signal under noise better than the largest weights.',
  },
  lisa: {
    title: 'LISA: Layerwise Importance Sampling for Memory-Efficient Large Language Model Fine-Tuning',
    arXiv: '2403.17919',
    methods: ['trainLisa'],
    claim: 'Two random middle layers at a time come close to training all, far below training none of them.',
  },
  pela: {
    title: 'PELA: Learning Parameter-Efficient Models with Low-Rank Approximation',
    arXiv: '2310.10700',
    methods: ['factorizeModel', 'factorizedModel', 'pelaObjective'],
    claim:
      'Pulling a factorised model back to its teacher’s features keeps its accuracy and stays nearer to its weights.',
  },
  'intruder-dimensions': {
    title: 'LoRA vs Full Fine-tuning: An Illusion of Equivalence',
    arXiv: '2410.21228',
    methods: ['diagnoseAdapter', 'compareWeights', 'reduceIntruders', 'diagnosisReport'],
    claim:
      'LoRA of low rank adds intruder dimensions, full fine-tuning none; scaling them down gives knowledge back.',
  },
  rift: {
    title: 'Improving Generalization of Adversarial Training via Robust Critical Fine-Tuning',
    arXiv: '2308.02533',
    methods: ['moduleCriticality', 'interpolateRobust', 'robustAccuracy', 'pgdAttack'],
    claim: 'Fine-tuning the least critical module raises clean accuracy at next to no cost in robustness.',
  },
  'var-fine-tuning': {
    title: 'Fine-Tuning Visual Autoregressive Models for Subject-Driven Generation',
    arXiv: '2504.02612',
    methods: ['selectiveTraining', 'scaleWeightedCrossEntropy', 'priorDistillation'],
    claim:
      'Distilling from the frozen model keeps its other classes; weighting coarse scales lowers their loss.',
  },
} as const satisfies Record<string, PaperEntry>;
