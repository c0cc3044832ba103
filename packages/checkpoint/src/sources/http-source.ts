import type { ByteSource, FolderSource } from '../byte-source.js';
import { CheckpointError, type CheckpointErrorCode } from '../checkpoint-error.js';
import { namedFetch } from '../internal/named-fetch.js';
import { plainFileName } from '../internal/plain-file-name.js';
import { readStream } from '../internal/read-stream.js';

export interface HttpSourceOptions {
  /** Sent with every request, for instance `{ authorization: 'Bearer …' }`. */
  readonly headers?: Record<string, string>;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
}

/** Read ahead with the first request: holds the whole header of most models, and saves two round trips. */
const FIRST_BYTES = 65_536;

/**
 * A file behind an address, read by range requests.
 *
 * The server must answer `206 Partial Content`; one that would send the whole file is refused before it does. When its
 * `ETag` changes between requests, the file has changed and reading stops.
 *
 * @throws {CheckpointError} `missing-file` (404), `http-error`, `range-not-supported`
 */
export async function httpSource(url: string | URL, options: HttpSourceOptions = {}): Promise<ByteSource> {
  const source = await tryHttpSource(String(url), options);
  if (source) return source;
  throw httpError('missing-file', withoutQuery(String(url)), 'a file', 'status 404');
}

/**
 * A folder behind an address: files are fetched relative to it. It cannot be listed, so only the usual names are found.
 *
 * @param url - address of the folder; a slash is added where it does not end in one
 */
export function httpFolderSource(url: string | URL, options: HttpSourceOptions = {}): FolderSource {
  const base = new URL(url);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const label = withoutQuery(base.href);
  return {
    label,
    async list() {
      return undefined;
    },
    async open(name, signal = options.signal) {
      const file = new URL(encodeURIComponent(plainFileName(name, label)), base);
      file.search = base.search;
      return tryHttpSource(file.href, { ...options, signal });
    },
  };
}

async function tryHttpSource(url: string, options: HttpSourceOptions): Promise<ByteSource | undefined> {
  const label = withoutQuery(url);
  const send = namedFetch(label, options.fetch);
  const request = async (begin: number, end: number, signal: AbortSignal | undefined) => {
    const headers = { ...options.headers, range: `bytes=${begin}-${end - 1}`, 'accept-encoding': 'identity' };
    return send(url, { headers, signal });
  };

  const first = await request(0, FIRST_BYTES, options.signal);
  if (first.status === 404) {
    await first.body?.cancel();
    return undefined;
  }
  // A range request on an empty file cannot be satisfied.
  const empty = first.status === 416 && first.headers.get('content-range') === 'bytes */0';
  const { size } = empty ? { size: 0 } : await contentRange(first, 0, FIRST_BYTES, label);
  const head = new Uint8Array(Math.min(size, FIRST_BYTES));
  if (empty) await first.body?.cancel();
  else await readBody(first, head, label);
  const tag = first.headers.get('etag');

  return {
    label,
    size,
    async readInto(begin, target, signal = options.signal) {
      signal?.throwIfAborted();
      const end = begin + target.length;
      if (end <= head.length) {
        target.set(head.subarray(begin, end));
        return;
      }
      const response = await request(begin, end, signal);
      const range = await contentRange(response, begin, end, label);
      if (range.size !== size || response.headers.get('etag') !== tag) {
        await response.body?.cancel();
        throw httpError(
          'changed-while-reading',
          label,
          `the same file as before (${size} bytes, ${tag})`,
          'another',
        );
      }
      await readBody(response, target, label);
    },
    async close() {},
  };
}

/** Checks that `response` holds the bytes asked for and finds the size of the whole file. */
async function contentRange(
  response: Response,
  begin: number,
  end: number,
  where: string,
): Promise<{ size: number }> {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  const size = Number(range?.[3]);
  const asked = Number(range?.[1]) === begin && Number(range?.[2]) === Math.min(end, size) - 1;
  const encoded = (response.headers.get('content-encoding') ?? 'identity') !== 'identity';
  if (response.status === 206 && asked && !encoded && Number.isSafeInteger(size)) return { size };
  await response.body?.cancel();
  if (response.ok) {
    const received = `status ${response.status}, content-range ${response.headers.get('content-range')}`;
    const cure = 'download the file, or use a server that supports range requests';
    throw httpError('range-not-supported', where, `bytes ${begin}-${end - 1} alone`, received, cure);
  }
  throw httpError(
    'http-error',
    where,
    'status 206',
    `status ${response.status} ${response.statusText}`.trimEnd(),
  );
}

async function readBody(response: Response, target: Uint8Array, where: string): Promise<void> {
  await readStream(
    response.body ?? new ReadableStream({ start: (controller) => controller.close() }),
    target,
    where,
  );
}

/** Queries often hold signatures; error messages do not need them. */
const withoutQuery = (url: string) => url.replace(/[?#].*$/, '');

function httpError(
  code: CheckpointErrorCode,
  where: string,
  expected: string,
  received: string,
  cure?: string,
) {
  return new CheckpointError({ code, where, expected, received, cure });
}
