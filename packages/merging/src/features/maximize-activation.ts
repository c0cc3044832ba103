import { adam, applyUpdates, type LongWorkOptions } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import {
  add,
  clip,
  dispose,
  foldIn,
  generator,
  jit,
  type Key,
  mean,
  mul,
  neg,
  normal,
  oneHot,
  slice,
  square,
  sub,
  sum,
  take,
  tensor,
  type Tensor,
  tidy,
  transpose,
  valueAndGrad,
} from '@weightloom/tensor-gpu';
import type { ActivationSource } from '../align/activation-matching.js';
import { checkCount, checkNumber } from '../internal/check-number.js';
import { pacer } from '../internal/pacer.js';
import { exampleMeans, layerOutput } from './unit-responses.js';

export interface MaximizeActivationOptions extends LongWorkOptions {
  /** The forward pass, which shows its layers to `ctx.tap`, as models of `@weightloom/nn` do. */
  readonly apply: ActivationSource['apply'];
  /** Path of the layer whose output is maximised. */
  readonly layer: string;
  /** Units, one picture each: channels of a convolution or places of a linear layer's output. */
  readonly units: readonly number[];
  /** Channels, height and width of a picture. */
  readonly shape: readonly [number, number, number];
  /** Default 256. */
  readonly steps?: number;
  /** Of Adam; default 0.05. */
  readonly learningRate?: number;
  /** Most pixels that a picture is shifted by at each step, around its edges; default 1. */
  readonly jitter?: number;
  /** Weight of the mean of squared pixels; default 0.1. */
  readonly l2?: number;
  /** Weight of the total variation: the mean of squared differences of neighbours; default 0.5. */
  readonly totalVariation?: number;
  /** Least and greatest value of a pixel; default 0 and 1. */
  readonly range?: readonly [number, number];
  /** Decides the noise to start from, and the shifts. */
  readonly key: Key;
}

/** What {@link maximizeActivation} gives. */
export interface MaximizedActivation {
  /** `[units, channels, height, width]`. */
  readonly images: Tensor;
  /** Activation of each unit by its picture. */
  readonly activations: Float32Array;
}

/**
 * Feature visualisation: pictures that excite units of a layer, by gradient ascent from faint noise,
 * `max_x mean activation(x) - λ₂ mean x² - λ_TV mean ‖∇x‖²`, with a random shift at each step.
 *
 * All pictures start from the same noise, so that those of several models can be compared.
 *
 * @param params - computed with running statistics of batch norm
 * @throws {RangeError} for a layer that is not shown, a unit out of range, and options outside their range
 * @see Zou et al. 2024, "Understanding Permutation Based Model Merging with Feature Visualizations"; Olah, Mordvintsev and Schubert 2017,
 *   "Feature Visualization", Distill; penalties and their weights are ours
 */
export async function maximizeActivation(
  params: StateDict,
  {
    apply,
    layer,
    units,
    shape,
    steps = 256,
    learningRate = 0.05,
    jitter = 1,
    l2 = 0.1,
    totalVariation = 0.5,
    range: [low, high] = [0, 1],
    key,
    onProgress,
    signal,
  }: MaximizeActivationOptions,
): Promise<MaximizedActivation> {
  const where = 'maximizeActivation';
  checkCount(where, 'steps', steps);
  checkCount(where, 'jitter', jitter, 0);
  for (const [name, value] of Object.entries({ learningRate, l2, totalVariation }))
    checkNumber(where, name, value, 0);
  const [channels, height, width] = shape;
  const count = units.length;
  if (count === 0) throw new RangeError(`${where}: expected at least one unit, received none`);
  const activationsOf = (weights: StateDict, x: Tensor): Tensor => {
    const rows = exampleMeans(layerOutput(where, weights, x, layer, apply), count);
    const bad = units.find((unit) => !Number.isInteger(unit) || unit < 0 || unit >= rows.shape[0]!);
    if (bad !== undefined) {
      throw new RangeError(
        `${where}: expected units from 0 to ${rows.shape[0]! - 1} of layer ${JSON.stringify(layer)}, received ${bad}`,
      );
    }
    const own = oneHot(tensor(Int32Array.from(units)), rows.shape[0]!);
    return sum(mul(transpose(rows), own), { axis: 1 });
  };
  const optimizer = adam({ learningRate });
  const step = jit(
    (
      weights: StateDict,
      image: Tensor,
      memory: ReturnType<typeof optimizer.init>,
      down: Tensor,
      across: Tensor,
    ) => {
      const loss = ({ x }: StateDict): Tensor => {
        const shifted = take(take(x!, down, 2), across, 3);
        const gain = sum(activationsOf(weights, shifted));
        const penalty = add(mul(mean(square(x!)), l2), mul(variation(x!), totalVariation));
        return neg(sub(gain, mul(penalty, count)));
      };
      const [, gradients] = valueAndGrad(loss)({ x: image });
      const { updates, state } = optimizer.update(gradients, memory, { x: image });
      return { image: clip(applyUpdates({ x: image }, updates).x!, low, high), memory: state };
    },
    { name: where },
  );
  const middle = (low + high) / 2;
  const noise = tidy(() => {
    const one = normal(foldIn(key, 'noise'), [1, channels, height, width], middle, 0.05 * (high - low));
    return clip(take(one, tensor(new Int32Array(count)), 0), low, high);
  });
  let state = { image: noise, memory: optimizer.init({ x: noise }) };
  const draw = generator(foldIn(key, 'shifts'));
  const shift = (size: number): Tensor => {
    const by = draw.integer(2 * jitter + 1) - jitter;
    return tensor(Int32Array.from({ length: size }, (_, i) => (((i + by) % size) + size) % size));
  };
  const pace = pacer(signal);
  try {
    for (let i = 0; i < steps; i++) {
      await pace();
      const before = state;
      state = tidy(() => step(params, before.image, before.memory, shift(height), shift(width)));
      dispose(before);
      onProgress?.({ done: i + 1, total: steps, label: `${where} of ${layer}` });
    }
    const reached = tidy(() => activationsOf(params, state.image));
    const activations = (await reached.data()) as Float32Array;
    reached.dispose();
    dispose(state.memory);
    return { images: state.image, activations };
  } catch (error) {
    dispose(state);
    throw error;
  }
}

/** Mean of squared differences of pixels beside and above one another, of `[N, C, H, W]`. */
function variation(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const along = (axis: 2 | 3): Tensor => {
    const size = axis === 2 ? h : w;
    if (size < 2) return mul(sum(x), 0);
    const cut = (from: number, to: number): Tensor =>
      axis === 2 ? slice(x, [0, 0, from, 0], [n, c, to, w]) : slice(x, [0, 0, 0, from], [n, c, h, to]);
    return mean(square(sub(cut(1, size), cut(0, size - 1))));
  };
  return add(along(2), along(3));
}
