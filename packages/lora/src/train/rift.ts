import { accuracy, type Loss, type Model, type StateDict } from '@weightloom/nn';
import {
  add,
  copy,
  dispose,
  foldIn,
  grad,
  jit,
  type Key,
  mul,
  norm,
  sub,
  take,
  type Tensor,
  tensor,
  tidy,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { adaptableModules } from '../internal/module-kinds.js';
import { quote } from '../internal/text.js';
import { pgdAttack, type PgdAttackOptions } from './pgd-attack.js';

export interface ModuleCriticalityOptions {
  readonly model: Pick<Model, 'apply'>;
  /** Adversarially trained weights; batch norm must be in evaluation mode. */
  readonly params: StateDict;
  readonly loss: Loss;
  readonly data: { readonly inputs: Tensor; readonly targets: Tensor };
  /** The attack examples are made with, once, from the unperturbed model. */
  readonly attack: Omit<PgdAttackOptions, 'key'>;
  readonly key: Key;
  /** Which modules are looked at, by path (default: every linear layer and convolution). */
  readonly modules?: readonly string[];
  /** `ζ`: the perturbation stays within `ζ ‖θ‖` (default 0.1). */
  readonly bound?: number;
  /** Rate of the ascent (default 1). */
  readonly learningRate?: number;
  /** Passes; projected after each (default 10). */
  readonly epochs?: number;
  /** Default 128. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/** How much a module matters for robustness. */
export interface ModuleCriticality {
  readonly path: string;
  /** The largest loss on adversarial examples that a small change of the module's weight leads to, minus the loss without. */
  readonly criticality: number;
}

/**
 * Module robust criticality: `max over ‖Δθᵢ‖ ≤ ζ‖θᵢ‖ of L(θ + Δθᵢ) - L(θ)` on adversarial examples, by gradient ascent over one module's
 * weight at a time. Fine-tune the module with the lowest: it has robustness to spare.
 *
 * @returns one entry per module, in the order of the model
 * @throws {AdapterError} without modules; {@link RangeError} for options out of range
 * @see Zhu et al. 2023, "Improving Generalization of Adversarial Training via Robust Critical Fine-Tuning", arXiv:2308.02533
 */
export async function moduleCriticality(options: ModuleCriticalityOptions): Promise<ModuleCriticality[]> {
  const where = 'moduleCriticality';
  const {
    model,
    params,
    loss,
    data,
    key,
    bound = 0.1,
    learningRate = 1,
    epochs = 10,
    batchSize = 128,
    signal,
  } = options;
  for (const [name, value] of Object.entries({ bound, learningRate, epochs, batchSize })) {
    if (!(value > 0 && Number.isFinite(value)))
      throw new RangeError(`${where}: expected ${name} above 0, received ${value}`);
  }
  const shapes = new Map(Object.entries(params).map(([name, { shape }]) => [name, shape] as const));
  const paths =
    options.modules ??
    adaptableModules(shapes)
      .filter(({ kind }) => kind !== 'embedding')
      .map(({ path }) => path);
  const missing = paths.find((path) => !params[`${path}.weight`]);
  if (paths.length === 0 || missing !== undefined) {
    throw new AdapterError({
      where,
      expected: 'modules with a weight',
      received: missing === undefined ? 'none' : quote(missing),
    });
  }
  const attack = pgdAttack(model, loss, options.attack);
  const batches = batchesOf(data, batchSize).map((batch, i) => {
    const inputs = attack(params, batch.inputs, batch.targets, foldIn(key, i));
    batch.inputs.dispose();
    return { inputs, targets: batch.targets };
  });
  const lossOf = jit((weights: StateDict, inputs: Tensor, targets: Tensor) =>
    loss(model.apply(weights, inputs), targets),
  );
  const meanLoss = (weights: StateDict): number => {
    let [sum, rows] = [0, 0];
    for (const { inputs, targets } of batches) {
      using value = lossOf(weights, inputs, targets);
      sum += value.item() * inputs.shape[0]!;
      rows += inputs.shape[0]!;
    }
    return sum / rows;
  };
  const before = meanLoss(params);
  const found: ModuleCriticality[] = [];
  for (const path of paths) {
    found.push({ path, criticality: ascend(path) - before });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  dispose(batches);
  return found;

  /** The largest loss on the way up. */
  function ascend(path: string): number {
    const name = `${path}.weight`;
    const start = params[name]!;
    const limit = tidy(() => norm(start)).item() * bound;
    const rise = jit((weight: Tensor, others: StateDict, inputs: Tensor, targets: Tensor) => {
      const slope = grad((w: Tensor) => loss(model.apply({ ...others, [name]: w }, inputs), targets))(
        weight,
      ) as Tensor;
      return add(weight, mul(slope, learningRate));
    });
    let weight = copy(start);
    let most = before;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const { inputs, targets } of batches) {
        const next = rise(weight, params, inputs, targets);
        weight.dispose();
        weight = next;
      }
      const projected = tidy(() => {
        const change = sub(weight, start);
        const length = norm(change).item();
        return add(start, mul(change, length > limit ? limit / length : 1));
      });
      weight.dispose();
      weight = projected;
      most = Math.max(most, meanLoss({ ...params, [name]: weight }));
    }
    weight.dispose();
    return most;
  }
}

function batchesOf(
  { inputs, targets }: { inputs: Tensor; targets: Tensor },
  size: number,
): { inputs: Tensor; targets: Tensor }[] {
  const rows = inputs.shape[0]!;
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => {
    const length = Math.min(size, rows - i * size);
    using index = tensor(Int32Array.from({ length }, (_, row) => i * size + row));
    return { inputs: take(inputs, index), targets: take(targets, index) };
  });
}

