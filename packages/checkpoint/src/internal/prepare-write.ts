import type { CheckpointTarget, TargetFile } from '../checkpoint-target.js';
import { parseShardSize } from '../parse-shard-size.js';
import type { Metadata } from '../raw-tensor.js';
import { plainFileName } from './plain-file-name.js';
import { planCheckpoint } from './plan-checkpoint.js';
import { checkMetadata, checkSpec, type SizedSpec, type TensorSpec } from './plan-file.js';
import { describe, quote } from './text.js';
import { refusal } from './refusal.js';

export interface CheckpointWriterOptions {
  /** Where to write: `memoryTarget()`, `directoryTarget(handle)`, or `folderTarget`, `fileTarget` of `/node`. */
  readonly target: CheckpointTarget;
  /** Name, dtype and shape of every tensor; their order does not matter. */
  readonly tensors: Iterable<TensorSpec>;
  /** Text beside the tensors, in every file (default `{ format: 'pt' }`, which Transformers insists on). */
  readonly metadata?: Metadata;
  /**
   * Bytes of tensors per file, such as `'5GB'` (default: everything in one file). When there is more, the files are
   * called `model-00001-of-0000N.safetensors` and an index says what is where.
   */
  readonly maxShardSize?: number | string;
  /** What the files are called before `.safetensors` (default `'model'`; PEFT uses `'adapter_model'`). */
  readonly baseName?: string;
  /**
   * Weights that share memory with another and are not stored themselves: alias → stored name. Noted in the metadata
   * as the Python library does.
   */
  readonly tied?: Record<string, string>;
  /** Files to put beside the weights, by name: `config.json` and the like, see `Checkpoint.readModelFiles`. */
  readonly files?: Iterable<readonly [name: string, content: Uint8Array | string]>;
}

/** Where the bytes of a tensor go, and how many have come. */
export interface Slot {
  readonly spec: SizedSpec;
  readonly file: string;
  readonly begin: number;
  written: number;
}

/** Everything that is known before the first tensor comes. */
export interface PreparedWrite {
  /** In the order in which they are to appear. */
  readonly files: readonly TargetFile[];
  /** By file: the bytes it starts with; all of them for files beside the weights. */
  readonly heads: ReadonlyMap<string, Uint8Array>;
  /** By tensor. */
  readonly slots: ReadonlyMap<string, Slot>;
  readonly totalSize: number;
}

/** Checks what is to be written and lays it out; touches no file. */
export function prepareWrite(options: CheckpointWriterOptions): PreparedWrite {
  const { target, baseName = 'model', tied = {} } = options;
  const where = target.label;
  const specs = [...options.tensors].map((spec) => checkSpec(spec, where));
  checkUnique(specs, where);
  const metadata = { ...(options.metadata ?? { format: 'pt' }), ...checkTied(tied, specs, where) };
  const plan = planCheckpoint(specs, checkMetadata(metadata, where), {
    baseName: plainFileName(baseName, where),
    maxShardSize: options.maxShardSize === undefined ? Infinity : parseShardSize(options.maxShardSize),
    onlyFile: target.onlyFile,
    where,
  });
  const files: TargetFile[] = [];
  const heads = new Map<string, Uint8Array>();
  const slots = new Map<string, Slot>();
  for (const [file, { head, tensors, byteLength }] of plan.files) {
    files.push({ name: file, byteLength });
    heads.set(file, head);
    for (const spec of tensors) slots.set(spec.name, { spec, file, begin: spec.begin, written: 0 });
  }
  for (const [name, content] of collectExtras(options, plan.index, [...plan.files.keys()])) {
    files.push({ name, byteLength: content.length });
    heads.set(name, content);
  }
  return { files, heads, slots, totalSize: plan.totalSize };
}

function checkUnique(specs: readonly SizedSpec[], where: string): void {
  const seen = new Set<string>();
  for (const { name } of specs) {
    if (seen.has(name)) throw refusal('duplicate-tensor', where, 'each tensor once', `${quote(name)} twice`);
    seen.add(name);
  }
}

function checkTied(
  tied: Record<string, string>,
  specs: readonly SizedSpec[],
  where: string,
): Record<string, string> {
  const names = new Set(specs.map(({ name }) => name));
  for (const [alias, kept] of Object.entries(tied)) {
    if (names.has(alias) || alias === 'format')
      throw refusal('invalid-name', where, 'a tied name that is not stored', quote(alias));
    if (!names.has(kept))
      throw refusal('unknown-tensor', where, `a stored tensor for ${quote(alias)}`, describe(kept));
  }
  return tied;
}

/** The files beside the weights, as bytes; the index last, for it is what makes the shards one checkpoint. */
function collectExtras(
  { target, files = [] }: CheckpointWriterOptions,
  index: { readonly name: string; readonly text: string } | undefined,
  weights: readonly string[],
): Map<string, Uint8Array> {
  const where = target.label;
  const taken = new Set(index ? [...weights, index.name] : weights);
  const extras = new Map<string, Uint8Array>();
  const encoder = new TextEncoder();
  for (const [name, content] of files) {
    if (taken.has(plainFileName(name, where)))
      throw refusal('already-exists', where, 'each file once', `${quote(name)} twice`);
    taken.add(name);
    extras.set(name, typeof content === 'string' ? encoder.encode(content) : content);
  }
  if (extras.size > 0 && target.onlyFile !== undefined) {
    throw refusal(
      'already-exists',
      where,
      'no files beside a single file',
      [...extras.keys()].map(quote).join(', '),
    );
  }
  if (index) extras.set(index.name, encoder.encode(index.text));
  return extras;
}
