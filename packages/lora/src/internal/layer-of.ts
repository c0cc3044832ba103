import type { Dtype } from '@weightloom/checkpoint';
import type { LoraLayer } from '../format/lora-adapter.js';
import type { Factors } from './lora-factors.js';
import { store } from './values.js';

/** A layer of new factors, in the shapes of another layer of the same module (its rank may differ). */
export function layerOf(like: LoraLayer, { b, a }: Factors, where: string, dtype: Dtype): LoraLayer {
  const kernel = like.kind === 'conv' ? like.a.shape.slice(2) : [];
  return {
    kind: like.kind,
    a: store(a.values, [a.rows, like.a.shape[1]!, ...kernel], `${where}: lora_A`, dtype),
    b: store(b.values, [b.rows, b.columns, ...kernel.map(() => 1)], `${where}: lora_B`, dtype),
  };
}