export interface InterpolateRobustOptions {
  /** Adversarially trained weights, `a = 0`. */
  readonly robust: StateDict;
  /** The same after fine-tuning, `a = 1`; same names and shapes. */
  readonly tuned: StateDict;
  /** Accuracies of weights, both in the same unit. */
  readonly evaluate: (params: StateDict) => Promise<{ readonly clean: number; readonly robust: number }>;
  /** Places from 0 to 1, ascending, starting with 0 (default 0, 0.1, …, 1). */
  readonly places?: readonly number[];
  /** By how much robust accuracy may fall, in the unit of `evaluate` (default 0.001: 0.1 points of a share; unverified). */
  readonly tolerance?: number;
}

export interface InterpolatedRobust {
  /** The weights at the best place. */
  readonly params: StateDict;
  readonly a: number;
  readonly path: readonly { readonly a: number; readonly clean: number; readonly robust: number }[];
  /** Says so where `robust` is hardly robust, so that there is nothing to keep. */
  readonly warnings: readonly string[];
}

/** Below this share of the clean accuracy, robust accuracy counts as none. */
const HARDLY_ROBUST = 0.05;

/**
 * The last step of robust critical fine-tuning: between the robust and the fine-tuned weights, `a θ_ft + (1 - a) θ_AT`, the place with the
 * largest clean accuracy whose robust accuracy does not fall.
 */
export async function interpolateRobust(options: InterpolateRobustOptions): Promise<InterpolatedRobust> {
  const where = 'interpolateRobust';
  const { robust, tuned, evaluate, tolerance = 0.001 } = options;
  const places = options.places ?? Array.from({ length: 11 }, (_, i) => i / 10);
  if (places[0] !== 0 || places.some((a, i) => !(a >= 0 && a <= 1) || (i > 0 && a <= places[i - 1]!))) {
    throw new RangeError(`${where}: expected places from 0 to 1, ascending, received ${places.join(', ')}`);
  }
  const missing = Object.keys(robust).find((name) => !tuned[name]);
  if (missing !== undefined) {
    throw new AdapterError({
      where,
      expected: 'the same weights in both',
      received: `no ${quote(missing)} in tuned`,
    });
  }
  const at = (a: number): StateDict =>
    tidy(() =>
      Object.assign(
        Object.create(null) as StateDict,
        Object.fromEntries(
          Object.entries(robust).map(([name, w]) => [name, add(mul(tuned[name]!, a), mul(w, 1 - a))]),
        ),
      ),
    );
  const path: { a: number; clean: number; robust: number }[] = [];
  for (const a of places) {
    const params = at(a);
    path.push({ a, ...(await evaluate(params)) });
    dispose(params);
  }
  const [start] = path as [(typeof path)[0]];
  const warnings =
    start.robust > HARDLY_ROBUST * start.clean
      ? []
      : [
          `the weights to start from are not adversarially trained: robust accuracy ${start.robust}, clean ${start.clean}`,
        ];
  const floor = start.robust - tolerance;
  const best = path.filter((point) => point.robust >= floor).reduce((x, y) => (y.clean > x.clean ? y : x));
  return { params: at(best.a), a: best.a, path, warnings };
}

/** Share of examples a model gets right after an attack. */
export async function robustAccuracy(
  model: Pick<Model, 'apply'>,
  params: StateDict,
  data: { readonly inputs: Tensor; readonly targets: Tensor },
  attack: ReturnType<typeof pgdAttack>,
  key: Key,
): Promise<number> {
  using attacked = attack(params, data.inputs, data.targets, key);
  using score = tidy(() => accuracy(model.apply(params, attacked), data.targets));
  return (await score.data())[0]!;
}
