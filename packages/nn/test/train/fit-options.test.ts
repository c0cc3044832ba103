import { add, cast, dispose, key, memory, sub, tensor, type Tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  adamw,
  type BatchSource,
  chain,
  cnn,
  constantSchedule,
  fit,
  type FitOptions,
  gaussianNoise,
  gpt,
  linearSchedule,
  loadDigits,
  meanSquaredError,
  memoryStore,
  mlp,
  randomTranslate,
  sgd,
  softmaxCrossEntropy,
  type StateDict,
  storedAs,
  trackEma,
} from '../../src/index.js';
import { dict, expectClose } from '../helpers.js';

const line = { inputs: tensor([[0], [1], [2], [3]]), targets: tensor([[-1], [1], [3], [5]]) };
const start = dict({ 'layers.0.weight': [[1]], 'layers.0.bias': [0] });
const regression: FitOptions = {
  model: mlp({ sizes: [1, 1] }),
  params: start,
  loss: meanSquaredError,
  data: line,
  optimizer: sgd({ learningRate: 0.05 }),
  key: key(0),
  batchSize: 4,
};
const bytesOf = (params: StateDict): number[] =>
  Object.keys(params)
    .sort()
    .flatMap((name) => [...params[name].dataSync()]);
const mapped = (params: StateDict, f: (t: Tensor) => Tensor): StateDict =>
  Object.fromEntries(Object.entries(params).map(([name, t]) => [name, f(t)]));
const digits = await loadDigits();
const digitRun: FitOptions = {
  model: cnn({ input: [1, 8, 8], channels: [4], classes: 10, norm: 'batch' }),
  loss: softmaxCrossEntropy,
  data: digits.train,
  optimizer: adamw({ learningRate: 0.01 }),
  epochs: 2,
  key: key(3),
  augment: randomTranslate({ input: [1, 8, 8], pixels: 1 }),
};

describe('microBatches', () => {
  it('give the losses and weights of whole batches', async () => {
    const options = { ...regression, steps: 20, optimizer: sgd({ learningRate: 0.05, momentum: 0.5 }) };
    const [whole, parts, uneven] = await Promise.all(
      [1, 2, 3].map((microBatches) => fit({ ...options, microBatches })),
    );
    expectClose(parts.losses, whole.losses, 1e-5);
    expectClose(uneven.losses, whole.losses, 1e-5);
    expectClose(bytesOf(parts.params), bytesOf(whole.params), 1e-5);
  });

  it('are refused with sam', async () => {
    await expect(fit({ ...regression, steps: 1, microBatches: 2, sam: {} })).rejects.toThrow(
      'fit: expected microBatches of 1 with sam, received 2',
    );
  });
});

describe('augment', () => {
  it('changes the inputs of training steps, each in its own way, and none of the validation', async () => {
    const idle = { ...regression, schedule: constantSchedule(0), epochs: 3, validation: line };
    const { losses, history } = await fit({ ...idle, augment: gaussianNoise({ deviation: 1 }) });
    expect(new Set(losses).size).toBe(3);
    expect(history.map((h) => h.validation!.loss)).toEqual([1.5, 1.5, 1.5]);
    expect((await fit({ ...idle, augment: (x: Tensor) => add(x, 0) })).losses).toEqual([1.5, 1.5, 1.5]);
  });
});

describe('earlyStopping', () => {
  /** The rate falls to nothing in two epochs, then the weights stay. */
  const plateau = { ...regression, epochs: 50, schedule: linearSchedule({ start: 0.1, end: 0, steps: 2 }) };

  it('stops after as many epochs without improvement as patience says', async () => {
    const { history, stoppedEarly } = await fit({
      ...plateau,
      earlyStopping: { patience: 3, minDelta: 1e-6 },
    });
    // Losses are measured before the update: epochs 1, 2 and 3 improve, 4 to 6 do not.
    expect(history).toHaveLength(6);
    expect(stoppedEarly).toBe(true);
    expect((await fit({ ...plateau, epochs: 4, earlyStopping: { patience: 3 } })).stoppedEarly).toBe(false);
  });

  it('gives back the weights of the best epoch, or the last ones when told so', async () => {
    // A growing rate: good steps first, then worse and worse ones.
    const rising = {
      ...regression,
      epochs: 30,
      validation: line,
      schedule: (step: number): number => 0.02 * 1.4 ** step,
    };
    const seen: number[][] = [];
    const onEpoch = (_record: unknown, params: StateDict): void => void seen.push(bytesOf(params));
    const { params, history } = await fit({ ...rising, onEpoch, earlyStopping: { patience: 2 } });
    const losses = history.map((h) => h.validation!.loss);
    const best = losses.indexOf(Math.min(...losses));
    expect(history).toHaveLength(best + 3);
    expect(bytesOf(params)).toEqual(seen[best]);
    const last = await fit({ ...rising, earlyStopping: { patience: 2, restoreBest: false } });
    expect(bytesOf(last.params)).toEqual(seen.at(-1));
  });

  it('watches the metric it is told to, large or small', async () => {
    const { stoppedEarly, history } = await fit({
      ...digitRun,
      epochs: 40,
      validation: digits.validation,
      metrics: { accuracy },
      schedule: constantSchedule(0),
      earlyStopping: { patience: 2, metric: 'accuracy', mode: 'max' },
      augment: undefined,
      model: mlp({ sizes: [64, 10] }),
    });
    expect(stoppedEarly).toBe(true);
    expect(history).toHaveLength(3);
    await expect(
      fit({ ...regression, epochs: 2, validation: line, earlyStopping: { patience: 1, metric: 'auc' } }),
    ).rejects.toThrow('fit: expected a validation metric named "auc" for early stopping, received loss');
  });
});

