import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ApplyContext, linear, mlp, type StateDict } from '@weightloom/nn';
import { add, concat, key, matmul, mul, normal, relu, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { initEva, type InitEvaOptions, loraConfig, type LoraConfigOptions } from '../../src/index.js';
import { type IncrementalPca, incrementalPca } from '../../src/init/incremental-pca.js';

const golden = JSON.parse(readFileSync(new URL('../__fixtures__/starts.json', import.meta.url), 'utf8')).pca;
const wave = (rows: number, columns: number, phase: number): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    return Math.sin(phase + 1.7 * i + 2.3 * j + 0.31 * i * j);
  });

describe('incrementalPca', () => {
  it('gives what IncrementalPCA of scikit-learn gives', () => {
    let pca: IncrementalPca | undefined;
    golden.rows.forEach((rows: number, i: number) => {
      pca = incrementalPca(pca, wave(rows, 5, golden.phases[i]), 5, 3);
    });
    pca!.components.forEach((x, i) => expect(x).toBeCloseTo(golden.components[i], 4));
    pca!.singularValues.forEach((x, i) => expect(x).toBeCloseTo(golden.singularValues[i], 4));
    pca!.explainedVarianceRatio.forEach((x, i) => expect(x).toBeCloseTo(golden.explainedVarianceRatio[i], 5));
  });

  it('refuses too few rows and NaN', () => {
    expect(() => incrementalPca(undefined, new Float32Array(4), 2, 3)).toThrow('expected at least 3 rows');
    expect(() => incrementalPca(undefined, Float32Array.of(1, NaN), 1, 1)).toThrow(
      'expected finite activations, received NaN at element 1',
    );
  });
});

/** Inputs that vary in 3 of 12 directions mostly. */
const inputs = (seed: number, rows = 40): Tensor => {
  const signal = matmul(normal(key(seed), [rows, 3]), normal(key(99), [3, 12]));
  return add(signal, mul(normal(key(seed + 1000), [rows, 12]), 0.05));
};
const model = mlp({ sizes: [12, 16, 16, 4] });
const params = model.init(key(5));
const batches = [1, 2, 3].map((seed) => ({ inputs: inputs(seed) }));
const eva = (options: Partial<InitEvaOptions> = {}, config: Partial<LoraConfigOptions> = {}) =>
  initEva(
    model,
    params,
    loraConfig({ targetModules: ['layers.0', 'layers.1', 'layers.2'], r: 4, loraAlpha: 8, ...config }),
    { key: key(0), batches, ...options },
  );

