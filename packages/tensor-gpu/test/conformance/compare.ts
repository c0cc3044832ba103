import type { Tensor } from '../../src/index.js';
import type { Nd } from './reference/nd.js';
import { decode } from './reference/special.js';

/** The numbers of a tensor, whatever its dtype. */
export async function numbersOf(x: Tensor): Promise<number[]> {
  const values = await x.data();
  const { dtype } = x;
  if (dtype === 'bfloat16' || dtype === 'float16') return Array.from(values, (code) => decode(dtype, code));
  return Array.from(values);
}

/** The 32-bit patterns of the values, with one NaN and one zero: what "bit for bit" compares. */
export async function bitsOf(x: Tensor): Promise<number[]> {
  const values = (await numbersOf(x)).map((v) => (Number.isNaN(v) ? NaN : v + 0));
  return [...new Int32Array(Float32Array.from(values).buffer)];
}

const show = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/**
 * Refuses a tensor that differs from `want`, elementwise by more than `tolerance · scale`; where float32 cannot hold the
 * wanted value, infinity is wanted. Integers and booleans must be equal.
 */
export async function expectClose(
  what: string,
  got: Tensor,
  want: Nd,
  tolerance: number,
  scale?: Nd,
): Promise<void> {
  if (show(got.shape) !== show(want.shape)) {
    throw new Error(`${what}: shape ${show(got.shape)} instead of ${show(want.shape)}`);
  }
  const values = await numbersOf(got);
  const exact = got.dtype !== 'float32';
  values.forEach((value, i) => {
    const wanted = exact ? want.data[i] : Math.fround(want.data[i]);
    const room = exact ? 0 : tolerance * (scale?.data[i] ?? Math.abs(wanted)) + 1e-37;
    const same = Number.isFinite(wanted) ? Math.abs(value - wanted) <= room : Object.is(value, wanted);
    if (!same) {
      throw new Error(
        `${what}: ${value} at position ${i} of ${show(got.shape)}, wanted ${wanted} within ${room}`,
      );
    }
  });
}

/** Refuses numbers that differ from `want` by more than 1e-4 of themselves and 1e-5 of the largest. */
export function expectNear(what: string, got: readonly number[], want: readonly number[]): void {
  const largest = Math.max(0, ...want.map(Math.abs));
  if (got.length !== want.length) throw new Error(`${what}: ${got.length} numbers instead of ${want.length}`);
  got.forEach((value, i) => {
    const room = 1e-4 * Math.abs(want[i]) + 1e-5 * largest + 1e-6;
    if (!(Math.abs(value - want[i]) <= room)) {
      throw new Error(`${what}: ${value} at position ${i}, wanted ${want[i]}`);
    }
  });
}