describe('a batch source', () => {
  const source: BatchSource = {
    stepsPerEpoch: 2,
    batch: (step) => ({
      inputs: tensor([[step], [step + 1]]),
      targets: tensor([[2 * step], [2 * step + 2]]),
    }),
  };
  it('makes the batch of every step, whose tensors are given back', async () => {
    const { losses, history } = await fit({
      ...regression,
      data: source,
      epochs: 2,
      schedule: constantSchedule(0),
    });
    // y = 2x against w = 1, b = 0: errors x and x + 1.
    expectClose(
      losses,
      [0, 1, 2, 3].map((s) => (s ** 2 + (s + 1) ** 2) / 2),
      1e-6,
    );
    expect(history.map((h) => h.step)).toEqual([2, 4]);
    const split = await fit({
      ...regression,
      data: source,
      epochs: 2,
      microBatches: 2,
      schedule: constantSchedule(0),
    });
    expectClose(split.losses, losses, 1e-6);
  });

  it('is the way to train on text', async () => {
    const tokens = Int32Array.from({ length: 8 }, (_, i) => i % 4);
    const text: BatchSource = {
      stepsPerEpoch: 30,
      batch: () => ({ inputs: tensor(tokens.slice(0, 7), [1, 7]), targets: tensor(tokens.slice(1), [1, 7]) }),
    };
    const { losses } = await fit({
      model: gpt({ vocabulary: 4, context: 7, width: 16, layers: 1, heads: 2 }),
      loss: softmaxCrossEntropy,
      data: text,
      optimizer: adamw({ learningRate: 0.01 }),
      epochs: 2,
      key: key(0),
    });
    expect(losses[0]).toBeCloseTo(Math.log(4), 0);
    expect(losses.at(-1)).toBeLessThan(0.3);
  });
});

describe('averages and storage', () => {
  it('gives the average that the optimiser kept', async () => {
    const { average, params } = await fit({
      ...regression,
      steps: 2,
      schedule: constantSchedule(0.05),
      optimizer: chain(sgd({ learningRate: 0.05 }), trackEma(0.5)),
    });
    const after = await fit({ ...regression, steps: 1 });
    const expected = bytesOf(start).map(
      (w, i) => 0.25 * w + 0.25 * bytesOf(after.params)[i] + 0.5 * bytesOf(params)[i],
    );
    expectClose(bytesOf(average!), expected, 1e-6);
    expect((await fit({ ...regression, steps: 1 })).average).toBeUndefined();
  });

  it('keeps optimiser state in bfloat16 at the price of a little precision', async () => {
    const plain = await fit({ ...digitRun, augment: undefined });
    const small = await fit({
      ...digitRun,
      augment: undefined,
      optimizer: storedAs(adamw({ learningRate: 0.01 }), 'bfloat16'),
    });
    const state = storedAs(adamw({ learningRate: 0.01 }), 'bfloat16').init(start) as readonly {
      mean?: StateDict;
      count?: Tensor;
    }[];
    expect(state[0].mean!['layers.0.weight'].dtype).toBe('bfloat16');
    expect(state[0].count!.dtype).toBe('float32');
    expect(small.losses).not.toEqual(plain.losses);
    expect(Math.abs(small.losses.at(-1)! - plain.losses.at(-1)!)).toBeLessThan(0.1);
  });
});

