import { memoryTarget, openCheckpoint, parseSafetensors, serializeSafetensors } from '@weightloom/checkpoint';
import { fromTensors, runInMemory, type StateDict, stateDict, toTensors } from '@weightloom/state-dict';
import { generator, key, tensor } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeCheckpoints, type Method, type MethodName, type MethodOptions, methods } from '../src/index.js';
import { digest, values } from './helpers.js';

/** Options to try each method with; for three models unless it takes fewer. */
const rows: { readonly [Name in MethodName]: readonly MethodOptions[Name][] } = {
  uniformSoup: [{}],
  linear: [{ weights: [0.3, 1, 2] }, { weights: [1, -2, 0.5], normalize: false }],
  slerp: [{ t: 0 }, { t: 0.3 }, { t: 1 }],
  taskArithmetic: [{ weights: [0.5, 1, -2], lambda: 0.7 }, { normalize: true }],
  tiesMerge: [
    { density: 0.3 },
    { density: [0.9, 0.5, 0.01], weights: [1, 2, 0.5], lambda: 0.6, normalize: false },
    { density: 0.2, trim: 'model' },
  ],
  nuslerp: [{ weights: [1, 3] }, { along: 'row' }, { along: 'column' }],
  multislerp: [{}, { weights: [0.2, 0.5, 1], normalizeWeights: false }],
  karcher: [{}, { maxIterations: 2 }],
  dareLinear: [
    { density: 0.4, key: key(1) },
    { density: 0.4, key: key(1), rescale: 'l1', normalize: true },
  ],
  dareTies: [{ density: [0.4, 1, 0.7], key: key(2), weights: [1, 2, -1] }],
  dellaLinear: [{ density: 0.5, key: key(3) }],
  della: [
    { density: 0.4, epsilon: 0.1, key: key(4) },
    { density: 0.6, epsilon: [0.1, 0.2, 0], key: key(4), rescale: 'l1' },
  ],
  breadcrumbs: [
    { density: 0.3, gamma: 0.02 },
    { density: 0.3, gamma: 0.02, along: 'row' },
  ],
  breadcrumbsTies: [{ density: [0.3, 0.9, 1], gamma: 0.2, weights: [1, 2, 3], normalize: true }],
  modelStock: [{}, { filterWise: true }],
  sce: [{}, { selectTopK: 0.3 }],
  ram: [{ epsilon: 0.5 }],
  ramPlus: [{ epsilon: 1.5 }],
  nearswap: [{ t: 0.3 }],
  arceeFusion: [{}],
  passthrough: [{}, { scale: -2 }],
};

const table = Object.entries(rows).flatMap(([name, list]) =>
  list.map((options) => ({
    name: name as MethodName,
    options,
    title: `${name} ${JSON.stringify(options, (option, value: unknown) => (option === 'key' ? 'key' : value))}`,
  })),
);
const methodOf = (name: MethodName) => methods[name] as Method;
const countOf = (name: MethodName) => Math.min(3, methodOf(name).models.max);

function run(name: MethodName, options: object, base: StateDict, models: readonly StateDict[]) {
  const method = methodOf(name);
  const hasBase = method.base === 'required';
  return runInMemory(method.create(models.length, options, hasBase), hasBase ? [base, ...models] : models, {
    labels: [...(hasBase ? ['base'] : []), ...models.map((_, i) => `models[${i}]`)],
  });
}

/** Larger than two blocks, a scalar, an empty tensor, and whole numbers. */
function randomDict(seed: number, scale = 1): StateDict {
  const draw = generator(key(seed));
  const list = (n: number) => Float32Array.from({ length: n }, () => scale * draw.normal());
  return stateDict([
    ['big.weight', tensor(list(150 * 137), [150, 137])],
    ['conv.weight', tensor(list(24), [2, 3, 2, 2])],
    ['scale', tensor(list(1), [])],
    ['none', tensor(list(0), [0, 4])],
    ['steps', tensor(Int32Array.of(7, 8))],
  ]);
}

const base = randomDict(1);
const models = [2, 3, 4].map((seed) => randomDict(seed));

