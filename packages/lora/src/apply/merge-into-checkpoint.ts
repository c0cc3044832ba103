import {
  type Checkpoint,
  type CheckpointTarget,
  type CheckpointWriterOptions,
  createCheckpointWriter,
  type Dtype,
  type WrittenCheckpoint,
} from '@weightloom/checkpoint';
import {
  checkpointTensorSource,
  type ChunkedTask,
  isComputed,
  rawTensorSource,
  runTasks,
  type RunTasksOptions,
} from '@weightloom/state-dict';
import { AdapterError } from '../adapter-error.js';
import { fingerprint } from '../internal/fingerprint.js';
import { parseJsonObject, plain } from '../internal/json.js';
import { listNames, quote } from '../internal/text.js';
import type { PeftAdapter } from '../peft/peft-adapter.js';
import { type MergeOptions, mergeMethod, planMerge } from './plan-merge.js';

export interface MergeIntoCheckpointOptions
  extends
    MergeOptions,
    Pick<RunTasksOptions, 'onProgress' | 'signal'>,
    Pick<CheckpointWriterOptions, 'maxShardSize'> {
  /** Where the merged model goes; nothing shows there under its final name before all is done. */
  readonly output: CheckpointTarget;
  /** Storage dtype of floating tensors (default: each its own). */
  readonly dtype?: Dtype;
  /** Most bytes that chunks of the base take together (default 128 MiB). */
  readonly memoryLimit?: number;
  /**
   * Write a weight that two names share as two tensors when the adapter changes one of them, and say so in `config.json`
   * (default `false`: refuse, as a merge would change both).
   */
  readonly untie?: boolean;
}

/** Names in the metadata of merged files what was merged into them. */
const MERGED = 'weightloom.merged';

/**
 * Merges an adapter into a checkpoint of any size, tensor by tensor in bounded memory, and writes the result with the configuration
 * and tokenizer files of the base.
 *
 * Computes as `mergeAdapter`: in float32, rounded once. What the adapter does not touch is copied byte by byte. Base tensors the
 * adapter saves whole are replaced (in the base's dtype); those the base does not have, such as a new head, are added.
 *
 * @param base - an open checkpoint; stays open
 * @throws {AdapterError} for modules the base lacks, shapes that differ, packed (quantised) weights, shared weights unless `untie`,
 *   and an adapter that is merged into this base already; nothing is written then
 */
export async function mergeIntoCheckpoint(
  base: Checkpoint,
  adapter: PeftAdapter,
  options: MergeIntoCheckpointOptions,
): Promise<WrittenCheckpoint> {
  const where = 'mergeIntoCheckpoint';
  const history = await mergedBefore(base, adapter, where);
  const files = await base.readModelFiles(options);
  const aliases = sharedNames(base, files);
  const shapes = new Map([...base.tensors].map(([name, { shape }]) => [name, shape] as const));
  for (const [alias, stored] of aliases) if (!shapes.has(alias)) shapes.set(alias, shapes.get(stored)!);
  const plan = planMerge(adapter, shapes, options, where);

  const untied = untiedNames(aliases, plan.edits, options.untie === true, where);
  const method = mergeMethod(plan, where);
  const tasks: (ChunkedTask & { shape: readonly number[] })[] = [];
  for (const name of [...base.names, ...untied]) {
    const stored = base.tensors.has(name) ? name : aliases.get(name)!;
    const { dtype } = base.tensors.get(stored)!;
    const edit = plan.edits.get(name);
    if (edit && !isComputed(dtype)) {
      const cure = 'merge into the base before it was quantised';
      throw new AdapterError({
        where: `${where}: ${quote(name)}`,
        expected: 'a floating dtype',
        received: dtype,
        cure,
      });
    }
    const source = edit?.replacement
      ? rawTensorSource(edit.replacement, `adapter ${quote(name)}`)
      : checkpointTensorSource(base, stored, `base ${quote(name)}`);
    const wanted = isComputed(dtype) ? (options.dtype ?? dtype) : dtype;
    const own = edit ? method : wanted === dtype ? undefined : copyMethod;
    tasks.push({ name, shape: source.shape, dtype: wanted, inputs: [source], method: own });
  }
  for (const [name, raw] of plan.added) {
    tasks.push({
      name,
      shape: raw.shape,
      dtype: raw.dtype,
      inputs: [rawTensorSource(raw, `adapter ${quote(name)}`)],
    });
  }
  if (untied.length > 0) untieConfig(files);
  files.delete('adapter_config.json');

  const { output, maxShardSize, memoryLimit = 2 ** 27 } = options;
  const tied = Object.fromEntries([...base.tied].filter(([alias]) => !untied.includes(alias)));
  const notes = Object.entries(base.metadata).filter(([key]) => !base.tied.has(key));
  const writer = await createCheckpointWriter({
    target: output,
    tensors: tasks,
    metadata: { format: 'pt', ...Object.fromEntries(notes), [MERGED]: history.join(' ') },
    maxShardSize,
    tied,
    files,
  });
  try {
    await runTasks(tasks, writer, {
      where,
      memoryLimit,
      onProgress: options.onProgress,
      signal: options.signal,
    });
    return await writer.close();
  } finally {
    await writer.abort();
  }
}

