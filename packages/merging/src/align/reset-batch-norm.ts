import type { Apply, LongWorkOptions } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import {
  cast,
  dispose,
  mean,
  mul,
  reshape,
  type Tensor,
  tensor,
  tidy,
  variance,
} from '@weightloom/tensor-gpu';
import { batchesOf } from './internal/batches-of.js';

export interface ResetBatchNormOptions extends LongWorkOptions {
  /** The forward pass, which shows its batch norms to `ctx.tap`, as models of `@weightloom/nn` do. */
  readonly apply: Apply;
  /** `[n, …]`: what to take statistics of; the training data, or some hundred batches of them. */
  readonly inputs: Tensor;
  /** Rows in a batch; default 256. The last may be smaller. */
  readonly batchSize?: number;
}

/**
 * Estimates batch norm's running statistics anew: merged weights shrink the variance of what they compute, so that those of the
 * parents do not fit.
 *
 * One pass over `inputs` in training mode, batch by batch; `running_mean` and `running_var` become the plain averages of the batches'
 * means and (unbiased) variances, as PyTorch's batch norm with `momentum=None` after a reset. Without batch norm nothing changes.
 *
 * @returns `params` with new statistics; other tensors are shared
 * @throws {RangeError} when the model has statistics of a batch norm that the forward pass does not show
 */
export async function resetBatchNorm(
  params: StateDict,
  { apply, inputs, batchSize = 256, onProgress, signal }: ResetBatchNormOptions,
): Promise<StateDict> {
  const paths = Object.keys(params).flatMap((name) => /^(.*)\.running_mean$/.exec(name)?.[1] ?? []);
  const out: StateDict = Object.assign(Object.create(null) as StateDict, params);
  if (paths.length === 0) return out;
  const sums = new Map<string, { mean: Float64Array; variance: Float64Array }>();
  const batches = batchesOf('resetBatchNorm', inputs, batchSize);
  for (const [i, batch] of batches.entries()) {
    signal?.throwIfAborted();
    const seen = tidy(() => {
      const found: Record<string, readonly [Tensor, Tensor]> = {};
      const rows = batch();
      apply(params, rows, {
        train: true,
        tap: (path, x) => {
          if (paths.includes(path)) found[path] = statistics(x);
        },
      });
      return found;
    });
    for (const path of paths) {
      const pair = seen[path];
      if (!pair) {
        throw new RangeError(
          `resetBatchNorm: expected the forward pass to show batch norm ${JSON.stringify(path)} to ctx.tap, received nothing`,
        );
      }
      const [m, v] = [await pair[0].data(), await pair[1].data()];
      const sum = sums.get(path) ?? {
        mean: new Float64Array(m.length),
        variance: new Float64Array(m.length),
      };
      sums.set(path, sum);
      for (let c = 0; c < m.length; c++) {
        sum.mean[c]! += m[c]!;
        sum.variance[c]! += v[c]!;
      }
      dispose([...pair]);
    }
    onProgress?.({ done: i + 1, total: batches.length, label: 'resetBatchNorm' });
  }
  for (const [path, sum] of sums) {
    const average = (values: Float64Array) =>
      tensor(Float32Array.from(values, (value) => value / batches.length));
    const [meanName, varianceName] = [`${path}.running_mean`, `${path}.running_var`];
    out[meanName] = cast(average(sum.mean), params[meanName]!.dtype);
    out[varianceName] = cast(average(sum.variance), params[varianceName]!.dtype);
  }
  return out;
}

/** Mean and unbiased variance per channel of `[N, C, …]`. */
function statistics(x: Tensor): readonly [Tensor, Tensor] {
  const [n, channels] = x.shape as [number, number];
  const flat = reshape(x, [n, channels, x.size / (n * channels)]);
  const count = x.size / channels;
  return [
    mean(flat, { axis: [0, 2] }),
    mul(variance(flat, { axis: [0, 2] }), count / Math.max(count - 1, 1)),
  ];
}
