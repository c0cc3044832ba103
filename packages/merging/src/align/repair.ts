import type { Apply } from '@weightloom/nn';
import { assertSameStructure, type StateDict, stateDict } from '@weightloom/state-dict';
import {
  add,
  conv2d,
  div,
  matmul,
  mean,
  mul,
  reshape,
  sqrt,
  sub,
  type Tensor,
  tidy,
  transpose,
  variance,
} from '@weightloom/tensor-gpu';
import { checkNumber } from '../internal/check-number.js';

export interface RepairOptions {
  /** The forward pass, which goes through `ctx.linear` and `ctx.conv`, as models of `@weightloom/nn` do. */
  readonly apply: Apply;
  /** `[n, …]`, computed as one batch: some hundred to some thousand examples. */
  readonly inputs: Tensor;
  /** Where between the parents the merged model lies, 0 to 1; default 0.5. */
  readonly t?: number;
}

/** Added to variances before they divide. */
const EPSILON = 1e-5;

/**
 * REPAIR: rescales every unit of a merged network so that the mean and deviation of what it computes are between those of its parents.
 *
 * For each layer with a bias but the last, from the input on: with `μ, σ` of the merged unit's output before the activation on the
 * inputs, and `μ*, σ*` interpolated between the parents' by `t`, `W ← W σ* / σ`, `b ← (b - μ) σ* / σ + μ*`. Layers without a bias, which batch norm
 * follows, stay: {@link resetBatchNorm} does the same for them.
 *
 * @param merged - the interpolated weights
 * @param parents - both parents, their units in the same order
 * @returns new weights
 * @throws {RangeError} for `t` outside 0 to 1
 * @see Jordan et al. 2023, "REPAIR: REnormalizing Permuted Activations for Interpolation Repair", arXiv:2211.08403; the last layer, whose
 *   outputs are no activations, stays here
 */
export async function repair(
  merged: StateDict,
  parents: readonly [StateDict, StateDict],
  { apply, inputs, t = 0.5 }: RepairOptions,
): Promise<StateDict> {
  checkNumber('repair', 't', t, 0, 1);
  assertSameStructure([merged, ...parents], {
    where: 'repair',
    labels: ['merged', 'parents[0]', 'parents[1]'],
  });
  const repaired = tidy(() => {
    const [a, b] = parents.map((params) => {
      const seen = new Map<string, readonly [Tensor, Tensor]>();
      apply(params, inputs, { tap: (path, _, out) => seen.set(path, moments(out)) });
      return seen;
    }) as [Map<string, readonly [Tensor, Tensor]>, Map<string, readonly [Tensor, Tensor]>];
    const last = [...a.keys()]
      .filter((path) => `${path}.bias` in merged && merged[`${path}.weight`]!.rank > 1)
      .at(-1);
    const found = stateDict([]);
    /** The layer's output after its repair; records what becomes of its weights. */
    const fix = (path: string, out: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor => {
      const [own, from, to] = [moments(out), a.get(path), b.get(path)];
      if (!bias || path === last || !from || !to) return out;
      const between = (x: Tensor, y: Tensor) => add(x, mul(sub(y, x), t));
      const factor = div(between(from[1], to[1]), own[1]);
      const shift = between(from[0], to[0]);
      const spread = (v: Tensor, rank: number, axis: number) =>
        reshape(
          v,
          Array.from({ length: rank }, (_, i) => (i === axis ? v.size : 1)),
        );
      const stored = merged[`${path}.weight`]!;
      const axis = stored === weight ? 0 : 1; // stored [in, out], and turned for us
      found[`${path}.weight`] = mul(stored, spread(factor, stored.rank, axis));
      found[`${path}.bias`] = add(mul(sub(bias, own[0]), factor), shift);
      const channel = out.rank === 4 ? 1 : out.rank - 1;
      const along = (v: Tensor) => spread(v, out.rank, channel);
      return add(mul(sub(out, along(own[0])), along(factor)), along(shift));
    };
    apply(merged, inputs, {
      linear: (path, x, weight, bias) => {
        const product = matmul(x, transpose(weight));
        return fix(path, bias ? add(product, bias) : product, weight, bias);
      },
      conv: (path, x, weight, bias, options) =>
        fix(path, conv2d(x, weight, bias ?? null, options), weight, bias),
    });
    return found;
  });
  return Object.assign(Object.create(null) as StateDict, merged, repaired);
}

/** Mean and deviation per channel of `[N, C, H, W]`, or per place of the last axis. */
function moments(x: Tensor): readonly [Tensor, Tensor] {
  const axis = Array.from({ length: x.rank }, (_, i) => i).filter(
    (i) => i !== (x.rank === 4 ? 1 : x.rank - 1),
  );
  return [mean(x, { axis }), sqrt(add(variance(x, { axis }), EPSILON))];
}
