import { ShapeError } from '../errors.js';
import { checkKey, type Key } from './key.js';
import { threefry } from './threefry.js';

/** A stream of float64 draws on the host, for algorithms that need numbers one at a time. */
export interface Generator {
  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Whole number from 0 to n - 1, without bias. */
  integer(n: number): number;
  /** The numbers 0 to n - 1 in random order. */
  permutation(n: number): Int32Array;
}

/**
 * The stream of a concrete key: the same key gives the same numbers everywhere.
 *
 * `normal` uses `Math.log`, `Math.sin` and `Math.cos`, whose last bit may differ between engines; the tensor draws do not.
 */
export function generator(k: Key): Generator {
  checkKey('generator', k);
  const [k0, k1] = k.dataSync();
  let counter = 0;
  let spare: number | null = null;
  const next = (): [number, number] => {
    const [a, b] = threefry(k0, k1, counter | 0, 0x9e3779b9 ^ Math.floor(counter / 2 ** 32));
    counter++;
    return [a >>> 0, b >>> 0];
  };
  const uniform = (): number => {
    const [a, b] = next();
    return ((a >>> 5) * 67108864 + (b >>> 6)) / 9007199254740992;
  };
  const integer = (n: number): number => {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new ShapeError({
        where: 'generator.integer',
        expected: 'a whole bound ≥ 1',
        received: String(n),
      });
    }
    const limit = 2 ** 53 - (2 ** 53 % n);
    for (;;) {
      const [a, b] = next();
      const draw = (a >>> 11) * 2 ** 32 + b;
      if (draw < limit) return draw % n;
    }
  };
  return {
    uniform,
    integer,
    normal() {
      if (spare !== null) {
        const value = spare;
        spare = null;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    permutation(n) {
      const out = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = integer(i + 1);
        [out[i], out[j]] = [out[j], out[i]];
      }
      return out;
    },
  };
}