describe('weights in bfloat16', () => {
  it('stay so, and are rounded after every step', async () => {
    const params = mapped(start, (t) => cast(t, 'bfloat16'));
    const { params: found, losses } = await fit({ ...regression, params, steps: 200 });
    expect(Object.values(found).map((t) => t.dtype)).toEqual(['bfloat16', 'bfloat16']);
    expect(cast(found['layers.0.weight'], 'float32').item()).toBeCloseTo(2, 1);
    expect(losses.at(-1)).toBeLessThan(0.01);
  });
});

describe('checkpoint', () => {
  it('goes on from a snapshot to the same bits, whatever step it was taken at', async () => {
    const whole = await fit(digitRun);
    for (const stopAt of [7, 20, 33]) {
      const store = memoryStore();
      const stop = new AbortController();
      let saved = 0;
      const interrupted = {
        load: () => store.load(),
        save: async (bytes: Uint8Array) => {
          await store.save(bytes);
          if (++saved === 1) stop.abort(new Error('killed'));
        },
      };
      const run = fit({
        ...digitRun,
        checkpoint: { store: interrupted, every: stopAt },
        signal: stop.signal,
      });
      await expect(run).rejects.toThrow('killed');
      const resumed = await fit({ ...digitRun, checkpoint: { store, every: 1000 } });
      expect(resumed.losses).toEqual(whole.losses);
      expect(resumed.history).toEqual(whole.history);
      expect(bytesOf(resumed.params)).toEqual(bytesOf(whole.params));
      const again = await fit({ ...digitRun, checkpoint: { store, every: 1000 } });
      expect(bytesOf(again.params)).toEqual(bytesOf(whole.params));
    }
  });

  it('remembers the best weights of early stopping', async () => {
    const options: FitOptions = {
      ...regression,
      epochs: 30,
      schedule: (step) => 0.02 * 1.4 ** step,
      validation: line,
      earlyStopping: { patience: 4 },
    };
    const whole = await fit(options);
    const store = memoryStore();
    await fit({ ...options, epochs: whole.history.length - 2, checkpoint: { store, every: 1 } });
    const resumed = await fit({ ...options, checkpoint: { store, every: 1 } });
    expect(resumed.history).toEqual(whole.history);
    expect(bytesOf(resumed.params)).toEqual(bytesOf(whole.params));
    expect(resumed.stoppedEarly).toBe(true);
  });

  it('refuses to go on with other options, naming the first that differs', async () => {
    const store = memoryStore();
    const checkpoint = { store, every: 5 };
    await fit({ ...regression, steps: 5, checkpoint });
    const other = (options: Partial<FitOptions>) => fit({ ...regression, steps: 10, checkpoint, ...options });
    await expect(other({ batchSize: 2 })).rejects.toThrow(
      'fit (resume): expected batchSize 4 as in the snapshot, received 2',
    );
    await expect(other({ optimizer: sgd({ learningRate: 0.06 }) })).rejects.toThrow(
      /^fit \(resume\): expected optimizer .*0\.05.* received .*0\.06/,
    );
    await expect(other({ optimizer: adamw({ learningRate: 0.05 }) })).rejects.toThrow(
      'fit (resume): expected optimizer',
    );
    await expect(other({ key: key(1) })).rejects.toThrow(
      'fit (resume): expected key [0,0] as in the snapshot, received [0,1]',
    );
    await expect(other({ schedule: constantSchedule(0.1) })).rejects.toThrow('expected schedule null');
    await expect(other({ data: { inputs: line.inputs, targets: sub(line.targets, 1) } })).rejects.toThrow(
      'expected data',
    );
    await expect(
      other({ model: mlp({ sizes: [1, 1], bias: false }), params: dict({ 'layers.0.weight': [[1]] }) }),
    ).rejects.toThrow('expected model');
    expect((await other({})).losses).toHaveLength(10);
  });

  it('refuses a file that is no snapshot, or one with other tensors', async () => {
    const store = memoryStore();
    await store.save(new Uint8Array(4));
    await expect(fit({ ...regression, steps: 1, checkpoint: { store, every: 1 } })).rejects.toThrow(
      /fit \(resume\)/,
    );
  });

  it('gives all memory back', async () => {
    const store = memoryStore();
    const before = memory().used;
    const { params } = await fit({ ...regression, steps: 5, checkpoint: { store, every: 2 } });
    const resumed = await fit({ ...regression, steps: 9, checkpoint: { store, every: 2 } });
    dispose([params, resumed.params]);
    const after = memory().used;
    dispose((await fit({ ...regression, steps: 12, checkpoint: { store, every: 2 } })).params);
    expect(after - before).toBeLessThan(20_000);
    expect(memory().used - after).toBeLessThan(20_000);
  });
});
