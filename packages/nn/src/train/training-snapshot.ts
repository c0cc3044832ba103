import { parseSafetensors, type RawStateDict, serializeSafetensors } from '@weightloom/checkpoint';
import { ShapeError, Tensor } from '@weightloom/tensor-gpu';
import { fromRawExactly, toRawDict } from '../internal/raw-tensors.js';
import type { OptimizerState } from '../optimizers/optimizer.js';
import type { StateDict } from '../model.js';
import type { TrainState } from './train-step.js';

/** What beside tensors makes a run go on as if it had never stopped. */
export interface RunRecord {
  /** The options the run was started with, as JSON by name; a resumed run must have the same. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Steps done. */
  readonly step: number;
  readonly losses: readonly number[];
  /** What the caller wants back as it was; JSON. */
  readonly history: unknown;
}

export interface Snapshot {
  readonly state: TrainState;
  /** The best weights so far, where early stopping keeps them. */
  readonly best: StateDict | null;
  readonly record: RunRecord;
}

/** The tensors of a tree by path: `optimizer.0.mean.layers.0.weight`. */
function leavesOf(tree: unknown, path: string, out: Record<string, Tensor>): Record<string, Tensor> {
  if (tree instanceof Tensor) out[path] = tree;
  else if (tree && typeof tree === 'object') {
    for (const [name, part] of Object.entries(tree)) leavesOf(part, `${path}.${name}`, out);
  }
  return out;
}

/** A tree like `tree` with the tensors of `stored`. */
function restoreLeaves(tree: unknown, path: string, stored: RawStateDict, used: Set<string>): unknown {
  if (tree instanceof Tensor) {
    const raw = stored[path];
    const expected = `[${tree.shape.join(', ')}]`;
    if (raw?.shape.join(', ') !== tree.shape.join(', ')) {
      throw new ShapeError({
        where: 'fit (resume)',
        expected: `"${path}" of shape ${expected} in the snapshot`,
        received: raw ? `[${raw.shape.join(', ')}]` : 'no such tensor',
      });
    }
    used.add(path);
    const restored = fromRawExactly(raw);
    tree.dispose();
    return restored;
  }
  if (tree === null || typeof tree !== 'object') return tree;
  if (Array.isArray(tree)) return tree.map((part, i) => restoreLeaves(part, `${path}.${i}`, stored, used));
  const out = Object.create(Object.getPrototypeOf(tree) as object | null) as Record<string, unknown>;
  for (const [name, part] of Object.entries(tree))
    out[name] = restoreLeaves(part, `${path}.${name}`, stored, used);
  return out;
}

/** A run as one safetensors file: `trainable.*`, `frozen.*`, `optimizer.*`, `best.*` and the record in the metadata. */
export async function encodeSnapshot({ state, best, record }: Snapshot): Promise<Uint8Array> {
  const tensors: Record<string, Tensor> = {};
  leavesOf(state.trainable, 'trainable', tensors);
  leavesOf(state.frozen, 'frozen', tensors);
  leavesOf(state.optimizer, 'optimizer', tensors);
  if (best) leavesOf(best, 'best', tensors);
  return serializeSafetensors(await toRawDict(tensors), {
    'weightloom.run': JSON.stringify(record, writeNumber),
  });
}

/**
 * Reads a snapshot back into the structure of a fresh `state`, whose tensors are disposed.
 *
 * @throws {ShapeError} when names or shapes differ
 * @throws {RangeError} when the options of the run differ, naming the first
 */
export function decodeSnapshot(
  bytes: Uint8Array,
  state: TrainState,
  options: RunRecord['options'],
): Snapshot {
  const { tensors, metadata } = parseSafetensors(bytes, { where: 'fit (resume)' });
  const text = metadata['weightloom.run'];
  if (text === undefined)
    throw new RangeError('fit (resume): expected a training snapshot, received another safetensors file');
  const record = JSON.parse(text, readNumber) as RunRecord;
  checkOptions(record.options, options);
  const used = new Set<string>();
  const restored = {
    trainable: restoreLeaves(state.trainable, 'trainable', tensors, used) as StateDict,
    frozen: restoreLeaves(state.frozen, 'frozen', tensors, used) as StateDict,
    optimizer: restoreLeaves(state.optimizer, 'optimizer', tensors, used) as OptimizerState,
  };
  const best = Object.create(null) as StateDict;
  for (const name of Object.keys(tensors)) {
    if (name.startsWith('best.')) best[name.slice('best.'.length)] = fromRawExactly(tensors[name]);
    else if (!used.has(name)) {
      throw new ShapeError({
        where: 'fit (resume)',
        expected: 'a snapshot of this run',
        received: `one with "${name}" too`,
      });
    }
  }
  return { state: restored, best: Object.keys(best).length > 0 ? best : null, record };
}

function checkOptions(saved: RunRecord['options'], now: RunRecord['options']): void {
  const names = new Set([...Object.keys(saved), ...Object.keys(now)]);
  for (const name of names) {
    const [expected, received] = [saved[name], now[name]].map((value) => JSON.stringify(value) ?? 'nothing');
    if (expected !== received) {
      throw new RangeError(
        `fit (resume): expected ${name} ${short(expected)} as in the snapshot, received ${short(received)}`,
      );
    }
  }
}

/** JSON has no NaN and infinities; metrics may be. */
const writeNumber = (_name: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? `number:${value}` : value;
const readNumber = (_name: string, value: unknown): unknown =>
  typeof value === 'string' && value.startsWith('number:') ? Number(value.slice('number:'.length)) : value;

const short = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
