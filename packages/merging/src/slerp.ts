import { type ChunkedMethod, combineInto, runInMemory, type StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';

export interface SlerpOptions {
  /** How far from the first model to the second, in [0, 1]. */
  readonly t: number;
}

/**
 * Spherical interpolation of two models, each tensor as one vector.
 *
 * `out = (sin((1-t)θ) v₀ + sin(tθ) v₁) / sin θ`, where `cos θ = ⟨v₀, v₁⟩ / (‖v₀‖ ‖v₁‖)`; where `|cos θ| > 0.9995`, and so
 * for parallel and opposite tensors, `(1-t) v₀ + t v₁`. A tensor of zeros counts as orthogonal to any other.
 *
 * @param models - exactly two; same names, shapes and dtypes
 * @returns a new state dict with that structure; the first model at `t = 0`, the second at `t = 1`
 * @throws {RangeError} for another number of models, or `t` outside [0, 1]
 * @see Shoemake 1985, "Animating rotation with quaternion curves"
 */
export async function slerp(models: readonly StateDict[], options: SlerpOptions): Promise<StateDict> {
  if (models.length !== 2) {
    throw new RangeError(`slerp: expected exactly two models, received ${models.length}`);
  }
  return runInMemory(slerpMethod(options), models);
}

/** Above this cosine the sphere is as good as flat, and dividing by `sin θ` would magnify rounding. */
const PARALLEL = 0.9995;

/** Norms up to this count as zero. */
const TINY_NORM = 1e-8;

/** `slerp` for two inputs. */
export function slerpMethod({ t }: SlerpOptions): ChunkedMethod {
  checkNumber('slerp', 't', t, 0, 1);
  return {
    name: 'slerp',
    granularity: 'element',
    begin() {
      let [dot, square0, square1] = [0, 0, 0];
      let [a, b] = [1 - t, t];
      return {
        passes: [
          {
            reduce({ inputs: [v0, v1], length }) {
              let [d, s0, s1] = [0, 0, 0];
              for (let j = 0; j < length; j++) {
                const [x, y] = [v0![j]!, v1![j]!];
                d += x * y;
                s0 += x * x;
                s1 += y * y;
              }
              dot += d;
              square0 += s0;
              square1 += s1;
            },
            finish() {
              const cosine = dot / (unless(Math.sqrt(square0)) * unless(Math.sqrt(square1)));
              if (Math.abs(cosine) > PARALLEL) return;
              const theta = Math.acos(cosine);
              a = Math.sin((1 - t) * theta) / Math.sin(theta);
              b = Math.sin(t * theta) / Math.sin(theta);
            },
          },
        ],
        emit: ({ inputs }, out) => combineInto(inputs, [a, b], out),
      };
    },
  };
}

/** A norm to divide by: 1 where it is as good as zero. */
const unless = (norm: number) => (norm > TINY_NORM ? norm : 1);
