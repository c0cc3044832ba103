import { describe, expect, it } from 'vitest';
import { key, matmul, mul, normal, randomizedSvd, tensor, transpose } from '../../src/index.js';
import { quickBasis } from '../../src/linalg/quick-basis.js';
import { deviation, distance, expectClose } from './helpers.js';

describe('quickBasis', () => {
  const y = normal(key(1), [60, 5]);

  it('gives nearly orthonormal columns of the same span', () => {
    const q = quickBasis(y)!;
    expect(deviation(q)).toBeLessThan(1e-5);
    const back = matmul(q, matmul(transpose(q), y));
    expect(distance(back.dataSync(), y.dataSync())).toBeLessThan(1e-4);
  });

  it('gives up on dependent columns, and where squares overflow or vanish', () => {
    const twice = matmul(
      y,
      tensor([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], [5, 5]),
    );
    expect(quickBasis(twice)).toBeUndefined();
    for (const scale of [1e25, 1e-25]) expect(quickBasis(mul(y, scale))).toBeUndefined();
  });

  it('leaves randomizedSvd right for matrices whose squares overflow', () => {
    const x = mul(matmul(normal(key(2), [80, 4]), normal(key(3), [4, 70])), 1e22);
    const { s } = randomizedSvd(x, 4, { key: key(4) });
    const { s: small } = randomizedSvd(mul(x, 1e-22), 4, { key: key(4) });
    expectClose(mul(s, 1e-22), [...small.dataSync()], 1e-4 * small.dataSync()[0]);
  });
});
