import { type Tensor, tensor } from '@weightloom/tensor-gpu';
import { expect } from 'vitest';
import type { StateDict } from '../src/index.js';

/** Nested numbers of a golden file, flattened. */
export const flat = (value: unknown): number[] =>
  Array.isArray(value) ? value.flatMap(flat) : [value as number];

/** Every element within `tolerance` of the expected one, absolute for small and relative for large numbers. */
export function expectClose(
  received: Tensor | ArrayLike<number>,
  expected: unknown,
  tolerance: number,
): void {
  const got = Array.from('dataSync' in received ? received.dataSync() : received);
  const want = flat(expected);
  expect(got).toHaveLength(want.length);
  got.forEach((value, i) => {
    const error = Math.abs(value - want[i]) / Math.max(1, Math.abs(want[i]));
    if (!(error <= tolerance))
      expect.fail(`element ${i}: expected ${want[i]}, received ${value} (tolerance ${tolerance})`);
  });
}

/** A state dict of nested numbers. */
export function dict(values: Record<string, unknown>): StateDict {
  const out = Object.create(null) as StateDict;
  for (const [name, value] of Object.entries(values)) out[name] = tensor(value as number[]);
  return out;
}