describe.each(table)('$title', ({ name, options }) => {
  const method = methodOf(name);
  const count = countOf(name);
  const inputs = models.slice(0, count);

  it('keeps names, shapes, dtypes and whole numbers', async () => {
    const merged = await run(name, options, base, inputs);
    expect(Object.keys(merged).sort()).toEqual(Object.keys(base).sort());
    for (const [tensorName, { shape, dtype }] of Object.entries(base)) {
      expect(merged[tensorName]!.shape).toEqual(shape);
      expect(merged[tensorName]!.dtype).toBe(dtype);
    }
    expect((await values(merged)).steps).toEqual([7, 8]);
  });

  it('gives the same bits every time and leaves its inputs alone', async () => {
    const before = await Promise.all(inputs.map(digest));
    const first = await digest(await run(name, options, base, inputs));
    expect(await digest(await run(name, options, base, inputs))).toEqual(first);
    expect(await Promise.all(inputs.map(digest))).toEqual(before);
  });

  it('gives the same bits streamed, whatever the memory and the shards', async () => {
    const files = await Promise.all([base, ...inputs].map(toFile));
    const [baseFile, ...modelFiles] = files;
    const expected = await digest(await run(name, options, base, inputs));
    for (const memoryLimit of [1, 300_000, 2 ** 28]) {
      const output = memoryTarget();
      await mergeCheckpoints({
        method: name,
        models: modelFiles,
        base: method.base === 'required' ? baseFile : undefined,
        parameters: options as MethodOptions[MethodName],
        output,
        memoryLimit,
      });
      const { tensors } = parseSafetensors(output.files.get('model.safetensors')!);
      expect(await digest(toTensors(tensors))).toEqual(expected);
    }
  });

  it('keeps bfloat16 in bfloat16', async () => {
    const raw = { w: { dtype: 'BF16' as const, shape: [2], bytes: Uint8Array.of(0x80, 0x3f, 0, 0x40) } };
    const stored = toTensors(raw, { storage: 'keep' });
    const merged = await run(
      name,
      options,
      stored,
      inputs.map(() => stored),
    );
    expect(merged.w!.dtype).toBe('bfloat16');
  });

  it('names the model and tensor with NaN', async () => {
    const bad = stateDict({ ...inputs[0]!, scale: tensor(NaN) });
    await expect(run(name, options, base, [bad, ...inputs.slice(1)])).rejects.toThrow(
      /: models\[\d\] "scale": expected finite values/,
    );
  });

  const hasOthers = count > 1 || method.base === 'required';
  (hasOthers ? it : () => undefined)('names the model with a tensor too few', async () => {
    const rest = Object.entries(inputs.at(-1)!).filter(([key]) => key !== 'scale');
    await expect(run(name, options, base, [...inputs.slice(0, -1), stateDict(rest)])).rejects.toThrow(
      /expected the tensors of (base|models\[0\]), received a state dict without "scale"/,
    );
  });

  it('leaves no file behind when it fails halfway', async () => {
    const files = await Promise.all([base, ...inputs].map(toFile));
    const bad = await toFile(stateDict({ ...inputs[0]!, scale: tensor(Infinity) }));
    const output = memoryTarget();
    const merge = mergeCheckpoints({
      method: name,
      models: [bad, ...files.slice(2)],
      base: method.base === 'required' ? files[0] : undefined,
      parameters: options as MethodOptions[MethodName],
      output,
    });
    await expect(merge).rejects.toThrow('models[0] "scale": expected finite values');
    expect([...output.files]).toEqual([]);
  });
});

const isPerModel = (option: unknown) => Array.isArray(option);
const symmetric = table.filter(
  ({ name, options }) => methodOf(name).symmetric && !Object.values(options).some(isPerModel),
);

describe('symmetric methods', () => {
  it.each(symmetric)('$title does not mind the order of the models', async ({ name, options }) => {
    const inputs = models.slice(0, countOf(name));
    const there = await values(await run(name, options, base, inputs));
    const back = await values(await run(name, options, base, inputs.toReversed()));
    // Sums in another order differ in the last bit at most.
    for (const [tensorName, list] of Object.entries(there)) {
      const gaps = list.map((value, i) => Math.abs(back[tensorName]![i]! - value));
      expect(Math.max(0, ...gaps)).toBeLessThan(1e-5);
    }
  });
});

/** Those whose weights sum to 1, so to say. */
const averaging = table.filter(({ options }) => {
  const { normalize = true, normalizeWeights = true, scale = 1 } = options as Record<string, unknown>;
  return normalize === true && normalizeWeights === true && scale === 1;
});

