import type { LoraAdapter, LoraLayer } from '../format/lora-adapter.js';
import { scalings } from '../format/lora-adapter.js';
import { AdapterError } from '../adapter-error.js';
import { squareOrientation } from './layer-edits.js';
import { loraFactors, orientationOf } from './lora-factors.js';
import { type Matrix, matrix, multiply, transpose } from './multiply.js';
import { listNames, quote } from './text.js';
import { finiteValues } from './values.js';
import { readerOf, type WeightSource } from './weights-reader.js';

/** A layer beside the weight it belongs to; both as `[out, in · k…]`, embeddings as `[dim, rows]`. */
export interface LayerAndBase {
  readonly path: string;
  readonly layer: LoraLayer;
  readonly scaling: number;
  readonly base: Matrix;
  readonly delta: Matrix;
}

/** Goes through the layers of an adapter with the weights of its base, one at a time. */
export async function* layersWithBase(
  adapter: LoraAdapter,
  source: WeightSource,
  where: string,
): AsyncGenerator<LayerAndBase> {
  if (adapter.config.useDora) {
    const cure = 'merge it and compare the weights';
    throw new AdapterError({ where, expected: 'an adapter whose update is a sum', received: 'DoRA', cure });
  }
  const reader = readerOf(source);
  const missing = [...adapter.layers.keys()].filter((path) => !reader.shapes.has(`${path}.weight`));
  if (missing.length > 0) {
    throw new AdapterError({
      where,
      expected: 'a base with every adapted module',
      received: `one without ${listNames(missing, 40)}`,
    });
  }
  const square = squareOrientation(adapter, (path) => reader.shapes.get(`${path}.weight`), where);
  const scaling = scalings(adapter.config);
  for (const [path, layer] of adapter.layers) {
    const at = `${where}: ${quote(path)}`;
    const shape = reader.shapes.get(`${path}.weight`)!;
    const isSquare = layer.kind === 'linear' && layer.b.shape[0] === layer.a.shape[1];
    const turned = orientationOf(layer, shape, isSquare && square(path), at) === 'transposed';
    const values = finiteValues(await reader.read(`${path}.weight`), `${at} in the base`);
    const stored = matrix(values, shape[0]!, values.length / shape[0]!);
    const { b, a } = loraFactors(layer, at);
    const s = scaling(path);
    const delta = multiply(b, { ...a, values: a.values.map((value) => value * s) });
    yield { path, layer, scaling: s, base: turned ? transpose(stored) : stored, delta };
  }
}

export const sumOf = (a: Matrix, b: Matrix): Matrix => ({
  ...a,
  values: a.values.map((value, i) => value + b.values[i]!),
});
