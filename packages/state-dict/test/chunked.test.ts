import { memoryTarget, openCheckpoint, parseSafetensors, serializeSafetensors } from '@weightloom/checkpoint';
import { generator, key, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  type Block,
  type ChunkedMethod,
  fromTensors,
  runChunked,
  runInMemory,
  type StateDict,
  stateDict,
  toTensors,
  workingMemory,
} from '../src/index.js';
import { dict, numbers, values } from './helpers.js';

const draw = generator(key(9));
const random = (...shape: number[]) => {
  const size = shape.reduce((n, d) => n * d, 1);
  return tensor(
    Float32Array.from({ length: size }, () => draw.normal()),
    shape,
  );
};
const open = async (params: StateDict) => openCheckpoint(serializeSafetensors(await fromTensors(params)));

/** Writes down how it was called. */
function recorder(granularity: ChunkedMethod['granularity'], scope?: ChunkedMethod['scope']) {
  const calls: string[] = [];
  const method: ChunkedMethod = {
    name: 'record',
    granularity,
    scope,
    begin(tensors) {
      calls.push(`begin ${tensors.map(({ name }) => name).join(' ')}`);
      const note = (what: string) => (block: Block) =>
        void calls.push(`${what} ${block.tensor.name} ${block.begin}-${block.end}`);
      return {
        passes: [
          { reduce: note('first'), finish: () => void calls.push('finish first') },
          { reduce: note('second'), finish: () => void calls.push('finish second') },
        ],
        emit: note('emit'),
      };
    },
  };
  return { calls, method };
}

describe('the chunked contract', () => {
  it('shows all blocks of a tensor to each pass in turn, then emits', async () => {
    const { calls, method } = recorder('element');
    await runInMemory(method, [stateDict({ w: random(20000) })]);
    const walk = (what: string) => [`${what} w 0-16384`, `${what} w 16384-20000`];
    expect(calls).toEqual([
      'begin w',
      ...walk('first'),
      'finish first',
      ...walk('second'),
      'finish second',
      ...walk('emit'),
    ]);
  });

  it('cuts between rows, a row being one index of the first axis', async () => {
    const { calls, method } = recorder('row');
    const params = stateDict({ a: random(5, 100, 60), b: random(20000), c: random(2, 30000), d: random() });
    await runInMemory(method, [params]);
    expect(calls.filter((call) => call.startsWith('emit'))).toEqual([
      'emit a 0-12000',
      'emit a 12000-24000',
      'emit a 24000-30000',
      'emit b 0-20000',
      'emit c 0-30000',
      'emit c 30000-60000',
      'emit d 0-1',
    ]);
  });

  it('gives whole tensors when asked to', async () => {
    const { calls, method } = recorder('tensor');
    await runInMemory(method, [stateDict({ w: random(40, 1000) })]);
    expect(calls.at(-1)).toBe('emit w 0-40000');
  });

  it('lets a pass go over the whole model, by name, before the next begins', async () => {
    const { calls, method } = recorder('element', 'model');
    await runInMemory(method, [stateDict({ b: random(2), a: random(3) })]);
    const walk = (what: string) => [`${what} a 0-3`, `${what} b 0-2`];
    expect(calls).toEqual([
      'begin a b',
      ...walk('first'),
      'finish first',
      ...walk('second'),
      'finish second',
      ...walk('emit'),
    ]);
  });

  it('calls a method the same way whatever memory it is given', async () => {
    const params = stateDict({ w: random(300, 200), v: random(40000), e: random(0) });
    for (const granularity of ['element', 'row', 'tensor'] as const) {
      const expected = recorder(granularity);
      await runInMemory(expected.method, [params]);
      const { calls, method } = recorder(granularity);
      await runChunked(method, [await open(params)], { output: memoryTarget(), memoryLimit: 1 });
      // Tensors may come in another order; within each, nothing may differ.
      for (const name of ['w', 'v', 'e']) {
        const of = (list: string[]) => list.filter((call) => call.split(' ')[1] === name);
        expect(of(calls)).toEqual(of(expected.calls));
      }
    }
  });

  it('gives the output zeros to fill', async () => {
    const method: ChunkedMethod = {
      name: 'touch',
      granularity: 'element',
      begin: () => ({ emit: (_, out) => void (out[0] = 1) }),
    };
    const { w } = await runInMemory(method, [stateDict({ w: random(40000) })]);
    const list = await numbers(w!);
    expect(list.filter(Boolean)).toEqual([1, 1, 1]);
    expect([list[0], list[16384], list[32768]]).toEqual([1, 1, 1]);
  });
});

