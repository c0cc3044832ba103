import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Checkpoint, Dtype } from '@weightloom/checkpoint';
import { folderTarget, openCheckpoint } from '@weightloom/checkpoint/node';
import { mergeIntoCheckpoint } from '@weightloom/lora';
import { loadPeftAdapter } from '@weightloom/lora/node';
import type { OpenModel } from '../recipe/open-models.js';
import { showModelReference } from '../recipe/parse-model-reference.js';
import type { ModelReference } from '../recipe/recipe.js';
import { RecipeError } from '../recipe/recipe-error.js';

export interface OpenModelOptions {
  /** Folder that relative paths start from (default: the working directory). */
  readonly cwd?: string;
  /** Folders by name, such as the results of earlier stages. */
  readonly named?: ReadonlyMap<string, string>;
  /** Where models with their adapter folded in are kept, to be used again (default: in a temporary folder, then deleted). */
  readonly adapterCache?: string;
  /** Storage dtype of models with their adapter folded in (default: that of the model). */
  readonly adapterDtype?: Dtype;
  /** Folder of the Hugging Face cache (default `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or `~/.cache/huggingface/hub`). */
  readonly hubCache?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens models by path, from the cache of Hugging Face, or from its Hub; an adapter is folded in first.
 *
 * A path that exists comes before the cache, the cache before the Hub.
 */
export function openModel(options: OpenModelOptions = {}): OpenModel {
  return async (reference) =>
    reference.adapter ? openAdapted(reference, reference.adapter, options) : openPlain(reference, options);
}

type Part = Pick<ModelReference, 'path' | 'revision'>;

async function openPlain(part: Part, options: OpenModelOptions): Promise<Checkpoint> {
  return openCheckpoint(locate(part, options), { signal: options.signal });
}

/** The path or address of a model or adapter. */
function locate({ path, revision }: Part, { cwd = '', named, hubCache }: OpenModelOptions): string {
  const known = named?.get(path);
  if (known !== undefined) return known;
  const local = resolve(cwd, path);
  if (existsSync(local)) {
    if (revision === undefined) return local;
    throw new RecipeError({
      where: path,
      expected: 'a folder without a revision',
      received: `revision ${revision}`,
    });
  }
  if (/^(hf|https?):\/\//.test(path)) return revision === undefined ? path : `${path}@${revision}`;
  if (!/^[\w.-]+\/[\w.-]+$/.test(path)) return path;
  const cached = join(hubCache ?? defaultHubCache(), `models--${path.replace('/', '--')}`);
  if (revision === undefined && existsSync(cached)) return cached;
  const snapshot = join(cached, 'snapshots', revision ?? '');
  if (revision !== undefined && existsSync(snapshot)) return snapshot;
  return `hf://${path}${revision === undefined ? '' : `@${revision}`}`;
}

function defaultHubCache(): string {
  const { HF_HUB_CACHE, HF_HOME } = process.env;
  return HF_HUB_CACHE ?? join(HF_HOME ?? join(homedir(), '.cache', 'huggingface'), 'hub');
}

/** Folds the adapter into a copy of the model, and opens that. */
async function openAdapted(
  reference: ModelReference,
  adapter: Part,
  options: OpenModelOptions,
): Promise<Checkpoint> {
  const { adapterCache, adapterDtype, signal } = options;
  const id = `${showModelReference(reference)} ${adapterDtype ?? ''}`;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 16);
  const parent = adapterCache ?? (await mkdtemp(join(tmpdir(), 'weightloom-adapter-')));
  const folder = join(parent, hash);
  try {
    if (!existsSync(folder)) {
      const base = await openPlain(reference, options);
      try {
        const peft = await loadPeftAdapter(locate(adapter, options), { signal });
        await mergeIntoCheckpoint(base, peft, {
          output: folderTarget(folder),
          dtype: adapterDtype,
          untie: true,
          signal,
        });
      } finally {
        await base.close();
      }
    }
    const opened = await openCheckpoint(folder, { signal });
    if (adapterCache !== undefined) return opened;
    const close = async () => {
      await opened.close();
      await rm(parent, { recursive: true, force: true });
    };
    return { ...opened, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    if (adapterCache === undefined) await rm(parent, { recursive: true, force: true });
    throw error;
  }
}
