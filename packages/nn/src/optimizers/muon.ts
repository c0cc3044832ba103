import { add, div, matmul, mul, norm, reshape, type Tensor, transpose } from '@weightloom/tensor-gpu';
import { checkCount, checkNotNegative, refuse } from '../internal/checks.js';
import { mapDict } from '../internal/dict.js';
import { addDecayedWeights } from './add-decayed-weights.js';
import { adamw } from './adam.js';
import { chain } from './chain.js';
import { momentum as heavyBall } from './momentum.js';
import type { Optimizer } from './optimizer.js';
import { paramGroups } from './param-groups.js';
import { scaleByLearningRate } from './scale-by-learning-rate.js';
import { stateless } from './stateless.js';

export interface MuonOptions {
  /** `η ≥ 0` of the matrices; default 0.02. A schedule overrides it per step and scales the rest by the same share. */
  readonly learningRate?: number;
  /** `μ` in [0, 1); default 0.95. */
  readonly momentum?: number;
  /** Default true. */
  readonly nesterov?: boolean;
  /** Newton–Schulz steps; default 5. */
  readonly iterations?: number;
  /** `λ ≥ 0` of the matrices, decoupled; default 0. */
  readonly weightDecay?: number;
  /**
   * Which weights Muon takes; each must have two axes or more (later ones are flattened). The authors leave out embeddings and the
   * output layer. Weights without it, biases for instance, go to AdamW.
   */
  readonly matrices: (name: string) => boolean;
  /** Rate of AdamW (β 0.9 and 0.95, no decay) for everything else; default 3e-4. */
  readonly otherLearningRate?: number;
}

/**
 * Muon: momentum whose matrices are made orthogonal, `w ← w - η (√max(1, rows/columns) · orthogonal(m) + λ w)`, by a quintic
 * Newton–Schulz iteration in float32 (the authors use bfloat16). Everything but `matrices` is trained by AdamW.
 *
 * @throws {RangeError} when `matrices` names a weight of fewer than two axes
 * @see Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks", https://kellerjordan.github.io/posts/muon/
 */
export function muon({
  learningRate = 0.02,
  momentum = 0.95,
  nesterov = true,
  iterations = 5,
  weightDecay = 0,
  matrices,
  otherLearningRate = 3e-4,
}: MuonOptions): Optimizer {
  checkNotNegative('muon', 'otherLearningRate', otherLearningRate);
  checkCount('muon', 'iterations', iterations);
  const orthogonal = stateless({ type: 'muon', iterations }, (grads) =>
    mapDict((g, name) => {
      if (g.rank < 2) refuse('muon', `"${name}" to have two axes or more`, `[${g.shape.join(', ')}]`);
      const flat = reshape(g, [g.shape[0], g.size / g.shape[0]]);
      const scale = Math.sqrt(Math.max(1, flat.shape[0] / flat.shape[1]));
      return reshape(mul(orthogonalize(flat, iterations), scale), g.shape);
    }, grads),
  );
  const main = chain(
    heavyBall(momentum, { nesterov }),
    orthogonal,
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
  );
  const others = adamw({ learningRate: otherLearningRate, beta2: 0.95, weightDecay: 0 });
  const share = learningRate > 0 ? otherLearningRate / learningRate : 1;
  return paramGroups([
    { filter: matrices, optimizer: main },
    { filter: () => true, optimizer: others, learningRateScale: share },
  ]);
}

const [A, B, C] = [3.4445, -4.775, 2.0315]; // the authors' quintic, steep at 0

/** Nearly `U Vᵀ` for a matrix `U S Vᵀ`: singular values end between about 0.7 and 1.2. */
export function orthogonalize(matrix: Tensor, iterations = 5): Tensor {
  const tall = matrix.shape[0] > matrix.shape[1];
  const start = tall ? transpose(matrix) : matrix;
  let x = div(start, add(norm(start), 1e-7));
  for (let i = 0; i < iterations; i++) {
    const gram = matmul(x, transpose(x));
    const poly = add(mul(gram, B), mul(matmul(gram, gram), C));
    x = add(mul(x, A), matmul(poly, x));
  }
  return tall ? transpose(x) : x;
}
