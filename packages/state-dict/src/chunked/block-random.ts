import { foldIn, type Key } from '@weightloom/tensor-gpu';

/**
 * A stream of random numbers for one block of a tensor: uniform in [0, 1), multiples of 2^-32.
 *
 * Depends on the key and on where the block begins, and on nothing that was drawn before. Fold the tensor's name (and
 * which model it is) into the key first. The generator is Small Fast Counter 32, about ten times faster than drawing from
 * the key one by one; it is seeded from the key.
 *
 * @param begin - first element of the block
 */
export function blockRandom(key: Key, begin: number): () => number {
  const [x, y] = foldIn(key, begin).dataSync();
  let [a, b, c, counter] = [x! | 0, y! | 0, 0x9e3779b9 | 0, 1];
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The state needs a few rounds until every bit depends on the whole seed.
  for (let i = 0; i < 12; i++) next();
  return next;
}
