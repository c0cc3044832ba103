import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { unpackPayload } from '../../src/internal/unpack-payload.js';

const text = 'one two\nthree\n';
const payload = gzipSync(text).toString('base64');
const sha256 = createHash('sha256').update(text).digest('hex');

describe('unpackPayload', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('gives back what node:zlib packed, also when the base64 has line breaks', async () => {
    expect(await unpackPayload('small', payload, sha256)).toBe(text);
    expect(await unpackPayload('small', payload.replace(/(.{10})/g, '\n$1'), sha256)).toBe(text);
  });

  it('refuses other contents and names both checksums', async () => {
    const other = gzipSync('one tvo\nthree\n').toString('base64');
    await expect(unpackPayload('small', other, sha256)).rejects.toThrow(
      new RegExp(`"small" is damaged, expected SHA-256 ${sha256}, received [0-9a-f]{64}; reinstall`),
    );
  });

  it.each([
    ['characters outside base64', '*'],
    ['bytes that are not gzip', btoa('not gzip at all')],
    ['a gzip stream cut short', payload.slice(0, 20)],
  ])('refuses %s', async (_fault, damaged) => {
    await expect(unpackPayload('small', damaged, sha256)).rejects.toThrow(
      '"small" is damaged, its data file does not hold a gzip stream in base64',
    );
  });

  it('says what to do where the page has no WebCrypto', async () => {
    vi.stubGlobal('crypto', {});
    await expect(unpackPayload('small', payload, sha256)).rejects.toThrow(
      'crypto.subtle is missing; open the page over https',
    );
  });
});
