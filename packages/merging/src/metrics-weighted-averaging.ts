import { runInMemory, type StateDict } from '@weightloom/state-dict';
import { checkChoice, checkNumber } from './internal/check-number.js';
import { linearMethod } from './linear.js';

export interface MetricWeightsOptions {
  /** Loss of each checkpoint: the lower, the larger its weight. Give these or `steps`. */
  readonly losses?: readonly number[];
  /** Training step of each checkpoint: the later, the larger its weight. */
  readonly steps?: readonly number[];
  /** `p ≥ 0`, how sharply the metric counts (default 1); 0 gives equal weights. */
  readonly penalty?: number;
  /**
   * How weights come from the metric:
   * - `'power'` (default): `(1 / loss)^p`, or `step^p`; needs metrics above 0;
   * - `'softmax'`: `exp(-p · loss)`, or `exp(p · step / largest step)`; any finite metrics.
   */
  readonly form?: 'power' | 'softmax';
}

export interface MetricsWeightedAveragingOptions extends MetricWeightsOptions {
  /** Weights of your own, one per checkpoint, ≥ 0, in place of `losses` and `steps`; divided by their sum. */
  readonly weights?: readonly number[];
}

/**
 * Metrics-weighted averaging of checkpoints of one run: those with a lower loss, or from later steps, count more.
 *
 * `out = Σ aᵢ wᵢ` with `aᵢ ∝ (1 / lossᵢ)^p` or `aᵢ ∝ stepᵢ^p`, see {@link metricWeights}.
 *
 * Tensors are averaged one by one: of LoRA checkpoints the factors A and B separately, which is not the mean of the products `B A`.
 * For that, give the weights to `combineAdapters` of `@weightloom/lora`. Adapters must share rank and scaling.
 *
 * @param checkpoints - at least two; same names, shapes and dtypes
 * @throws {RangeError} for fewer than two checkpoints, and as {@link metricWeights}
 * @throws {StateDictError} naming a tensor that is missing or not finite; `ShapeError`, `DTypeError` likewise
 * @see Yu and Choi 2025, "Parameter-Efficient Checkpoint Merging via Metrics-Weighted Averaging", arXiv:2504.18580. How its penalty
 *   factor enters is not certain; the power form is our reading.
 */
export async function metricsWeightedAveraging(
  checkpoints: readonly StateDict[],
  { weights, ...options }: MetricsWeightedAveragingOptions,
): Promise<StateDict> {
  const count = checkpoints.length;
  if (count < 2) throw new RangeError(`${where}: expected at least two checkpoints, received ${count}`);
  const { losses, steps } = options;
  if ([weights, losses, steps].filter((list) => list !== undefined).length !== 1) {
    throw new RangeError(
      `${where}: expected one of losses, steps and weights, received ${given({ weights, losses, steps })}`,
    );
  }
  weights?.forEach((weight, i) => checkNumber(where, `weights[${i}]`, weight, 0));
  const shares = weights ?? metricWeights(options);
  const labels = checkpoints.map((_, i) => `checkpoints[${i}]`);
  return runInMemory(linearMethod(count, { weights: shares }, where), checkpoints, { labels });
}

/**
 * Weights of checkpoints by their losses or steps; see {@link MetricWeightsOptions}.
 *
 * @returns one weight per checkpoint, from 0 to 1; they sum to 1
 * @throws {RangeError} unless one of `losses` and `steps` is given, finite and, for the power form, above 0; for a negative penalty
 */
export function metricWeights({
  losses,
  steps,
  penalty = 1,
  form = 'power',
}: MetricWeightsOptions): number[] {
  if ((losses === undefined) === (steps === undefined)) {
    throw new RangeError(
      `metricWeights: expected either losses or steps, received ${given({ losses, steps })}`,
    );
  }
  checkChoice('metricWeights', 'form', form, ['power', 'softmax']);
  checkNumber('metricWeights', 'penalty', penalty, 0);
  const [name, metrics] = losses ? ['losses', losses] : ['steps', steps!];
  metrics.forEach((metric, i) => {
    const fits = Number.isFinite(metric) && (form === 'softmax' || metric > 0);
    if (fits) return;
    const expected = form === 'power' ? 'a number above 0' : 'a finite number';
    throw new RangeError(
      `metricWeights: expected ${name}[${i}] to be ${expected}, received ${String(metric)}`,
    );
  });
  // Logarithms, less their largest: no power overflows.
  const longest = Math.max(...metrics.map(Math.abs)) || 1;
  const logs = metrics.map((metric) => {
    if (form === 'power') return (losses ? -penalty : penalty) * Math.log(metric);
    return losses ? -penalty * metric : (penalty * metric) / longest;
  });
  const largest = Math.max(...logs);
  const masses = logs.map((log) => Math.exp(log - largest));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / total);
}

const where = 'metricsWeightedAveraging';

function given(lists: Readonly<Record<string, readonly number[] | undefined>>): string {
  const names = Object.keys(lists).filter((name) => lists[name] !== undefined);
  return names.length === 0 ? 'none' : names.join(' and ');
}
