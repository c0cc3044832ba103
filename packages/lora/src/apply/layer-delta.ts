import type { RawTensor } from '@weightloom/checkpoint';
import { type LoraAdapter, type LoraLayer, scalings } from '../format/lora-adapter.js';
import { AdapterError } from '../adapter-error.js';
import { loraFactors } from '../internal/lora-factors.js';
import { multiply, transpose } from '../internal/multiply.js';
import { quote } from '../internal/text.js';
import { store } from '../internal/values.js';

/**
 * What an adapter adds to the weight of one module: `ΔW = s · B · A`, in PyTorch's layout.
 *
 * DoRA's magnitudes are left out: there the new weight is no sum, see `mergeAdapter`.
 *
 * @param path - a module of `adapter.layers`
 * @returns float32, `[out, in]`, `[out, in, k…]` or for embeddings `[rows, dim]`; transpose it for GPT-2's `Conv1D`
 * @throws {AdapterError} for a module the adapter does not have, NaN and infinities
 */
export function layerDelta(adapter: LoraAdapter, path: string): RawTensor {
  const layer = adapter.layers.get(path);
  const where = `layerDelta: ${quote(path)}`;
  if (!layer) throw new AdapterError({ where, expected: 'a module of the adapter', received: 'another' });
  const values = deltaValues(layer, scalings(adapter.config)(path), where);
  const [out, rest] = [layer.b.shape[0]!, layer.a.shape.slice(1)];
  return store(values, layer.kind === 'embedding' ? [rest[0]!, out] : [out, ...rest], where);
}

function deltaValues(layer: LoraLayer, scaling: number, where: string): Float32Array {
  const { a, b } = loraFactors(layer, where);
  const right = { ...a, values: a.values.map((value) => value * scaling) };
  const product = multiply(b, right);
  return (layer.kind === 'embedding' ? transpose(product) : product).values;
}
