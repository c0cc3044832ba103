import type { StateDict } from '@weightloom/nn';
import {
  add,
  bernoulli,
  conv2d,
  type ConvOptions,
  div,
  foldIn,
  type Key,
  matmul,
  mul,
  reshape,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
  where as select,
} from '@weightloom/tensor-gpu';
import { scalings } from '../format/lora-adapter.js';
import type { LoraConfig } from '../format/lora-config.js';
import { liveName } from './live-names.js';

/** An adapter that takes part in a forward pass. */
export interface ActiveAdapter {
  readonly name: string;
  readonly config: LoraConfig;
  /** By what its update is multiplied beside its own scaling. */
  readonly weight: number;
  readonly scaling: (path: string) => number;
}

export const activeAdapter = (name: string, config: LoraConfig, weight: number): ActiveAdapter => ({
  name,
  config,
  weight,
  scaling: scalings(config),
});

/** The tensors of one adapter for one module, and by what their product is multiplied. */
export interface LiveLayer {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly bias?: Tensor;
  readonly magnitude?: Tensor;
  readonly factor: number;
  readonly adapter: ActiveAdapter;
}

/** What the active adapters have for a linear layer or a convolution. */
export function liveLayers(params: StateDict, path: string, active: readonly ActiveAdapter[]): LiveLayer[] {
  return active.flatMap((adapter) => {
    const a = params[liveName.a(path, adapter.name)];
    const b = params[liveName.b(path, adapter.name)];
    if (!a || !b) return [];
    const bias = params[liveName.bias(path, adapter.name)];
    const magnitude = params[liveName.magnitude(path, adapter.name)];
    return [{ a, b, bias, magnitude, factor: adapter.scaling(path) * adapter.weight, adapter }];
  });
}

interface Draw {
  readonly key?: Key;
  readonly train?: boolean;
}

/** The input of an adapter while training: elements are dropped with the configured probability. */
function dropped(x: Tensor, path: string, { adapter }: LiveLayer, { key, train }: Draw): Tensor {
  const rate = adapter.config.loraDropout;
  if (rate === 0 || !train || !key) return x;
  const own = foldIn(foldIn(foldIn(key, 'lora_dropout'), adapter.name), path);
  return mul(select(bernoulli(own, 1 - rate, x.shape), x, 0), 1 / (1 - rate));
}

/** `y + s · B(A(x))` for each adapter; DoRA as an addition to the output of the base. */
export function adaptLinear(
  path: string,
  x: Tensor,
  weight: Tensor,
  base: Tensor,
  layers: readonly LiveLayer[],
  draw: Draw,
): Tensor {
  return layers.reduce((out, layer) => {
    const input = dropped(x, path, layer, draw);
    const raw = mul(matmul(matmul(input, transpose(layer.a)), transpose(layer.b)), layer.factor);
    const change = layer.bias ? add(raw, mul(layer.bias, layer.factor)) : raw;
    if (!layer.magnitude) return add(out, change);
    const ratio = div(reshape(layer.magnitude, [-1]), norms(weight, layer, [1]));
    return add(out, add(mul(sub(ratio, 1), matmul(input, transpose(weight))), mul(ratio, change)));
  }, base);
}

/** As {@link adaptLinear}; the second factor is a 1 × 1 convolution. */
export function adaptConv(
  path: string,
  x: Tensor,
  weight: Tensor,
  base: Tensor,
  options: ConvOptions,
  layers: readonly LiveLayer[],
  draw: Draw,
): Tensor {
  return layers.reduce((out, layer) => {
    const input = dropped(x, path, layer, draw);
    const groups = layer.a.shape[0]! / layer.b.shape[1]!;
    const own = { stride: options.stride, padding: options.padding, dilation: options.dilation };
    const inner = conv2d(input, layer.a, null, layer.a.shape[1] === x.shape[1] ? own : options);
    const change = mul(conv2d(inner, layer.b, layer.bias ?? null, { groups }), layer.factor);
    if (!layer.magnitude) return add(out, change);
    const ratio = reshape(
      div(reshape(layer.magnitude, [-1]), norms(weight, layer, [1, 2, 3])),
      [1, -1, 1, 1],
    );
    return add(out, add(mul(sub(ratio, 1), conv2d(input, weight, null, options)), mul(ratio, change)));
  }, base);
}

/** `s · B · A` in the shape of the base's weight, `[out, in, k…]`. */
export function productOf({ a, b, factor }: LiveLayer): Tensor {
  const [rank, ...rest] = a.shape as [number, ...number[]];
  const flat = matmul(reshape(b, [b.shape[0]!, -1]), reshape(a, [rank, -1]));
  return reshape(mul(flat, factor), [b.shape[0]!, ...rest]);
}

/** `‖W + ΔW‖` over all inputs of each output, a constant for gradients, as the paper of DoRA advises. */
function norms(weight: Tensor, layer: LiveLayer, axis: readonly number[]): Tensor {
  return stopGradient(sqrt(sum(square(add(weight, productOf(layer))), { axis: [...axis] })));
}

/** The weight with its adapters: `W + ΔW`, for DoRA `m / ‖W + ΔW‖ · (W + ΔW)`; `transposed` where outputs are columns. */
export function effectiveWeight(weight: Tensor, layers: readonly LiveLayer[], transposed: boolean): Tensor {
  return layers.reduce((w, layer) => {
    const product = productOf(layer);
    const moved = add(w, transposed ? transpose(product) : product);
    if (!layer.magnitude) return moved;
    const axis = transposed ? [0] : moved.shape.map((_, i) => i).slice(1);
    const norm = stopGradient(sqrt(sum(square(moved), { axis })));
    const ratio = div(reshape(layer.magnitude, [-1]), norm);
    return mul(moved, transposed ? ratio : reshape(ratio, [-1, ...axis.map(() => 1)]));
  }, weight);
}
