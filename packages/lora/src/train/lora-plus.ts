import {
  type AdamMomentsOptions,
  type Optimizer,
  type OptimizerState,
  scaleByAdam,
  type StateDict,
} from '@weightloom/nn';
import { add, mul, neg, type Tensor } from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';

export interface LoraPlusOptions extends AdamMomentsOptions {
  /** `η ≥ 0`, the rate of `A`; a schedule overrides it, and all rates but the embeddings' follow. */
  readonly learningRate: number;
  /** `λ = η_B / η_A`, above 0; the paper advises 1 or more, about 16 (default 16). */
  readonly ratio?: number;
  /** Rate of adapters of embeddings (default 1e-6). */
  readonly embeddingLearningRate?: number;
  /** Decoupled weight decay, for all but biases, norms and other vectors (default 0). */
  readonly weightDecay?: number;
}

export interface LoraPlusOptimizer extends Optimizer {
  /** What is allowed, but hardly meant. */
  readonly warnings: readonly string[];
}

/** The groups of LoRA+, by the names of the reference. */
export type LoraPlusGroup = 'groupA' | 'embedding' | 'groupB' | 'groupB_no_decay';

/**
 * The group a tensor of an adapter belongs to: factors of embeddings; `lora_B` and vectors (of which biases and norms do not decay);
 * everything else.
 */
export function loraPlusGroup(name: string, rank: number): LoraPlusGroup {
  if (/\.lora_embedding_[AB](\.|$)/.test(name)) return 'embedding';
  if (!/\.lora_B(\.|$)/.test(name) && rank !== 1) return 'groupA';
  const decays = !/(^|\.)bias$/.test(name) && !/(^|\.)(\w*norm\w*|ln_\w+)(\.|$)/i.test(name);
  return decays ? 'groupB' : 'groupB_no_decay';
}

/**
 * AdamW with a larger rate for `lora_B`: `A ← A - η Â`, `B ← B - λη B̂`.
 *
 * At large width one rate for both factors is wrong: efficient learning needs `η_A = Θ(1/n)` and `η_B = Θ(1)`. As in the reference,
 * vectors (norms, DoRA's magnitudes) get the large rate too, although the paper speaks of `B` only. Use about half the usual `η`.
 *
 * @returns an optimiser, whose `warnings` name a `λ` below 1
 * @throws {RangeError} for `λ ≤ 0` or NaN; {@link AdapterError} at `init` when no tensor is a `lora_B`
 * @see Hayou, Ghosh and Yu 2024, "LoRA+: Efficient Low Rank Adaptation of Large Models", arXiv:2402.12354
 */
export function loraPlus(options: LoraPlusOptions): LoraPlusOptimizer {
  const { learningRate, ratio = 16, embeddingLearningRate = 1e-6, weightDecay = 0, ...moments } = options;
  const check = (name: string, value: number, ok: boolean, expected: string): void => {
    if (!ok) throw new RangeError(`loraPlus: expected ${name} ${expected}, received ${value}`);
  };
  check('ratio', ratio, Number.isFinite(ratio) && ratio > 0, 'above 0');
  for (const [name, value] of Object.entries({ learningRate, embeddingLearningRate, weightDecay })) {
    check(name, value, Number.isFinite(value) && value >= 0, 'of at least 0');
  }
  const inner = scaleByAdam(moments);
  const warnings = ratio < 1 ? [`ratio ${ratio} has lora_B learn slower than lora_A`] : [];
  return {
    warnings,
    config: { type: 'loraPlus', learningRate, ratio, embeddingLearningRate, weightDecay, moments },
    init(params): OptimizerState {
      if (!Object.keys(params).some((name) => /\.lora_B(\.|$)/.test(name))) {
        throw new AdapterError({
          where: 'loraPlus',
          expected: 'a lora_B among the trained weights',
          received: 'none',
        });
      }
      return inner.init(params);
    },
    update(grads, state, params, { learningRate: given } = {}) {
      const step = inner.update(grads, state as ReturnType<typeof inner.init>, params);
      const rate = given ?? learningRate;
      const updates = Object.create(null) as StateDict;
      for (const [name, direction] of Object.entries(step.updates)) {
        const weight = params[name]!;
        const group = loraPlusGroup(name, weight.rank);
        const decayed =
          weightDecay === 0 || group === 'groupB_no_decay'
            ? direction
            : add(direction, mul(weight, weightDecay));
        updates[name] = mul(decayed, negative(group, rate));
      }
      return { updates, state: step.state };
    },
  };

  function negative(group: LoraPlusGroup, rate: number | Tensor): number | Tensor {
    if (group === 'embedding') return -embeddingLearningRate;
    const factor = group === 'groupA' ? 1 : ratio;
    return typeof rate === 'number' ? -rate * factor : neg(mul(rate, factor));
  }
}
