import type { ChunkedMethod, ChunkedTensor, StateDict } from '@weightloom/state-dict';
import { checkWeights, sum } from './internal/check-weights.js';
import { runVectors } from './internal/run-vectors.js';
import { float64Scratch } from './internal/scratch.js';
import { store, vectorsOf } from './internal/vectors-of.js';

export interface NuslerpOptions {
  /** Two weights (default 1 each): the result is `a₂ / (a₁ + a₂)` of the way from the first model to the second. */
  readonly weights?: readonly number[];
  /** A model to which both are taken relative: the interpolation is between their changes to it. */
  readonly base?: StateDict;
  /**
   * What is one vector:
   * - `'tensor'` (default): the whole tensor;
   * - `'row'`: each row along the last axis;
   * - `'column'`: each column along the first axis.
   */
  readonly along?: 'tensor' | 'row' | 'column';
}

/**
 * NuSLERP: spherical interpolation of two models by weights, of whole tensors, rows or columns.
 *
 * `out = (sin((1-t)θ) v₁ + sin(tθ) v₂) / sin θ` with `t = a₂ / (a₁ + a₂)` (0.5 where the sum is nearly 0), θ the angle
 * between the vectors; where `|sin θ| < 1e-8`, `(1-t) v₁ + t v₂`. Unlike `slerp` there is no switch to a straight line at
 * 0.9995. With a base, `v` are changes to it and the result is added to it.
 *
 * @param models - exactly two; same names, shapes and dtypes
 * @throws {RangeError} for another number of models, or weights that are not finite
 */
export async function nuslerp(
  models: readonly StateDict[],
  { base, ...options }: NuslerpOptions = {},
): Promise<StateDict> {
  if (models.length !== 2) {
    throw new RangeError(`nuslerp: expected exactly two models, received ${models.length}`);
  }
  return runVectors(nuslerpMethod(options, base !== undefined), models, base);
}

/** Weights whose sum is below this say nothing: half way then. */
const SMALLEST_SUM = 1e-6;
/** Norms are taken to be at least this. */
const SMALLEST_NORM = 1e-7;
/** Below this, `sin θ` is too small to divide by. */
const SMALLEST_SINE = 1e-8;

/** `nuslerp` for two models, or a base and two models. */
export function nuslerpMethod(options: Omit<NuslerpOptions, 'base'>, hasBase: boolean): ChunkedMethod {
  const { along = 'tensor' } = options;
  if (!['tensor', 'row', 'column'].includes(along)) {
    throw new RangeError(
      `nuslerp: expected along to be "tensor", "row" or "column", received ${String(along)}`,
    );
  }
  const [a, b] = checkWeights('nuslerp', options.weights, 2, false) as [number, number];
  const total = sum([a, b]);
  const t = Math.abs(total) < SMALLEST_SUM ? 0.5 : b / total;
  return {
    name: 'nuslerp',
    granularity: 'element',
    begin([tensor]) {
      const groups = groupsOf(tensor!, along);
      const vectors = vectorsOf(hasBase, 2);
      const [dots, squares0, squares1] = [0, 1, 2].map(() => new Float64Array(groups.count)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      // The factors of both vectors, per group, once the angles are known.
      const [factors0, factors1] = [dots, squares0];
      const scratch = float64Scratch();
      return {
        passes: [
          {
            reduce(block) {
              const [v0, v1] = vectors(block);
              const walk = groups.walk(block.begin);
              for (let j = 0; j < block.length; j++) {
                const group = walk();
                const [x, y] = [v0![j]!, v1![j]!];
                dots[group]! += x * y;
                squares0[group]! += x * x;
                squares1[group]! += y * y;
              }
            },
            finish() {
              for (let g = 0; g < groups.count; g++) {
                const norms = [squares0[g]!, squares1[g]!].map((s) => Math.max(Math.sqrt(s), SMALLEST_NORM));
                const cosine = Math.min(1, Math.max(-1, dots[g]! / norms[0]! / norms[1]!));
                [factors0[g], factors1[g]] = arc(Math.acos(cosine), t);
              }
            },
          },
        ],
        emit(block, out) {
          const [v0, v1] = vectors(block);
          const walk = groups.walk(block.begin);
          const result = scratch(block.length);
          for (let j = 0; j < block.length; j++) {
            const group = walk();
            result[j] = factors0[group]! * v0![j]! + factors1[group]! * v1![j]!;
          }
          store(result, block, hasBase, out);
        },
      };
    },
  };
}

/** What both ends of an arc are multiplied by. */
function arc(theta: number, t: number): [number, number] {
  const sine = Math.sin(theta);
  if (Math.abs(sine) < SMALLEST_SINE) return [1 - t, t];
  return [Math.sin((1 - t) * theta) / sine, Math.sin(t * theta) / sine];
}

interface Groups {
  readonly count: number;
  /** Starts at an element; each call gives the group of the next one. */
  walk(begin: number): () => number;
}

function groupsOf({ shape, size }: ChunkedTensor, along: 'tensor' | 'row' | 'column'): Groups {
  if (along === 'column' && shape.length > 1) {
    const count = size / shape[0]!;
    return {
      count,
      walk(begin) {
        let next = begin % count;
        return () => {
          const group = next;
          next = next + 1 === count ? 0 : next + 1;
          return group;
        };
      },
    };
  }
  const length = along === 'row' && shape.length > 1 ? shape.at(-1)! : size;
  return {
    count: length === 0 ? 0 : size / length,
    walk(begin) {
      let group = Math.floor(begin / length);
      let left = (group + 1) * length - begin;
      return () => {
        if (left-- > 0) return group;
        left = length - 1;
        return ++group;
      };
    },
  };
}
