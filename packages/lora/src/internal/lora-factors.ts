import { AdapterError } from '../adapter-error.js';
import type { LoraLayer } from '../format/lora-adapter.js';
import { groupsOf } from './check-layer.js';
import { type Matrix, matrix, transpose } from './multiply.js';
import { showShape } from './text.js';
import { finiteValues } from './values.js';

/** Two matrices whose product, `[out, in · k…]` or for embeddings `[dim, rows]`, is `ΔW / s` in the adapter's own orientation. */
export interface Factors {
  /** `[out, r]`. */
  readonly b: Matrix;
  /** `[r, in · k…]`. */
  readonly a: Matrix;
}

/** The factors of a layer as matrices; of a grouped convolution `b` is block-diagonal. NaN and infinities are refused. */
export function loraFactors(layer: LoraLayer, where: string): Factors {
  const rank = layer.a.shape[0]!;
  const out = layer.b.shape[0]!;
  const aValues = finiteValues(layer.a, `${where}: lora_A`);
  const bValues = finiteValues(layer.b, `${where}: lora_B`);
  const a = matrix(aValues, rank, aValues.length / rank);
  const groups = groupsOf(layer);
  if (groups === 1) return { a, b: matrix(bValues, out, rank) };
  const [perGroup, width] = [out / groups, rank / groups];
  const b = new Float32Array(out * rank);
  for (let i = 0; i < out; i++) {
    const group = Math.floor(i / perGroup);
    b.set(bValues.subarray(i * width, (i + 1) * width), i * rank + group * width);
  }
  return { a, b: matrix(b, out, rank) };
}

/** How the base stores the weight of a layer, found by its shape. */
export type Orientation = 'straight' | 'transposed';

/**
 * Whether the base stores a weight as the adapter means it (`[out, in]`) or transposed: GPT-2's `[in, out]`, and embeddings,
 * whose adapters mean `[dim, rows]`.
 *
 * @param fanInFanOut - decides for square weights
 */
export function orientationOf(
  layer: LoraLayer,
  shape: readonly number[],
  fanInFanOut: boolean,
  where: string,
): Orientation {
  const [out, rest] = [layer.b.shape[0]!, layer.a.shape.slice(1)];
  const straight = [out, ...rest];
  const refuse = (expected: string, cure?: string): never => {
    throw new AdapterError({ where, expected, received: showShape(shape), cure });
  };
  const equals = (other: readonly number[]): boolean => showShape(shape) === showShape(other);
  if (layer.kind === 'embedding') {
    return equals([...rest, out])
      ? 'transposed'
      : refuse(`a base weight of shape ${showShape([...rest, out])}`);
  }
  if (layer.kind === 'conv') {
    if (equals(straight)) return 'straight';
    const groups = groupsOf(layer);
    const grouped = groups > 1 && shape[1]! * groups === rest[0];
    return refuse(
      `a base weight of shape ${showShape(straight)}`,
      grouped
        ? 'this adapter mixes all input channels, which a grouped kernel cannot hold; keep it unmerged'
        : undefined,
    );
  }
  const turned = [rest[0]!, out];
  if (!equals(straight) && !equals(turned)) {
    refuse(`a base weight of shape ${showShape(straight)} (or ${showShape(turned)} for fan_in_fan_out)`);
  }
  if (out === rest[0]) return fanInFanOut ? 'transposed' : 'straight';
  return equals(straight) ? 'straight' : 'transposed';
}

/** The factors turned so that `left · right` is `ΔW / s` as the base stores it. */
export function orientedFactors(
  layer: LoraLayer,
  orientation: Orientation,
  where: string,
): { left: Matrix; right: Matrix } {
  const { a, b } = loraFactors(layer, where);
  return orientation === 'straight' ? { left: b, right: a } : { left: transpose(a), right: transpose(b) };
}
