import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { httpFolderSource, httpSource, openCheckpoint, serializeSafetensors } from '../src/index.js';
import { refusal, refusalCode } from './helpers.js';
import { fileServer, sendRange, withServer } from './http-double.js';

const big = serializeSafetensors({
  a: { dtype: 'U8', shape: [200_000], bytes: Uint8Array.from({ length: 200_000 }, (_, i) => i) },
  b: { dtype: 'U8', shape: [2], bytes: Uint8Array.of(1, 2) },
});
const folder = new URL('__fixtures__/sharded/', import.meta.url);
const shardedFiles = Object.fromEntries(
  readdirSync(folder).map((name) => [`m/${name}`, readFileSync(new URL(name, folder)) as Uint8Array]),
);

describe('an address', () => {
  it('of a file is read by ranges, the header with the first one', async () => {
    const { handler, requests } = fileServer({ 'x.safetensors': big });
    await withServer(handler, async (url) => {
      const checkpoint = await openCheckpoint(`${url}/x.safetensors?signature=secret`);
      expect(requests).toEqual(['x.safetensors bytes=0-65535']);
      const slab = new Uint8Array(5);
      await checkpoint.readInto('a', [150_000, 150_005], slab);
      expect([...slab]).toEqual([240, 241, 242, 243, 244]);
      expect(requests).toHaveLength(2);
      expect([...(await checkpoint.read('b')).bytes]).toEqual([1, 2]);
      expect(checkpoint.label).toBe(`${url}/x.safetensors`);
    });
  });

  it('of a folder or of an index gives all shards', async () => {
    const { handler } = fileServer(shardedFiles);
    await withServer(handler, async (url) => {
      for (const address of [
        `${url}/m/`,
        new URL(`${url}/m/model.safetensors.index.json`),
        httpFolderSource(`${url}/m`),
      ]) {
        const checkpoint = await openCheckpoint(address);
        expect(checkpoint.names).toHaveLength(4);
        expect((await checkpoint.readFile('config.json'))?.length).toBeGreaterThan(0);
      }
    });
  });

  it('is asked with the headers given', async () => {
    const handler = (request: Parameters<typeof sendRange>[0], response: Parameters<typeof sendRange>[1]) => {
      if (request.headers.authorization === 'Bearer t') sendRange(request, response, big);
      else response.writeHead(403).end();
    };
    await withServer(handler, async (url) => {
      const source = await httpSource(url, { headers: { authorization: 'Bearer t' } });
      expect((await openCheckpoint(source)).names).toEqual(['a', 'b']);
      const error = await refusal(() => openCheckpoint(`${url}/x.safetensors`));
      expect(error).toMatchObject({ code: 'http-error', received: 'status 403 Forbidden' });
    });
  });

  it('that gives nothing, too little or an empty file is refused', async () => {
    await withServer(fileServer({ empty: new Uint8Array(0) }).handler, async (url) => {
      expect(await refusalCode(() => openCheckpoint(`${url}/x`))).toBe('missing-file');
      expect(await refusalCode(() => openCheckpoint(`${url}/empty`))).toBe('header-too-small');
      expect(await refusalCode(() => openCheckpoint(`${url}/`))).toBe('missing-file');
    });
  });

  it('whose server ignores ranges is refused before the whole file comes', async () => {
    let sent = 0;
    await withServer(
      (_, response) => {
        response.writeHead(200, { 'content-length': 1e12 });
        const pump = () => {
          while (!response.destroyed && response.write(big)) sent += big.length;
        };
        response.on('drain', pump);
        pump();
      },
      async (url) => {
        expect(await refusalCode(() => openCheckpoint(`${url}/x`))).toBe('range-not-supported');
      },
    );
    expect(sent).toBeLessThan(50_000_000);
  });

  it('whose server sends more than asked, or less, is refused', async () => {
    const send =
      (change: number) =>
      (request: Parameters<typeof sendRange>[0], response: Parameters<typeof sendRange>[1]) => {
        const [, begin, end] = /bytes=(\d+)-(\d+)/.exec(request.headers.range!)!;
        const last = Math.min(Number(end), big.length - 1);
        response.writeHead(206, { 'content-range': `bytes ${begin}-${last}/${big.length}` });
        response.end(new Uint8Array(last - Number(begin) + 1 + change));
      };
    for (const change of [1, -1]) {
      await withServer(send(change), async (url) => {
        expect(await refusalCode(() => openCheckpoint(`${url}/x`))).toBe('short-read');
      });
    }
  });

  it('whose server answers with another range, or an encoded one, is refused', async () => {
    for (const headers of [
      { 'content-range': 'bytes 1-5/100' },
      { 'content-range': 'bytes 0-65535/*' },
      { 'content-range': 'bytes 0-99/100', 'content-encoding': 'gzip' },
      {},
    ]) {
      await withServer(
        (_, response) => response.writeHead(206, headers as Record<string, string>).end(),
        async (url) =>
          expect(await refusalCode(() => openCheckpoint(`${url}/x`))).toBe('range-not-supported'),
      );
    }
  });

  it('whose file changes between two reads is refused', async () => {
    let requests = 0;
    await withServer(
      (request, response) => sendRange(request, response, big, `"${requests++}"`),
      async (url) => {
        const checkpoint = await openCheckpoint(`${url}/x`);
        expect(await refusalCode(() => checkpoint.read('a'))).toBe('changed-while-reading');
      },
    );
  });

  it('stops when the signal says so', async () => {
    await withServer(fileServer({ x: big }).handler, async (url) => {
      const checkpoint = await openCheckpoint(`${url}/x`);
      await expect(checkpoint.read('a', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
        'enough',
      );
    });
  });
});

it('names the address that cannot be reached', async () => {
  const gone = await withServer(fileServer({}).handler, async (url) => url);
  const error = await refusal(() => openCheckpoint(`${gone}/x`));
  expect(error).toMatchObject({ code: 'http-error', where: `${gone}/x` });
  expect(error.message).toContain('ECONNREFUSED');
});
