import type { FolderSource } from '../byte-source.js';
import type { CheckpointError } from '../checkpoint-error.js';
import { convertPickle } from './recognise-format.js';
import { refusal } from './refusal.js';

/** Names that libraries give to weights, in the order they look for them. */
const BASE_NAMES = ['model', 'adapter_model', 'diffusion_pytorch_model'];

const INDEX = '.safetensors.index.json';
const SHARD = /-\d{5,6}-of-\d{5,6}\.safetensors$/;
const PICKLE = /\.(bin|pt|pth|ckpt|pkl|pickle)$/;

/** The one file in a folder to start from: an index or a single safetensors file. */
export async function findWeights(folder: FolderSource, signal?: AbortSignal): Promise<string> {
  const listed = await folder.list(signal);
  if (!listed) return probe(folder, signal);

  const candidates = listed.filter(
    (name) => name.endsWith(INDEX) || (name.endsWith('.safetensors') && !SHARD.test(name)),
  );
  for (const base of BASE_NAMES) {
    const own = candidates.filter((name) => name === base + INDEX || name === `${base}.safetensors`);
    if (own.length > 1) throw ambiguous(folder, own);
    if (own.length === 1) return own[0]!;
  }
  if (candidates.length > 1) throw ambiguous(folder, candidates);
  if (candidates.length === 1) return candidates[0]!;

  const shard = listed.find((name) => SHARD.test(name));
  if (shard)
    throw refusal(
      'missing-file',
      folder.label,
      `an index beside ${shard}`,
      'none',
      'fetch the *.safetensors.index.json too',
    );
  const pickle = listed.find((name) => PICKLE.test(name));
  if (pickle)
    throw refusal('unsupported-format', folder.label, 'safetensors files', pickle, convertPickle(pickle));
  throw refusal(
    'missing-file',
    folder.label,
    'a .safetensors file or its index',
    `${listed.length} other files`,
  );
}

/** For places that cannot be listed: asks for the usual names one after another. */
async function probe(folder: FolderSource, signal?: AbortSignal): Promise<string> {
  const names = BASE_NAMES.flatMap((base) => [base + INDEX, `${base}.safetensors`]);
  for (const name of names) {
    const source = await folder.open(name, signal);
    await source?.close();
    if (source) return name;
  }
  throw refusal(
    'missing-file',
    folder.label,
    `one of ${names.join(', ')}`,
    'none of them',
    'give the address of the file itself',
  );
}

export const isIndexName = (name: string): boolean => name.endsWith(INDEX);

function ambiguous(folder: FolderSource, names: readonly string[]): CheckpointError {
  return refusal(
    'ambiguous-folder',
    folder.label,
    'one checkpoint',
    names.join(', '),
    'say which with the option `file`',
  );
}
