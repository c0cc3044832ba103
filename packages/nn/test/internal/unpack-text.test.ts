import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { unpackText } from '../../src/internal/unpack-text.js';

const packed = gzipSync('one\ntwo\n').toString('base64');
const sha256 = createHash('sha256').update('one\ntwo\n').digest('hex');

it('gives back what gzip packed', async () => {
  expect(await unpackText('test', packed, sha256)).toBe('one\ntwo\n');
});

it('refuses a wrong checksum, a cut stream and no stream at all', async () => {
  await expect(unpackText('test', packed, 'ab')).rejects.toThrow(
    `test: expected data with SHA-256 ab, received ${sha256}`,
  );
  await expect(unpackText('test', packed.slice(0, 20), sha256)).rejects.toThrow(
    'received something that is no gzip stream',
  );
  await expect(unpackText('test', '%%%', sha256)).rejects.toThrow(
    'received something that is no gzip stream',
  );
});
