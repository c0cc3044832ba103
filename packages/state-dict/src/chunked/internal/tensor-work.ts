import { CheckpointError, type Dtype, dtypeBits, fromFloat32, toFloat32 } from '@weightloom/checkpoint';
import { StateDictError } from '../../state-dict-error.js';
import type { Block, ChunkedProgram, ChunkedTensor, Pass } from '../chunked-method.js';
import type { ChunkedTask } from '../chunked-task.js';
import type { TensorSource } from '../tensor-source.js';
import { coreOf } from './core.js';
import type { Scratch } from './scratch.js';

export interface TensorWorkOptions {
  readonly allowNonFinite?: boolean;
  readonly allowLoss?: boolean;
  /** What is being done, put in front of messages. */
  readonly where?: string;
}

export interface WorkMemory {
  /** For blocks in float32: a slot for each input, then one for the result. */
  readonly blocks: Scratch;
  /** What methods asked for beside that, in slot 0. */
  readonly workspace: Scratch;
}

/** One tensor being made: cuts chunks into blocks, decodes them, hands them to the method and encodes its answer. */
export class TensorWork {
  constructor(
    readonly task: ChunkedTask,
    readonly tensor: ChunkedTensor,
    readonly blockLength: number,
    readonly options: TensorWorkOptions,
    readonly memory: WorkMemory,
  ) {}

  /** Shows the blocks of elements `begin` to `end` to a pass. */
  reduce(pass: Pass, data: readonly Uint8Array[], begin: number, end: number, isFirst: boolean): void {
    this.#eachBlock(data, begin, end, isFirst, (block) => pass.reduce(block));
  }

  /** Computes elements `begin` to `end` into `bytes`, in the dtype of the task. */
  emit(
    program: ChunkedProgram,
    data: readonly Uint8Array[],
    begin: number,
    end: number,
    bytes: Uint8Array,
  ): void {
    const { name, inputs, dtype } = this.task;
    const isFirst = (program.passes ?? []).length === 0;
    if (program.emitStored && inputs.length === 1 && inputs[0]!.dtype === dtype) {
      const workspace = this.memory.workspace(0, this.task.method!.workspace?.(this.tensor) ?? 0);
      if (program.emitStored({ begin, end, dtype, input: data[0]!, workspace }, bytes)) return;
    }
    const size = dtypeBits[dtype] / 8;
    this.#eachBlock(data, begin, end, isFirst, (block) => {
      const out = floats(this.memory.blocks(inputs.length, 4 * block.length)).fill(0);
      program.emit(block, out);
      const into = bytes.subarray((block.begin - begin) * size, (block.end - begin) * size);
      // Rounding shows what is not finite, or too large, by the way.
      if (encodedInCore(dtype, out, into)) return;
      const where = this.#at(`result ${JSON.stringify(name)}`);
      if (this.options.allowNonFinite !== true) checkFinite(out, block.begin, where, 'finite values');
      located(where, block.begin, () => fromFloat32(out, dtype, { into }));
    });
  }

  #at(label: string): string {
    const { where } = this.options;
    return where === undefined ? label : `${where}: ${label}`;
  }

  #eachBlock(
    data: readonly Uint8Array[],
    begin: number,
    end: number,
    isFirst: boolean,
    visit: (block: Block) => void,
  ): void {
    const { tensor, blockLength } = this;
    for (let at = begin; at < end; at += blockLength) {
      const stop = Math.min(end, at + blockLength);
      const inputs = this.task.inputs.map((source, i) =>
        this.#decode(source, i, data[i]!, at - begin, stop - begin, at, isFirst),
      );
      visit({ tensor, begin: at, end: stop, length: stop - at, inputs });
    }
  }

  #decode(
    { label, dtype }: TensorSource,
    slot: number,
    data: Uint8Array,
    from: number,
    to: number,
    at: number,
    isFirst: boolean,
  ): Float32Array {
    const size = dtypeBits[dtype] / 8;
    const bytes = data.subarray(from * size, to * size);
    const isReady = dtype === 'F32' && bytes.byteOffset % 4 === 0;
    const values = floats(isReady ? bytes : this.memory.blocks(slot, 4 * (to - from)));
    if (!this.#decodeInCore(dtype, bytes, values)) {
      if (!isReady) {
        const { allowLoss } = this.options;
        located(this.#at(label), at, () =>
          toFloat32({ dtype, shape: [to - from], bytes }, { into: values, allowLoss }),
        );
      }
      if (isFirst && this.options.allowNonFinite !== true) {
        const expected = 'finite values (allowNonFinite lets others through)';
        checkFinite(values, at, this.#at(label), expected);
      }
    }
    return values;
  }

  /** Whether that was possible, and all values are finite. */
  #decodeInCore(dtype: Dtype, bytes: Uint8Array, values: Float32Array): boolean {
    const core = coreOf([values, bytes]);
    if (!core) return false;
    const n = values.length;
    if (dtype === 'F32') return core.anySpecial(n, values.byteOffset) === 0;
    if (dtype === 'BF16') return core.decodeBf16(n, bytes.byteOffset, values.byteOffset) === 0;
    if (dtype === 'F16') return core.decodeF16(n, bytes.byteOffset, values.byteOffset) === 0;
    return false;
  }
}

/** Whether that was possible, and all results are finite. */
function encodedInCore(dtype: Dtype, values: Float32Array, into: Uint8Array): boolean {
  const core = dtype === 'BF16' || dtype === 'F16' ? coreOf([values, into]) : undefined;
  const encode = dtype === 'BF16' ? core?.encodeBf16 : core?.encodeF16;
  return encode?.(values.length, values.byteOffset, into.byteOffset) === 0;
}

const floats = ({ buffer, byteOffset, length }: Uint8Array) =>
  new Float32Array(buffer as ArrayBuffer, byteOffset, length / 4);

/** Four sums of `0 · x`, which are 0 unless some `x` is not finite: no branch in the loop. */
function checkFinite(values: Float32Array, begin: number, where: string, expected: string): void {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! * 0;
    b += values[i + 1]! * 0;
    c += values[i + 2]! * 0;
    d += values[i + 3]! * 0;
  }
  for (let i = whole; i < values.length; i++) a += values[i]! * 0;
  if (a + b + c + d === 0) return;
  const bad = values.findIndex((value) => !Number.isFinite(value));
  throw new StateDictError({ where, expected, received: `${values[bad]!} at element ${begin + bad}` });
}

/** Says in which tensor a conversion failed. */
function located(where: string, begin: number, convert: () => void): void {
  try {
    convert();
  } catch (error) {
    if (!CheckpointError.isInstance(error)) throw error;
    const { code, expected, received } = error;
    const from = begin > 0 ? `, counted from element ${begin}` : '';
    throw new CheckpointError({ code, where, expected, received: received + from, cause: error });
  }
}
