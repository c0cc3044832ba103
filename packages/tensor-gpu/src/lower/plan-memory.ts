import { bytesPerElement } from '../tensor/dtype.js';
import { isContiguous } from '../tensor/layout.js';
import { sizeOf } from '../tensor/shape.js';
import { type BufferSpec, type Program, type Step, writesOf } from './program.js';

/** Buffers start on 64-byte lines and carry 16 bytes of slack, which vector loads may read past the end. */
export const ALIGNMENT = 64;
export const padded = (bytes: number): number => Math.ceil((bytes + 16) / ALIGNMENT) * ALIGNMENT;

/** Places temporaries in one workspace by lifetime, and finds outputs that can take over the memory of donated inputs. */
export function planMemory(
  buffers: readonly BufferSpec[],
  steps: readonly Step[],
  inputs: readonly number[],
  outputs: readonly number[],
  donated: readonly boolean[],
): Pick<Program, 'reuse' | 'workspace'> {
  const first = new Array<number>(buffers.length).fill(Infinity);
  const last = new Array<number>(buffers.length).fill(-1);
  steps.forEach((step, i) => {
    for (const { buffer } of [...step.inputs, ...writesOf(step)]) {
      first[buffer] = Math.min(first[buffer], i);
      last[buffer] = i;
    }
  });
  return {
    reuse: matchDonations(buffers, steps, inputs, outputs, donated, first, last),
    workspace: packTemporaries(buffers, first, last),
  };
}

/** First fit over address ranges, in order of first use, larger first. */
function packTemporaries(
  buffers: readonly BufferSpec[],
  first: readonly number[],
  last: readonly number[],
): Program['workspace'] {
  const offsets = new Map<number, number>();
  const bytes = (b: number): number => padded(buffers[b].length * bytesPerElement(buffers[b].dtype));
  const order = buffers
    .map((_, b) => b)
    .filter((b) => buffers[b].role.kind === 'temporary' && last[b] >= 0)
    .sort((a, b) => first[a] - first[b] || bytes(b) - bytes(a));
  let size = 0;
  const placed: number[] = [];
  for (const b of order) {
    const busy = placed
      .filter((p) => last[p] >= first[b])
      .map((p) => [offsets.get(p)!, offsets.get(p)! + bytes(p)])
      .sort((x, y) => x[0] - y[0]);
    let at = 0;
    for (const [start, end] of busy) {
      if (at + bytes(b) <= start) break;
      at = Math.max(at, end);
    }
    offsets.set(b, at);
    placed.push(b);
    size = Math.max(size, at + bytes(b));
  }
  return { offsets, size };
}

function matchDonations(
  buffers: readonly BufferSpec[],
  steps: readonly Step[],
  inputs: readonly number[],
  outputs: readonly number[],
  donated: readonly boolean[],
  first: readonly number[],
  last: readonly number[],
): Map<number, number> {
  const reuse = new Map<number, number>();
  const free = inputs.map((_, i) => i).filter((i) => donated[i] && inputs[i] !== undefined);
  outputs.forEach((out, o) => {
    if (buffers[out].role.kind !== 'output') return;
    const match = free.findIndex((i) => {
      const input = inputs[i];
      if (buffers[input].dtype !== buffers[out].dtype || buffers[input].length !== buffers[out].length)
        return false;
      if (last[input] < first[out]) return true;
      return last[input] === first[out] && safeInPlace(steps[first[out]], input, out);
    });
    if (match >= 0) reuse.set(o, free.splice(match, 1)[0]);
  });
  return reuse;
}

/** An elementwise step may overwrite what it reads when it reads each element exactly where it writes. */
function safeInPlace(step: Step, input: number, output: number): boolean {
  if (step.kind !== 'map') return false;
  const whole = (
    buffer: number,
    operands: readonly { buffer: number; layout: Step['inputs'][0]['layout'] }[],
  ): boolean =>
    operands
      .filter((o) => o.buffer === buffer)
      .every(
        ({ layout }) =>
          isContiguous(layout) && layout.offset === 0 && sizeOf(layout.shape) === sizeOf(step.shape),
      );
  return whole(input, step.inputs) && whole(output, writesOf(step));
}