const copyMethod = {
  name: 'mergeIntoCheckpoint',
  granularity: 'element',
  begin: () => ({
    emit: ({ inputs }: { inputs: readonly Float32Array[] }, out: Float32Array) => out.set(inputs[0]!),
  }),
} as const;

async function mergedBefore(base: Checkpoint, adapter: PeftAdapter, where: string): Promise<string[]> {
  const id = await fingerprint(adapter, 1);
  const before = (base.metadata[MERGED] ?? '').split(' ').filter((other) => other !== '');
  if (before.includes(id)) {
    throw new AdapterError({
      where: `${where}: ${base.label}`,
      expected: 'a base without this adapter',
      received: 'one it is merged into already',
      cure: 'merge into the original base',
    });
  }
  return [...before, id];
}

/** Names that stand for another tensor: noted in the files, or a head that the configuration ties to the embeddings. */
function sharedNames(base: Checkpoint, files: ReadonlyMap<string, Uint8Array>): Map<string, string> {
  const shared = new Map(base.tied);
  const config = files.get('config.json');
  if (!config || base.tensors.has('lm_head.weight')) return shared;
  const values = plain(parseJsonObject(new TextDecoder().decode(config), 'config.json')) as Record<
    string,
    unknown
  >;
  const embeddings = base.names.filter((name) =>
    /(^|\.)(embed_tokens|wte|word_embeddings|embed_in)\.weight$/.test(name),
  );
  if (values.tie_word_embeddings === true && embeddings.length === 1)
    shared.set('lm_head.weight', embeddings[0]!);
  return shared;
}

/** Aliases that must become tensors of their own, because one of the two names is changed. */
function untiedNames(
  aliases: ReadonlyMap<string, string>,
  edits: ReadonlyMap<string, unknown>,
  untie: boolean,
  where: string,
): string[] {
  const touched = [...aliases].filter(([alias, stored]) => edits.has(alias) || edits.has(stored));
  if (touched.length === 0 || untie) return touched.map(([alias]) => alias);
  throw new AdapterError({
    where,
    expected: 'an adapter of weights with one name each',
    received: `changes of ${listNames(touched.flat())}, which share a tensor`,
    cure: 'pass { untie: true } to write them as two',
  });
}

function untieConfig(files: Map<string, Uint8Array>): void {
  const config = files.get('config.json');
  if (!config) return;
  const text = new TextDecoder().decode(config);
  files.set(
    'config.json',
    new TextEncoder().encode(text.replace(/("tie_word_embeddings"\s*:\s*)true/, '$1false')),
  );
}
