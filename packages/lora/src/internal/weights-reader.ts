import { type Checkpoint, type RawTensor } from '@weightloom/checkpoint';
import { fromTensors, type StateDict } from '@weightloom/state-dict';
import { Tensor } from '@weightloom/tensor-gpu';

/** Weights in memory or in files. */
export type WeightSource = StateDict | Checkpoint;

/** One way to read both: shapes first, tensors one at a time. */
export interface WeightsReader {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  read(name: string): Promise<RawTensor>;
  /** Stored name of a name that shares its tensor. */
  readonly tied: ReadonlyMap<string, string>;
}

export function readerOf(source: WeightSource): WeightsReader {
  if (isCheckpoint(source)) {
    const shapes = new Map([...source.tensors].map(([name, { shape }]) => [name, shape] as const));
    return { shapes, read: (name) => source.read(name), tied: source.tied };
  }
  const shapes = new Map(Object.entries(source).map(([name, { shape }]) => [name, shape] as const));
  const read = async (name: string): Promise<RawTensor> =>
    (await fromTensors({ [name]: source[name]! }))[name]!;
  return { shapes, read, tied: new Map() };
}

const isCheckpoint = (source: WeightSource): source is Checkpoint =>
  !(source.tensors instanceof Tensor) && typeof source.readInto === 'function';
