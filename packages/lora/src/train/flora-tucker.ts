import type { Model, StateDict } from '@weightloom/nn';
import {
  add,
  conv2d,
  foldIn,
  type Key,
  matmul,
  moveAxis,
  mul,
  normal,
  reshape,
  type Tensor,
  tensor,
  transpose,
  zeros,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { matchModules } from '../format/match-modules.js';
import { adaptableModules } from '../internal/module-kinds.js';
import { matrix } from '../internal/multiply.js';
import { firstOf, thinSvd } from '../internal/singular.js';
import { quote, showShape } from '../internal/text.js';

export interface FloraTuckerOptions {
  readonly targetModules: string | readonly string[];
  /** Rank of each mode of the weight as it is stored (`out`, `in`, `k…`), or one number for all; at most the size of the mode. */
  readonly ranks: number | readonly number[];
  readonly key: Key;
}

const CORE = 'flora_core';
const FACTOR = 'flora_factor';

/**
 * A Tucker adapter for weights of any number of axes, so that kernels keep their shape:
 * `ΔW = scale · G ×₁ U⁽¹⁾ ×₂ U⁽²⁾ …`, factors `U⁽ᵏ⁾` `[dₖ, rₖ]` drawn normal with deviation `√(1 / (2 rₖ))`, core `G` zero.
 *
 * (Neither the federated FLoRA nor "Flora: adapters are gradient compressors". Modes are ordered as the weight is stored; the reference
 * has inputs first.)
 *
 * @returns the tensors of the adapter, by the names `adaptFloraTucker` looks for
 * @throws {AdapterError} when nothing matches, or the number of ranks is not that of the modes; {@link RangeError} for ranks out of range
 * @see Si et al. 2024, "FLoRA: Low-Rank Core Space for N-dimension", arXiv:2405.14739
 */
export function initFloraTucker(
  params: StateDict,
  { targetModules, ranks, key }: FloraTuckerOptions,
): StateDict {
  const where = 'initFloraTucker';
  const shapes = new Map(Object.entries(params).map(([name, { shape }]) => [name, shape] as const));
  const modules = adaptableModules(shapes).filter(({ kind }) => kind !== 'embedding');
  const selection = {
    targetModules,
    excludeModules: null,
    modulesToSave: null,
    layersToTransform: null,
    layersPattern: null,
    taskType: null,
  };
  const own = Object.create(null) as StateDict;
  for (const path of matchModules(selection, modules)) {
    const shape = shapes.get(`${path}.weight`)!;
    const each = checkRanks(ranks, shape, `${where}: ${quote(path)}`);
    own[`${path}.${CORE}`] = zeros(each);
    shape.forEach((size, mode) => {
      const rank = each[mode]!;
      const std = Math.sqrt(2 / (1 + 3) / rank);
      own[`${path}.${FACTOR}_${mode}`] = normal(foldIn(foldIn(key, path), mode), [size, rank], 0, std);
    });
  }
  return own;
}

function checkRanks(ranks: number | readonly number[], shape: readonly number[], where: string): number[] {
  const all = typeof ranks === 'number' ? shape.map((size) => Math.min(ranks, size)) : [...ranks];
  if (all.length !== shape.length) {
    throw new AdapterError({
      where,
      expected: `${shape.length} ranks for a weight ${showShape(shape)}`,
      received: showShape(all),
    });
  }
  all.forEach((rank, mode) => {
    if (!Number.isSafeInteger(rank) || rank < 1 || rank > shape[mode]!) {
      throw new RangeError(`${where}: expected rank ${mode} from 1 to ${shape[mode]}, received ${rank}`);
    }
  });
  return all;
}

/** `G ×₁ U⁽¹⁾ ×₂ U⁽²⁾ …`: a core `[r₁, r₂, …]` and a factor `[dₖ, rₖ]` per mode give `[d₁, d₂, …]`. Differentiable. */
export function tuckerProduct(core: Tensor, factors: readonly Tensor[]): Tensor {
  return factors.reduce(
    (product, factor, mode) => moveAxis(matmul(moveAxis(product, mode, -1), transpose(factor)), -1, mode),
    core,
  );
}

/** Lets a Tucker adapter take part in a model's linear layers and convolutions: the same layer again, with `scale · ΔW` as its weight. */
export function adaptFloraTucker(
  model: Pick<Model, 'apply'>,
  { scale = 1 }: { readonly scale?: number } = {},
): Pick<Model, 'apply'> & { readonly trainable: (name: string) => boolean } {
  const deltaOf = (params: StateDict, path: string, weight: Tensor): Tensor | undefined => {
    const core = params[`${path}.${CORE}`];
    return (
      core &&
      mul(
        tuckerProduct(
          core,
          weight.shape.map((_, mode) => params[`${path}.${FACTOR}_${mode}`]!),
        ),
        scale,
      )
    );
  };
  return {
    trainable: (name) => /\.flora_(core|factor_\d)$/.test(name),
    apply: (params, x, ctx = {}) =>
      model.apply(params, x, {
        ...ctx,
        linear: (path, input, weight, bias) => {
          const delta = deltaOf(params, path, weight);
          const given = ctx.linear?.(path, input, weight, bias);
          if (!delta) return given;
          const product = given ?? matmul(input, transpose(weight));
          return add(given || !bias ? product : add(product, bias), matmul(input, transpose(delta)));
        },
        conv: (path, input, weight, bias, options) => {
          const delta = deltaOf(params, path, weight);
          const given = ctx.conv?.(path, input, weight, bias, options);
          if (!delta) return given;
          return add(
            given ?? conv2d(input, weight, bias ?? null, options),
            conv2d(input, delta, null, options),
          );
        },
      }),
  };
}

/** A Tucker decomposition and how well it fits. */
export interface TuckerFit {
  readonly core: Tensor;
  readonly factors: readonly Tensor[];
  /** `‖ΔW - product‖ / ‖ΔW‖`. */
  readonly error: number;
}

/**
 * The higher-order singular value decomposition of an update, cut to ranks, then improved by higher-order orthogonal iteration: exact when
 * the update has such a structure.
 *
 * @see De Lathauwer, De Moor and Vandewalle 2000, "On the best rank-1 and rank-(R1, …, RN) approximation of higher-order tensors"
 */
export function fitTucker(delta: Tensor, ranks: readonly number[], iterations = 10): TuckerFit {
  const all = checkRanks(ranks, delta.shape, 'fitTucker');
  let factors = delta.shape.map((_, mode) => leading(delta, mode, all[mode]!));
  for (let i = 0; i < iterations; i++) {
    for (const mode of delta.shape.keys())
      factors = factors.with(mode, leading(project(delta, factors, mode), mode, all[mode]!));
  }
  const core = project(delta, factors);
  const values = delta.dataSync() as Float32Array;
  const fitted = tuckerProduct(core, factors).dataSync() as Float32Array;
  let [rest, total] = [0, 0];
  values.forEach((value, i) => {
    rest += (value - fitted[i]!) ** 2;
    total += value ** 2;
  });
  return { core, factors, error: total === 0 ? 0 : Math.sqrt(rest / total) };
}

/** `T ×ₖ U⁽ᵏ⁾ᵀ` for all modes but one. */
const project = (t: Tensor, factors: readonly Tensor[], except = -1): Tensor =>
  factors.reduce(
    (product, factor, mode) =>
      mode === except ? product : moveAxis(matmul(moveAxis(product, mode, -1), factor), -1, mode),
    t,
  );

/** The largest left singular vectors of an unfolding, `[dₖ, rank]`. */
function leading(t: Tensor, mode: number, rank: number): Tensor {
  const front = moveAxis(t, mode, 0);
  const unfolded = reshape(front, [front.shape[0]!, -1]);
  const [rows, columns] = unfolded.shape as [number, number];
  const { u } = firstOf(thinSvd(matrix(unfolded.dataSync() as Float32Array, rows, columns)), rank);
  // An unfolding has no more directions than columns; more would be zeros.
  return tensor(u.values, [rows, u.columns]);
}
