import type { StateDict } from '@weightloom/state-dict';
import { conv2d, ShapeError, take, type Tensor, tensor, tidy } from '@weightloom/tensor-gpu';
import type { ApplyFunction } from '../ensemble.js';
import { type QuickLayer, seesRows } from './squared-gradients-of-layers.js';

/**
 * Tries a model on a few rows: how many classes there are, and which layers may take the quick way.
 *
 * @throws {ShapeError} when there is no example, or logits are not `[n, classes]`
 */
export function lookAtLayers(
  where: string,
  apply: ApplyFunction,
  params: StateDict,
  inputs: Tensor,
): { classes: number; layers: readonly QuickLayer[] } {
  if (inputs.rank === 0 || inputs.shape[0] === 0) {
    throw new ShapeError({
      where,
      expected: 'inputs of shape [n, …] with n ≥ 1',
      received: `[${inputs.shape.join(', ')}]`,
    });
  }
  const { layers, shape } = layersSeen(apply, params, inputs, 2);
  if (shape.length !== 2 || shape[0] !== 2) {
    throw new ShapeError({
      where,
      expected: 'logits of shape [2, classes] for two examples',
      received: `[${shape.join(', ')}]`,
    });
  }
  // With more than rows, an axis of 2 may be one of something else: it must be 3 for three examples.
  const isSure = layers.every((layer) => seesRows(layer) || layer.window);
  const again = isSure ? layers : layersSeen(apply, params, inputs, 3).layers;
  const paths = again.map(({ path }) => path);
  return { classes: shape[1]!, layers: layers.filter(({ path }) => paths.includes(path)) };
}

/** What `count` examples pass through: layers of the weights of their name, used once, whose first axis is as long. */
function layersSeen(apply: ApplyFunction, params: StateDict, inputs: Tensor, count: number) {
  const uses = new Map<string, number>();
  const layers: QuickLayer[] = [];
  const note = (layer: QuickLayer, x: Tensor, weight: Tensor, bias: Tensor | undefined): undefined => {
    const { path } = layer;
    uses.set(path, (uses.get(path) ?? 0) + 1);
    const own = weight === params[`${path}.weight`] && bias === params[`${path}.bias`];
    if (own && x.rank > 1 && x.shape[0] === count) layers.push(layer);
  };
  const shape = tidy(() => {
    const rows = Int32Array.from({ length: count }, (_, i) => (i % 2) * (inputs.shape[0]! - 1));
    const logits = apply(params, take(inputs, tensor(rows)), {
      linear: (path, x, weight, bias) =>
        note({ path, output: [...x.shape.slice(1, -1), weight.shape[0]!] }, x, weight, bias),
      conv: (path, x, weight, bias, options) => {
        const out = conv2d(x, weight, bias ?? null, options);
        const size = weight.shape.slice(2) as [number, number];
        const layer = { path, output: out.shape.slice(1), window: { size, options } };
        if ((options.groups ?? 1) === 1) note(layer, x, weight, bias);
        return out;
      },
    });
    return logits.shape;
  });
  return { shape, layers: layers.filter(({ path }) => uses.get(path) === 1) };
}
