import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromFloat32, fromIntegers, type RawStateDict } from '@weightloom/checkpoint';
import { loadSafetensors, saveSafetensors } from '@weightloom/checkpoint/node';
import { tensor } from '@weightloom/tensor-gpu';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromTensors, mapTensors, scale, stateDict, toTensors } from '../src/index.js';
import { loadStateDict, saveStateDict } from '../src/node/index.js';
import { numbers, values } from './helpers.js';

const floats = (...list: number[]) => Float32Array.from(list);
const raws: RawStateDict = {
  half: fromFloat32(floats(1.5, -2), 'F16'),
  brain: fromFloat32(floats(1.5, -2), 'BF16', { shape: [2, 1] }),
  full: fromFloat32(floats(0.1), 'F32', { shape: [] }),
  double: { dtype: 'F64', shape: [1], bytes: new Uint8Array(Float64Array.of(0.5).buffer) },
  tiny: fromFloat32(floats(2), 'F8_E4M3'),
  steps: fromIntegers([2 ** 31 - 1], 'I64'),
  mask: fromIntegers([1, 0], 'BOOL'),
  quantised: fromIntegers([-7], 'I8'),
};

describe('toTensors', () => {
  it('makes floats float32, whole numbers int32 and BOOL bool', async () => {
    const dict = toTensors(raws);
    const kinds = Object.fromEntries(Object.entries(dict).map(([name, { dtype }]) => [name, dtype]));
    expect(kinds).toEqual({
      half: 'float32',
      brain: 'float32',
      full: 'float32',
      double: 'float32',
      tiny: 'float32',
      steps: 'int32',
      mask: 'bool',
      quantised: 'int32',
    });
    expect(dict.brain!.shape).toEqual([2, 1]);
    expect(await values(dict)).toEqual({
      half: [1.5, -2],
      brain: [1.5, -2],
      full: [Math.fround(0.1)],
      double: [0.5],
      tiny: [2],
      steps: [2 ** 31 - 1],
      mask: [1, 0],
      quantised: [-7],
    });
  });

  it('keeps storage dtypes when asked to', () => {
    const { half, brain, quantised } = toTensors(raws, { storage: 'keep' });
    expect([half!.dtype, brain!.dtype, quantised!.dtype]).toEqual(['float16', 'bfloat16', 'int8']);
  });

  it('refuses what it would have to round, naming the tensor', () => {
    const double = { dtype: 'F64' as const, shape: [1], bytes: new Uint8Array(Float64Array.of(0.1).buffer) };
    expect(() => toTensors({ double })).toThrow(
      'toTensors: "double": expected F64 values that float32 holds exactly',
    );
    expect(toTensors({ double }, { allowLoss: true }).double!.item()).toBe(Math.fround(0.1));
    expect(() => toTensors({ long: fromIntegers([2n ** 40n], 'I64') })).toThrow(
      'toTensors: "long": expected whole',
    );
  });

  it('refuses dtypes there is no tensor for, and leaves out what is not asked for', () => {
    const complex = { dtype: 'C64' as const, shape: [1], bytes: new Uint8Array(8) };
    expect(() => toTensors({ complex })).toThrow('toTensors: "complex"');
    expect(
      Object.keys(toTensors({ complex, ...raws }, { filter: (_, { dtype }) => dtype !== 'C64' })),
    ).not.toContain('complex');
  });
});

describe('fromTensors', () => {
  it('keeps the dtypes of the tensors without a reference', async () => {
    const dict = stateDict({ f: tensor([1.5]), i: tensor(Int32Array.of(3)), b: tensor([true]) });
    const back = await fromTensors(dict);
    expect(Object.fromEntries(Object.entries(back).map(([name, { dtype }]) => [name, dtype]))).toEqual({
      f: 'F32',
      i: 'I32',
      b: 'BOOL',
    });
  });

  it('gives back the very bytes of the reference when nothing changed', async () => {
    expect(await fromTensors(toTensors(raws), { like: raws })).toEqual({ ...raws });
    expect(await fromTensors(toTensors(raws, { storage: 'keep' }), { like: raws })).toEqual({ ...raws });
  });

  it('rounds to the nearest, ties to even', async () => {
    const like = { w: fromFloat32(floats(0, 0, 0), 'BF16') };
    // BF16 has 7 bits behind the point: 1 + 1/256 lies between 1 and 1 + 1/128.
    const dict = stateDict({ w: tensor([1 + 1 / 256, 1 + 3 / 256, 1 + 1 / 256 + 2 ** -20]) });
    const rounded = toTensors(await fromTensors(dict, { like }));
    expect(await numbers(rounded.w!)).toEqual([1, 1 + 4 / 256, 1 + 2 / 256]);
  });

  it('passes through what nobody converted', async () => {
    const complex = { dtype: 'C64' as const, shape: [1], bytes: new Uint8Array(8) };
    const dict = toTensors({ full: raws.full! });
    const out = await fromTensors(dict, { like: { complex, full: raws.full! } });
    expect(out.complex).toBe(complex);
  });

  it('refuses values that the dtype of the reference does not hold', async () => {
    const big = stateDict({ w: tensor([1e6]) });
    await expect(fromTensors(big, { like: { w: raws.half! } })).rejects.toThrow(
      'fromTensors: "w": expected values up to 65504',
    );
    await expect(fromTensors(stateDict({ w: tensor([0.5]) }), { like: { w: raws.steps! } })).rejects.toThrow(
      'fromTensors: "w": expected values that I64 holds exactly',
    );
  });
});

describe('loadStateDict and saveStateDict', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'state-dict-'))));
  afterEach(async () => rm(folder, { recursive: true }));

  it('load, change and save a file in its own dtypes', async () => {
    const [from, to] = [join(folder, 'from.safetensors'), join(folder, 'to.safetensors')];
    await saveSafetensors(from, raws);
    const dict = await loadStateDict(from);
    const doubled = mapTensors(dict, (t, name) => (name === 'half' ? scale({ t }, 2).t! : t));
    await saveStateDict(to, doubled, { like: from });
    const { tensors } = await loadSafetensors(to);
    expect(tensors.half).toEqual(fromFloat32(floats(3, -4), 'F16'));
    for (const name of Object.keys(raws).filter((name) => name !== 'half'))
      expect(tensors[name]).toEqual(raws[name]);
  });

  it('leave no file behind for tensors that do not fit', async () => {
    const path = join(folder, 'x.safetensors');
    const like = { w: raws.half! };
    await expect(saveStateDict(path, stateDict({ w: tensor([1e6]) }), { like })).rejects.toThrow(
      'fromTensors: "w"',
    );
    await expect(loadStateDict(path)).rejects.toThrow('expected a file or folder');
  });
});
