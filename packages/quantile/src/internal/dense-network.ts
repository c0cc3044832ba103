import { linear, mlp, type StateDict } from '@weightloom/nn';
import {
  bernoulli,
  div,
  expm1,
  foldIn,
  greater,
  type Key,
  minimum,
  mul,
  type Tensor,
  where,
} from '@weightloom/tensor-gpu';
import type { Fields } from '../models/model-json.js';

/** One layer on the host: `y = W x + b`, `W` row-major `[outputs, inputs]`. */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** Weights `layers.<i>.weight` and `layers.<i>.bias` of a perceptron, uniform in ±1/√in. */
export const initNetwork = (key: Key, sizes: readonly number[]): StateDict => mlp({ sizes }).init(key);

/**
 * A perceptron with ELU between its `depth` layers, on tensors. Dropout after every hidden layer, when given a key.
 *
 * @param x - `[b, inputs]`
 * @returns `[b, outputs]`
 */
export function networkTensor(
  params: StateDict,
  x: Tensor,
  depth: number,
  { dropout = 0, key }: { readonly dropout?: number; readonly key?: Key | undefined } = {},
): Tensor {
  let h = x;
  for (let i = 0; i < depth; i++) {
    h = linear(params, `layers.${i}`, h);
    if (i === depth - 1) break;
    h = where(greater(h, 0), h, expm1(minimum(h, 0)));
    if (dropout > 0 && key !== undefined)
      h = where(bernoulli(foldIn(key, i), 1 - dropout, h.shape), div(h, 1 - dropout), mul(h, 0));
  }
  return h;
}

/** The same network on the host, in float64 and without dropout: `[rows, inputs]` to `[rows, outputs]`. */
export function networkRows(layers: readonly DenseLayer[], x: Float64Array, rows: number): Float64Array {
  return layers.reduce((input, { inputs, outputs, weight, bias }, i) => {
    const hidden = i < layers.length - 1;
    const out = new Float64Array(rows * outputs);
    for (let row = 0; row < rows; row++)
      for (let o = 0; o < outputs; o++) {
        let sum = bias[o]!;
        for (let j = 0; j < inputs; j++) sum += weight[o * inputs + j]! * input[row * inputs + j]!;
        out[row * outputs + o] = hidden && sum < 0 ? Math.expm1(sum) : sum;
      }
    return out;
  }, x);
}

/** The layers of trained weights. */
export function layersOf(weights: Readonly<Record<string, Float32Array>>, depth: number): DenseLayer[] {
  return Array.from({ length: depth }, (_, i) => {
    const weight = Float64Array.from(weights[`layers.${i}.weight`]!);
    const bias = Float64Array.from(weights[`layers.${i}.bias`]!);
    return { inputs: weight.length / bias.length, outputs: bias.length, weight, bias };
  });
}

/** Plain data for JSON: float32 weights as exact decimals. */
export const layersToJSON = (layers: readonly DenseLayer[]): Record<string, number | number[]>[] =>
  layers.map(({ inputs, outputs, weight, bias }) => ({
    inputs,
    outputs,
    weight: [...weight],
    bias: [...bias],
  }));

/**
 * Reads {@link layersToJSON} back.
 *
 * @throws {RangeError} for layers that do not fit on each other, on `inputs` or on `outputs`
 */
export function layersFromJSON(list: readonly Fields[], inputs: number, outputs: number): DenseLayer[] {
  let width = inputs;
  const layers = list.map((fields, i) => {
    const layer = {
      inputs: fields.number('inputs'),
      outputs: fields.number('outputs'),
      weight: fields.numbers('weight'),
      bias: fields.numbers('bias'),
    };
    if (
      layer.inputs !== width ||
      layer.weight.length !== layer.inputs * layer.outputs ||
      layer.bias.length !== layer.outputs
    )
      throw new RangeError(`quantileModelFromJSON: layer ${i} of the network is damaged`);
    width = layer.outputs;
    return layer;
  });
  if (width !== outputs || layers.length === 0)
    throw new RangeError(`quantileModelFromJSON: the network answers ${width} values, expected ${outputs}`);
  return layers;
}