describe('laws of averages', () => {
  it.each(averaging)('$title of equal models is that model', async ({ name, options }) => {
    const list = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -8, max: 8 }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(list, async (numbers) => {
        const model = stateDict({ w: tensor(Float32Array.from(numbers)) });
        // Onto itself: task vectors of zero; trimming changes nothing then.
        const merged = await run(
          name,
          options,
          model,
          Array.from({ length: countOf(name) }, () => model),
        );
        (await values(merged)).w!.forEach((value, i) =>
          expect(value).toBeCloseTo(Math.fround(numbers[i]!), 6),
        );
      }),
      { numRuns: 50, seed: 5 },
    );
  });

  const onBase = table.filter(({ name }) => methodOf(name).base === 'required');
  it.each(onBase)('$title of the base with itself is the base, to the bit', async ({ name, options }) => {
    const copies = Array.from({ length: countOf(name) }, () => base);
    expect(await digest(await run(name, options, base, copies))).toEqual(await digest(base));
  });

  const weighted = onBase.filter(
    ({ name, options }) =>
      (methodOf(name).options as readonly string[]).includes('weights') && !('normalize' in options),
  );
  it.each(weighted)('$title with weights of 0 is the base, to the bit', async ({ name, options }) => {
    const merged = await run(name, { ...options, normalize: false, weights: [0, 0, 0] }, base, models);
    expect(await digest(merged)).toEqual(await digest(base));
  });
});

async function toFile(dict: StateDict): Promise<Uint8Array> {
  return serializeSafetensors(await fromTensors(dict));
}

describe('mergeCheckpoints', () => {
  it('takes open checkpoints and leaves them open', async () => {
    const checkpoint = await openCheckpoint(await toFile(base));
    const output = memoryTarget();
    await mergeCheckpoints({ method: 'uniformSoup', models: [checkpoint, checkpoint], output });
    expect((await checkpoint.read('steps')).dtype).toBe('I32');
    expect([...output.files.keys()]).toEqual(['model.safetensors']);
  });

  it('reports progress up to the whole', async () => {
    const file = await toFile(base);
    const seen: number[] = [];
    let last = { done: 0, total: 1 };
    await mergeCheckpoints({
      method: 'slerp',
      models: [file, file],
      parameters: { t: 0.5 },
      output: memoryTarget(),
      memoryLimit: 1,
      onProgress: (progress) => {
        seen.push(progress.done);
        last = progress;
      },
    });
    expect(last.done).toBe(last.total);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('stops when told to, and writes nothing', async () => {
    const file = await toFile(base);
    const stop = new AbortController();
    const output = memoryTarget();
    const merge = mergeCheckpoints({
      method: 'uniformSoup',
      models: [file],
      output,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(merge).rejects.toThrow('enough');
    expect([...output.files]).toEqual([]);
  });

  it('writes another dtype when asked to', async () => {
    const output = memoryTarget();
    const models = [await toFile(base)];
    await mergeCheckpoints({ method: 'uniformSoup', models, output, dtype: () => 'BF16' });
    const { tensors } = parseSafetensors(output.files.get('model.safetensors')!);
    expect(tensors.scale!.dtype).toBe('BF16');
    expect(tensors.steps!.dtype).toBe('I32');
  });

  it('refuses unknown methods and parameters, with the nearest that exist', async () => {
    const models = [await toFile(base)];
    const output = memoryTarget();
    const merge = (method: string, parameters: object) =>
      mergeCheckpoints({ method: method as 'linear', models, parameters, output });
    await expect(merge('tiesMerg', {})).rejects.toThrow(
      'mergeCheckpoints: expected a known method, received "tiesMerg"; did you mean "tiesMerge"?',
    );
    await expect(merge('linear', { weigths: [1] })).rejects.toThrow(
      'expected a parameter of linear, received "weigths"; did you mean "weights"?',
    );
    await expect(merge('taskArithmetic', {})).rejects.toThrow(
      'expected a base for taskArithmetic, received none',
    );
    await expect(merge('slerp', { t: 0.5 })).rejects.toThrow(
      'expected exactly 2 models for slerp, received 1',
    );
  });

  it('refuses whole numbers that differ, rather than averaging them', async () => {
    const other = stateDict({ ...base, steps: tensor(Int32Array.of(7, 9)) });
    const models = [await toFile(base), await toFile(other)];
    await expect(mergeCheckpoints({ method: 'linear', models, output: memoryTarget() })).rejects.toThrow(
      'linear: models[1] "steps": expected the values of models[0] "steps": I32 is copied, not computed with',
    );
  });
});
