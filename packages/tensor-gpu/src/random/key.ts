import { DTypeError } from '../errors.js';
import { reshape, slice } from '../primitives/movement.js';
import { bind } from '../primitives/primitive.js';
import { drawPrimitive, foldPrimitive } from '../primitives/random.js';
import { checkShape } from '../tensor/shape.js';
import { fromHost, Tensor } from '../tensor/tensor.js';
import { threefry } from './threefry.js';

/**
 * A splittable random key: two 32-bit words in an int32 tensor of shape [2]. The same key gives the same draws everywhere;
 * use each key once and `split` for more.
 */
export type Key = Tensor;

const words = (k: Key): [number, number] => {
  const [a, b] = k.dataSync();
  return [a, b];
};
const fromWords = (a: number, b: number): Key => fromHost(new Int32Array([a, b]), [2], 'int32');

/** Refuses anything but a key. */
export function checkKey(where: string, k: Key): void {
  if (!(k instanceof Tensor) || k.dtype !== 'int32' || k.shape.length !== 1 || k.shape[0] !== 2) {
    throw new DTypeError({
      where,
      expected: 'a random key made by key(seed) or split()',
      received: k instanceof Tensor ? k.toString() : typeof k,
    });
  }
}

/** The key of a seed, a whole number from 0 to 2^53 - 1. */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new DTypeError({
      where: 'key',
      expected: 'a whole seed from 0 to 2^53 - 1',
      received: String(seed),
    });
  }
  return fromWords(Math.floor(seed / 2 ** 32) | 0, seed | 0);
}

/** `n` new keys, independent of each other; the old one should not be used again. */
export function split(k: Key, n = 2): Key[] {
  checkKey('split', k);
  checkShape('split', [n]);
  if (k.trace === null) {
    const [a, b] = words(k);
    return Array.from({ length: n }, (_, i) => fromWords(...threefry(a, b, i, 0)));
  }
  const bits = bind(drawPrimitive, [reshape(k, [1, 2])], { draw: 'bits', n: 2 * n });
  const rows = reshape(bits, [n, 2]);
  return Array.from({ length: n }, (_, i) =>
    reshape(slice(rows, { starts: [i, 0], sizes: [1, 2], steps: [1, 1] }), [2]),
  );
}

/** A key that depends on a name or a number too: the same key and name give the same result in any order. */
export function foldIn(k: Key, name: string | number): Key {
  checkKey('foldIn', k);
  const [c0, c1] =
    typeof name === 'number' ? [name | 0, Math.floor(name / 2 ** 32) ^ 0x5bd1e995] : hashName(name);
  if (k.trace === null) return fromWords(...threefry(...words(k), c0, c1));
  return reshape(bind(foldPrimitive, [reshape(k, [1, 2])], { c0, c1 }), [2]);
}

/** Two 32-bit hashes of a name (FNV-1a over UTF-16 units, with two offsets). */
function hashName(name: string): [number, number] {
  let [a, b] = [0x811c9dc5, 0x050c5d1f];
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    a = Math.imul(a ^ (unit & 0xff), 0x01000193);
    a = Math.imul(a ^ (unit >> 8), 0x01000193);
    b = Math.imul(b ^ unit, 0x01000193) ^ (b >>> 15);
  }
  return [a | 0, b | 0];
}