describe('initEva', () => {
  it('spends the budget of ranks, where they explain most', () => {
    const { layers, config, params: own, warnings } = eva();
    expect(warnings).toEqual([]);
    expect(layers.reduce((sum, { rank }) => sum + rank, 0)).toBe(12);
    expect(Math.max(...layers.map(({ rank }) => rank))).toBeLessThanOrEqual(8);
    expect(layers[0]!.rank).toBe(3); // three directions hold nearly all of its variance
    expect(layers[0]!.explainedVariance).toBeGreaterThan(0.99);
    expect(config.initLoraWeights).toBe('eva');
    const uniform = eva({ rho: 1 });
    const total = (own: typeof layers) =>
      own.reduce((sum, { explainedVariance }) => sum + explainedVariance, 0);
    expect(uniform.layers.map(({ rank }) => rank)).toEqual([4, 4, 4]);
    expect(total(layers)).toBeGreaterThanOrEqual(total(uniform.layers));
    for (const { path, rank } of layers) {
      expect(own[`${path}.lora_A.default.weight`]!.shape[0]).toBe(rank);
      expect(own[`${path}.lora_B.default.weight`]!.dataSync().every((x) => x === 0)).toBe(true);
    }
  });

  it('keeps the scaling of every layer, unless told not to', () => {
    const { config } = eva();
    for (const [path, rank] of Object.entries(config.rankPattern))
      expect(config.alphaPattern[path] ?? config.loraAlpha).toBe(2 * rank);
    expect(eva({ adjustScalingFactors: false }).config.alphaPattern).toEqual({});
  });

  it('reconstructs the inputs better than any random A', () => {
    const a = eva({ rho: 1 }).params['layers.0.lora_A.default.weight']!.dataSync();
    const x = inputs(7).dataSync();
    const kept = (rows: ArrayLike<number>): number => {
      let sum = 0;
      for (let n = 0; n < 40; n++) {
        for (let k = 0; k < 4; k++) {
          let dot = 0;
          for (let j = 0; j < 12; j++) dot += x[n * 12 + j]! * rows[k * 12 + j]!;
          sum += dot ** 2;
        }
      }
      return sum;
    };
    for (const seed of [1, 2, 3]) {
      const random = normal(key(seed), [4, 12]).dataSync();
      const rows = [0, 1, 2, 3].map((k) => [...random.subarray(k * 12, (k + 1) * 12)]);
      for (const [i, row] of rows.entries()) {
        for (const other of rows.slice(0, i)) {
          const dot = row.reduce((sum, value, j) => sum + value * other[j]!, 0);
          other.forEach((value, j) => (row[j]! -= dot * value));
        }
        const length = Math.hypot(...row);
        row.forEach((value, j) => (row[j] = value / length));
      }
      expect(kept(a)).toBeGreaterThan(kept(rows.flat()));
    }
  });

  it('whitens: divides each row by the root of its singular value', () => {
    const [plain, white] = [eva({ rho: 1 }), eva({ rho: 1, whiten: true })].map((own) =>
      own.params['layers.0.lora_A.default.weight']!.dataSync(),
    );
    const lengths = [0, 1, 2, 3].map((k) =>
      [plain, white].map((rows) => Math.hypot(...rows!.subarray(k * 12, (k + 1) * 12))),
    );
    lengths.forEach(([one]) => expect(one).toBeCloseTo(1, 5));
    // Singular values of the centred inputs, up to how often they were gone through: how long they are along each row.
    const rows = batches.flatMap(({ inputs: x }) =>
      Array.from({ length: 40 }, (_, i) => [...x.dataSync().subarray(i * 12, (i + 1) * 12)]),
    );
    const centre = rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length);
    const sigma = [0, 1, 2, 3].map((k) =>
      Math.hypot(
        ...rows.map((row) => row.reduce((sum, x, j) => sum + (x - centre[j]!) * plain![k * 12 + j]!, 0)),
      ),
    );
    [1, 2, 3].forEach((k) => {
      const found = (lengths[k]![1]! / lengths[0]![1]!) ** 2;
      expect(found / (sigma[0]! / sigma[k]!)).toBeCloseTo(1, 1);
    });
    expect(sigma[0]! / sigma[3]!).toBeGreaterThan(5);
  });

  /** Two layers of the same input, and one the model never uses. */
  const twins = {
    apply: (p: StateDict, x: Tensor, ctx: ApplyContext = {}) =>
      relu(concat([linear(p, 'q', x, ctx), linear(p, 'k', x, ctx)], 1)),
  };
  const twinParams = {
    'q.weight': normal(key(1), [4, 12]),
    'k.weight': normal(key(2), [4, 12]),
    'unused.weight': normal(key(3), [4, 12]),
  };
  const twin = (
    targetModules: string[],
    options: Partial<InitEvaOptions> = {},
    more: Partial<LoraConfigOptions> = {},
  ) =>
    initEva(twins, twinParams, loraConfig({ targetModules, r: 3, ...more }), {
      key: key(0),
      batches,
      ...options,
    });

  it('decomposes once for layers of the same input, of which the first gets the larger rank', () => {
    const { layers, params: own } = twin(['q', 'k'], { rho: 1.7 });
    expect(layers.map(({ rank }) => rank).reduce((a, b) => a + b)).toBe(6);
    expect(layers[0]!.rank).toBeGreaterThanOrEqual(layers[1]!.rank);
    const [q, k] = ['q', 'k'].map((path) => own[`${path}.lora_A.default.weight`]!.dataSync());
    expect([...q!.subarray(0, k!.length)]).toEqual([...k!]);
  });

  it('counts the rows of the mask only', () => {
    const spoiled = batches.map(({ inputs: x }) => ({
      inputs: concat([x, mul(normal(key(4), [10, 12]), 100)], 0),
      mask: Array.from({ length: 50 }, (_, i) => i < 40),
    }));
    const [clean, masked] = [twin(['q'], { rho: 1 }), twin(['q'], { rho: 1, batches: spoiled })].map((own) =>
      own.params['q.lora_A.default.weight']!.dataSync(),
    );
    expect([...masked!]).toEqual([...clean!]);
  });

  it('starts what is no linear layer as usual, and says so', () => {
    const withTable = { ...params, 'embed.weight': tensor(new Float32Array(8), [4, 2]) };
    const own = initEva(model, withTable, loraConfig({ targetModules: ['layers.0', 'embed'], r: 2 }), {
      key: key(0),
      batches,
    });
    expect(own.warnings).toEqual(['"embed" started as true: EVA is for linear layers']);
    expect(own.params['embed.lora_embedding_B.default']!.shape).toEqual([2, 2]);
  });

  it('drops the adapter of a layer that gets no rank', () => {
    // The second input never varies but for noise, so the first takes all ranks it may.
    const pair = {
      apply: (p: StateDict, x: Tensor, ctx: ApplyContext = {}) =>
        add(linear(p, 'q', x, ctx), linear(p, 'k', mul(normal(key(8), x.shape), 1), ctx)),
    };
    const own = initEva(pair, twinParams, loraConfig({ targetModules: ['q', 'k'], r: 1 }), {
      key: key(0),
      batches,
      rho: 2,
    });
    expect(own.layers.map(({ rank }) => rank)).toEqual([2, 0]);
    expect(own.config.targetModules).toEqual(['q']);
    expect(Object.keys(own.params).some((name) => name.startsWith('k.'))).toBe(false);
  });

  it.each<[string, () => unknown, string]>([
    ['no data', () => eva({ batches: [] }), 'expected batches of data, received none'],
    [
      'batches that are too small',
      () => eva({ batches: [{ inputs: inputs(1, 3) }] }),
      'expected a batch of at least 8 rows, received smaller ones only',
    ],
    ['rho below 1', () => eva({ rho: 0.5 }), 'expected rho of at least 1, received 0.5'],
    ['tau above 1', () => eva({ tau: 1.5 }), 'expected tau in [0, 1]'],
    ['layers that are never reached', () => twin(['unused']), 'received no activations for "unused"'],
    [
      'a mask of another length',
      () => twin(['q'], { batches: [{ inputs: inputs(1), mask: [1] }] }),
      'mask: expected 40 entries, one per row, received 1',
    ],
    [
      'NaN activations',
      () => twin(['q'], { batches: [{ inputs: mul(inputs(1), NaN) }] }),
      'expected finite activations',
    ],
  ])('refuses %s', (_, run, message) => {
    expect(run).toThrow(message);
  });
});
