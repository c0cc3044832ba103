import type { FolderSource } from '../byte-source.js';
import { CheckpointError } from '../checkpoint-error.js';
import { plainFileName } from '../internal/plain-file-name.js';
import { namedFetch } from '../internal/named-fetch.js';
import { describe } from '../internal/text.js';
import { httpSource } from './http-source.js';

export interface HubSourceOptions {
  /** Branch, tag or commit (default `"main"`). */
  readonly revision?: string;
  /** A folder inside the repository (default: its root). */
  readonly folder?: string;
  /** For private and gated models; default: the environment variable `HF_TOKEN`, where there is one. */
  readonly accessToken?: string;
  /** Address of the Hub; default: the environment variable `HF_ENDPOINT`, else https://huggingface.co. */
  readonly hubUrl?: string;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
}

/**
 * A model repository on the Hugging Face Hub as a folder, read by ranges; nothing is downloaded as a whole.
 *
 * The revision is resolved to a commit once, so that all files are of the same state even when somebody pushes
 * meanwhile. @huggingface/hub finds revisions, lists and addresses, and is loaded on first use.
 *
 * @param repository - `owner/name` (or a bare `name` for the oldest models)
 * @throws {CheckpointError} `unsupported-source` for other names, `missing-file` for a repository or revision that does
 *   not exist, `http-error` for other answers, such as a missing permission
 */
export async function hubSource(repository: string, options: HubSourceOptions = {}): Promise<FolderSource> {
  if (!/^\w[\w.-]*(\/\w[\w.-]*)?$/.test(repository)) {
    const expected = 'a repository such as owner/name';
    throw new CheckpointError({
      code: 'unsupported-source',
      where: 'hubSource',
      expected,
      received: describe(repository),
    });
  }
  const { fileDownloadInfo, listFiles, modelInfo } = await import('@huggingface/hub');
  const label = `hf://${repository}${options.revision === undefined ? '' : `@${options.revision}`}`;
  const prefix = options.folder ? `${options.folder.replace(/\/+$/, '')}/` : '';
  const { signal } = options;
  const send = namedFetch(label, options.fetch);
  const request: typeof fetch = (input, init) => send(input, { signal, ...init });
  const common = {
    repo: { type: 'model', name: repository } as const,
    hubUrl: options.hubUrl ?? environment('HF_ENDPOINT'),
    accessToken: options.accessToken ?? environment('HF_TOKEN'),
    fetch: request,
  };
  const asked = options.revision ?? 'main';
  const info = await named(label, () =>
    modelInfo({ ...common, name: repository, revision: asked, additionalFields: ['sha'] }),
  );
  const revision = info.sha;

  return {
    label,
    async list() {
      return named(label, async () => {
        const names: string[] = [];
        for await (const { type, path } of listFiles({ ...common, revision, path: prefix.slice(0, -1) })) {
          if (type === 'file') names.push(path.slice(prefix.length));
        }
        return names.sort();
      });
    },
    async open(name) {
      const path = prefix + plainFileName(name, label);
      const file = await named(`${label}/${path}`, () => fileDownloadInfo({ ...common, revision, path }));
      if (file === null) return undefined;
      const headers = common.accessToken ? { authorization: `Bearer ${common.accessToken}` } : undefined;
      return httpSource(file.url, { headers, fetch: request, signal });
    },
  };
}

/** Runs a request and gives its failure a name. */
async function named<T>(where: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const status = cause instanceof Error && 'statusCode' in cause ? Number(cause.statusCode) : undefined;
    if (status === undefined) throw cause;
    throw new CheckpointError({
      code: status === 404 ? 'missing-file' : 'http-error',
      where,
      expected: 'an answer from the Hub',
      received: `status ${status} (${(cause as Error).message})`,
      cure: status === 401 || status === 403 ? 'set HF_TOKEN to a token that may read it' : undefined,
      cause,
    });
  }
}

/** An environment variable; `undefined` in browsers. */
function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}
