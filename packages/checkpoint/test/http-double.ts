import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on this machine, for as long as `use` runs. */
export async function withServer<T>(handler: Handler, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Answers a request for one file by the range it asks for. */
export function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  file: Uint8Array,
  etag = '"1"',
): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (!range) {
    response.writeHead(200, { 'content-length': file.length, etag }).end(file);
    return;
  }
  const begin = Number(range[1]);
  const end = Math.min(Number(range[2]), file.length - 1);
  if (begin >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
    return;
  }
  const headers = {
    'content-range': `bytes ${begin}-${end}/${file.length}`,
    'content-length': end - begin + 1,
    etag,
  };
  response.writeHead(206, headers).end(file.subarray(begin, end + 1));
}

/** Serves files by path and notes the requests. */
export function fileServer(files: Record<string, Uint8Array>) {
  const requests: string[] = [];
  const handler: Handler = (request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://x').pathname.slice(1));
    requests.push(`${path} ${request.headers.range ?? ''}`.trim());
    const file = files[path];
    if (file) sendRange(request, response, file);
    else response.writeHead(404).end();
  };
  return { handler, requests };
}

/** Plays the part of the Hugging Face Hub that serves model files. */
export function hubDouble(repository: string, files: Record<string, Uint8Array>, token?: string) {
  const commit = 'c0ffee0000000000000000000000000000000000';
  const requests: string[] = [];
  const json = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const handler: Handler = (request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://x').pathname);
    requests.push(path);
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      json(response, 401, { error: 'Invalid credentials' });
    } else if (
      path === `/api/models/${repository}/revision/main` ||
      path === `/api/models/${repository}/revision/v1`
    ) {
      json(response, 200, {
        id: repository,
        _id: '1',
        sha: commit,
        private: false,
        gated: false,
        lastModified: '2024-01-01',
      });
    } else if (path.startsWith(`/api/models/${repository}/tree/${commit}`)) {
      const folder = path.slice(`/api/models/${repository}/tree/${commit}/`.length);
      const entries = Object.entries(files)
        .filter(([name]) => name.slice(0, name.lastIndexOf('/') + 1) === (folder && `${folder}/`))
        .map(([name, file]) => ({ type: 'file', path: name, size: file.length, oid: '0' }));
      json(response, 200, [{ type: 'directory', path: 'onnx', size: 0, oid: '0' }, ...entries]);
    } else if (path.startsWith(`/${repository}/resolve/${commit}/`)) {
      const file = files[path.slice(`/${repository}/resolve/${commit}/`.length)];
      if (file) sendRange(request, response, file);
      else json(response, 404, { error: 'Entry not found' }, { 'x-error-code': 'EntryNotFound' });
    } else {
      json(response, 404, { error: 'Repository not found' });
    }
  };
  return { handler, requests };
}
