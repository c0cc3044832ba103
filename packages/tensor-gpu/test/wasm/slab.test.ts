import { describe, expect, it } from 'vitest';
import {
  add,
  DisposedError,
  jit,
  memory,
  mul,
  OutOfMemoryError,
  slab,
  sum,
  type Tensor,
  tensor,
  uniform,
  key,
} from '../../src/index.js';

describe('slab', () => {
  it('is seen by tensors without a copy, also after it was written again', () => {
    using region = slab('float32', 1000);
    region.values.fill(2);
    const x = region.tensor();
    expect(sum(x).item()).toBe(2000);
    region.values.fill(3);
    expect(sum(x).item()).toBe(3000);
  });

  it('takes bytes of 16-bit dtypes as they stand in a file', () => {
    using region = slab('bfloat16', 4);
    region.bytes.set([0x80, 0x3f, 0x00, 0x40, 0x40, 0x40, 0x80, 0xc0]);
    expect([...add(region.tensor([2, 2]), 0).dataSync()]).toEqual([1, 2, 3, -4]);
  });

  it('holds the result of a compiled function it was donated to', () => {
    using region = slab('float32', 500, { reserve: 1 << 20 });
    region.values.fill(5);
    const scale = jit((x: Tensor, y: Tensor) => mul(x, y), { donate: [0] });
    const before = memory().buffers;
    const out = scale(region.tensor(), tensor(new Float32Array(500).fill(2)));
    expect(region.values.every((v) => v === 10)).toBe(true);
    expect(region.holds(out)).toBe(true);
    expect(region.holds(tensor(new Float32Array(500)))).toBe(false);
    out.dispose();
    expect(memory().buffers).toBeLessThanOrEqual(before + 1);
    region.values.fill(1);
    expect(sum(region.tensor()).item()).toBe(500);
  });

  it('forbids growth while it is held, and says so', () => {
    const region = slab('float32', 16);
    const much = memory().reserved;
    expect(() => uniform(key(1), [much])).toThrow(OutOfMemoryError);
    expect(() => uniform(key(1), [much])).toThrow(/pinned by a slab/);
    region.release();
    region.release();
    expect(() => region.tensor()).toThrow(DisposedError);
  });

  it('refuses a shape that does not fit and a length that is none', () => {
    using region = slab('int8', 10);
    expect(() => region.tensor([11])).toThrow(/at most 10 elements, received \[11\]/);
    expect(() => slab('float32', 0)).toThrow(/whole length/);
  });
});
