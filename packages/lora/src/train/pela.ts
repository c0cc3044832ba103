import type { ApplyContext, Loss, Model, Objective, StateDict } from '@weightloom/nn';
import {
  abs,
  add,
  matmul,
  max,
  mean,
  mul,
  square,
  stopGradient,
  sub,
  type Tensor,
  tensor,
  transpose,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { finiteTensor } from '../internal/finite-tensor.js';
import { adaptableModules } from '../internal/module-kinds.js';
import { matrix } from '../internal/multiply.js';
import { factorsOf, largestSingular } from '../internal/singular.js';
import { listNames, quote, showShape } from '../internal/text.js';

export interface FactorizeOptions {
  /** By how much each factorised layer shrinks, above 1: `rank = ⌊in · out / (ratio · (in + out))⌋` (default 2). */
  readonly ratio?: number;
  /** Layers left whole, by path (default: those with fewer than 10 outputs). */
  readonly omit?: (path: string, shape: readonly [out: number, inputs: number]) => boolean;
}

const FIRST = 'pela_a';
const SECOND = 'pela_b';

/**
 * Replaces the linear layers of a model by two thin ones: `W ≈ (U√Σ_r)(√Σ_r Vᵀ)`, the bias stays with the second.
 *
 * @param params - left unchanged
 * @returns the small model's weights: `<path>.pela_a` `[r, in]` and `<path>.pela_b` `[out, r]` in place of `<path>.weight`
 * @throws {RangeError} for a ratio of 1 or less; {@link AdapterError} when it leaves a layer no rank, or nothing is factorised
 * @see Guo et al. 2024, "PELA: Learning Parameter-Efficient Models with Low-Rank Approximation", arXiv:2310.10700
 */
export function factorizeModel(params: StateDict, options: FactorizeOptions = {}): StateDict {
  const where = 'factorizeModel';
  const { ratio = 2, omit = (_path, [out]) => out < 10 } = options;
  if (!(ratio > 1 && Number.isFinite(ratio)))
    throw new RangeError(`${where}: expected a ratio above 1, received ${ratio}`);
  const shapes = new Map(Object.entries(params).map(([name, { shape }]) => [name, shape] as const));
  const out = Object.assign(Object.create(null) as StateDict, params);
  let factorised = 0;
  for (const { path, kind } of adaptableModules(shapes)) {
    const name = `${path}.weight`;
    const shape = shapes.get(name)!;
    if (kind !== 'linear' || omit(path, shape as [number, number])) continue;
    const [rows, columns] = shape as [number, number];
    const rank = Math.floor((rows * columns) / (ratio * (rows + columns)));
    if (rank < 1) {
      throw new AdapterError({
        where: `${where}: ${quote(path)}`,
        expected: `a ratio that leaves ${showShape(shape)} a rank`,
        received: String(ratio),
      });
    }
    const values = finiteTensor(params[name]!, `${where}: ${quote(path)}`);
    const { b, a } = factorsOf(largestSingular(matrix(values, rows, columns), rank), 'both');
    Reflect.deleteProperty(out, name);
    out[`${path}.${FIRST}`] = tensor(a.values, [rank, columns]);
    out[`${path}.${SECOND}`] = tensor(b.values, [rows, rank]);
    factorised++;
  }
  if (factorised === 0) {
    throw new AdapterError({ where, expected: 'linear layers that are not omitted', received: 'none' });
  }
  return out;
}

/** The model on factorised weights: `y = B(A x) + b` where a layer has factors. */
export function factorizedModel(model: Pick<Model, 'apply'>): Pick<Model, 'apply'> {
  return {
    apply: (params, x, ctx = {}) => {
      const names = Object.keys(params).filter((name) => name.endsWith(`.${FIRST}`));
      // The layer asks for its weight before it asks for a way to compute; the factor stands in and is not used.
      const present = names.map((name) => [`${name.slice(0, -FIRST.length)}weight`, params[name]!] as const);
      const whole = Object.assign(Object.create(null) as StateDict, params, Object.fromEntries(present));
      return model.apply(whole, x, {
        ...ctx,
        linear: (path, input, weight, bias) => {
          const [a, b] = [params[`${path}.${FIRST}`], params[`${path}.${SECOND}`]];
          if (!a || !b) return ctx.linear?.(path, input, weight, bias);
          const product = matmul(matmul(input, transpose(a)), transpose(b));
          return bias ? add(product, bias) : product;
        },
      });
    },
  };
}

export interface PelaObjectiveOptions<B> {
  readonly model: Pick<Model, 'apply'>;
  /** The weights before they were factorised; frozen. */
  readonly teacher: StateDict;
  /** Inputs and targets of a batch. */
  readonly batch: (batch: B) => { readonly inputs: Tensor; readonly targets: Tensor };
  readonly loss: Loss;
  /** Layers whose outputs are compared, by path. */
  readonly features: readonly string[];
  /** Weight of the features' mean squared error (default 1). */
  readonly kdAlpha?: number;
  /** Weight of the outputs' mean squared error (default 0). */
  readonly kdBeta?: number;
  /** Weight of the perturbation, `(‖B A - W‖_∞ - ε)²` (default 1). */
  readonly infNormWeight?: number;
  /** `ε` (default 0). */
  readonly infNormEps?: number;
}

/**
 * What the small model is pretrained with:
 * `loss + kdAlpha · mean MSE(features) + kdBeta · MSE(outputs) + infNormWeight · mean (‖B A - W‖_∞ - ε)²`,
 * where `‖·‖_∞` is the largest absolute entry. For `createTrainStep`, over the weights of `factorizeModel`.
 *
 * @throws {AdapterError} when a feature is never reached or its shapes differ
 */
export function pelaObjective<B>(options: PelaObjectiveOptions<B>): Objective<B> {
  const {
    model,
    teacher,
    loss,
    features,
    kdAlpha = 1,
    kdBeta = 0,
    infNormWeight = 1,
    infNormEps = 0,
  } = options;
  const student = factorizedModel(model);
  return (params, batch, ctx) => {
    const { inputs, targets } = options.batch(batch);
    const [mine, theirs] = [new Map<string, Tensor>(), new Map<string, Tensor>()];
    const output = student.apply(params, inputs, { ...ctx, tap: collect(features, mine) });
    const reference = model.apply(teacher, inputs, { tap: collect(features, theirs) });
    const missing = features.filter((path) => !mine.has(path) || !theirs.has(path));
    if (missing.length > 0) {
      throw new AdapterError({
        where: 'pelaObjective',
        expected: 'features that the forward pass reaches',
        received: `nothing at ${listNames(missing)}`,
      });
    }
    const distance = (a: Tensor, b: Tensor): Tensor => mean(square(sub(a, stopGradient(b))));
    const between = features.map((path) => distance(mine.get(path)!, theirs.get(path)!));
    const terms = [loss(output, targets)];
    if (between.length > 0) terms.push(mul(total(between), kdAlpha / between.length));
    if (kdBeta !== 0) terms.push(mul(distance(output, reference), kdBeta));
    const perturbations = Object.keys(params)
      .filter((name) => name.endsWith(`.${FIRST}`))
      .map((name) => {
        const path = name.slice(0, -FIRST.length - 1);
        const product = matmul(params[`${path}.${SECOND}`]!, params[name]!);
        return square(sub(max(abs(sub(product, teacher[`${path}.weight`]!))), infNormEps));
      });
    if (infNormWeight !== 0) terms.push(mul(total(perturbations), infNormWeight / perturbations.length));
    return total(terms);
  };
}

const total = (terms: readonly Tensor[]): Tensor => terms.reduce((sum, term) => add(sum, term));

const collect =
  (paths: readonly string[], into: Map<string, Tensor>): NonNullable<ApplyContext['tap']> =>
  (path, _input, output) => {
    if (paths.includes(path)) into.set(path, output);
  };