const copy: ChunkedMethod = {
  name: 'copy',
  granularity: 'element',
  begin: () => ({ emit: ({ inputs }, out) => out.set(inputs[0]!) }),
};

describe('runInMemory', () => {
  it('gives back every float dtype as it was', async () => {
    for (const dtype of ['F32', 'F16', 'BF16'] as const) {
      const raw = await fromTensors(stateDict({ w: random(20000) }), {
        like: { w: { dtype, shape: [], bytes: new Uint8Array() } },
      });
      const params = toTensors(raw, { storage: 'keep' });
      expect(await fromTensors(await runInMemory(copy, [params]))).toEqual(raw);
    }
  });

  it('refuses results that are not finite, naming the tensor', async () => {
    const blowUp: ChunkedMethod = {
      name: 'blowUp',
      granularity: 'element',
      begin: () => ({ emit: ({ inputs }, out) => inputs[0]!.forEach((x, i) => (out[i] = x * 1e38)) }),
    };
    await expect(runInMemory(blowUp, [dict({ w: [1, 100] })])).rejects.toThrow(
      'blowUp: result "w": expected finite values, received Infinity at element 1',
    );
  });

  it('lets NaN and infinities through when told to', async () => {
    const params = dict({ w: [1, Infinity, NaN] });
    const out = await runInMemory(copy, [params], { allowNonFinite: true });
    expect(await values(out)).toEqual({ w: [1, Infinity, NaN] });
  });

  it('refuses no inputs', async () => {
    await expect(runInMemory(copy, [])).rejects.toThrow('copy: expected at least one model, received none');
  });
});

describe('runChunked', () => {
  it('counts elements from the start of the tensor in messages', async () => {
    const list = new Float32Array(100_000);
    list[90_000] = NaN;
    const bad = await open(stateDict({ w: tensor(list) }));
    await expect(runChunked(copy, [bad], { output: memoryTarget(), memoryLimit: 200_000 })).rejects.toThrow(
      'copy: models[0] "w": expected finite values (allowNonFinite lets others through), received NaN at element 90000',
    );
  });

  it('says which tensor overflows the dtype it is to be stored in', async () => {
    const big = await open(stateDict({ w: tensor([1, 1e6]) }));
    await expect(runChunked(copy, [big], { output: memoryTarget(), dtype: () => 'F16' })).rejects.toThrow(
      'copy: result "w": expected values up to 65504, the largest of F16, received 1000000 at element 1',
    );
  });

  it('writes shards with the same bytes in them', async () => {
    const params = stateDict({ a: random(3000), b: random(3000), c: random(3000) });
    const output = memoryTarget();
    await runChunked(copy, [await open(params)], { output, maxShardSize: 15_000 });
    const merged = Object.assign(
      {},
      ...[...output.files]
        .filter(([name]) => name.endsWith('.safetensors'))
        .map(([, bytes]) => parseSafetensors(bytes).tensors),
    );
    expect([...output.files.keys()].length).toBeGreaterThan(2);
    expect(await values(toTensors(merged))).toEqual(await values(params));
  });

  it('copies whole numbers, and refuses them when they differ', async () => {
    const steps = (n: number) => stateDict({ w: tensor([1]), steps: tensor(Int32Array.of(1, n)) });
    const output = memoryTarget();
    await runChunked(copy, [await open(steps(2)), await open(steps(2))], { output });
    const { tensors } = parseSafetensors(output.files.get('model.safetensors')!);
    expect(await values(toTensors(tensors))).toEqual({ w: [1], steps: [1, 2] });
    const differing = [await open(steps(2)), await open(steps(3))];
    await expect(runChunked(copy, differing, { output: memoryTarget() })).rejects.toThrow(
      'copy: models[1] "steps": expected the values of models[0] "steps": I32 is copied, not computed with, received others',
    );
  });
});

describe('workingMemory', () => {
  const task = (size: number) => ({
    name: 'w',
    dtype: 'BF16' as const,
    inputs: [0, 1].map(() => ({
      label: '',
      dtype: 'BF16' as const,
      shape: [size],
      read: async () => new Uint8Array(),
    })),
    method: copy,
  });

  it('counts what is read and what is written twice, as one is worked on while the other moves', () => {
    expect(workingMemory([task(1000), task(10)])).toBe(2 * 1000 * (2 * 2 + 2));
  });

  it('stays within the limit, but for one block', () => {
    expect(workingMemory([task(1e9)], { memoryLimit: 1e6 })).toBeLessThanOrEqual(1e6);
    expect(workingMemory([task(1e9)], { memoryLimit: 1 })).toBe(12 * 16384);
    expect(workingMemory([])).toBe(0);
  });
});
