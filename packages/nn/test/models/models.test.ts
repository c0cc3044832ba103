import { key, normal, tensor, type Tensor, tidy, uniform } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { cnn, gpt, llama, type Model, resnet, type StateDict, vit } from '../../src/index.js';
import golden from '../golden/models.json' with { type: 'json' };

const input = [1, 8, 8] as const;
const small = { width: 8, layers: 2, heads: 2, hidden: 16 };
const made: [string, Model, Record<string, unknown>][] = [
  ['cnn', cnn({ input, channels: [4, 6], hidden: [8], classes: 10 }), golden.cnn.start],
  [
    'cnn with batch norm',
    cnn({ input, channels: [4, 6], hidden: [8], classes: 10, norm: 'batch' }),
    golden.cnnBatch.start,
  ],
  ['resnet', resnet({ input, classes: 10, widths: [4, 6] }), golden.resnetBatch.start],
  ['vit', vit({ input, patch: 4, classes: 10, ...small }), golden.vit.start],
  ['gpt', gpt({ vocabulary: 11, context: 6, ...small }), golden.gptLearned.start],
  [
    'gpt with rope',
    gpt({ vocabulary: 11, context: 6, ...small, positions: 'rope', tied: false }),
    golden.gptRope.start,
  ],
];

const shapesOf = (params: StateDict): Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(params).map(([name, t]) => [name, t.shape]));
const shapeOf = (nested: unknown): number[] =>
  Array.isArray(nested) ? [nested.length, ...shapeOf(nested[0])] : [];

describe.each(made)('%s', (_name, model, start) => {
  it('starts with the names and shapes of its PyTorch twin', () => {
    const params = model.init(key(0));
    expect(Object.getPrototypeOf(params)).toBeNull();
    expect(shapesOf(params)).toEqual(
      Object.fromEntries(Object.entries(start).map(([n, v]) => [n, shapeOf(v)])),
    );
  });

  it('starts the same for the same key, with finite outputs of moderate size', () => {
    const [one, two] = [model.init(key(5)), model.init(key(5))];
    const x =
      'context' in model.config
        ? tensor(
            [
              [1, 2, 3],
              [4, 5, 6],
            ],
            undefined,
            'int32',
          )
        : uniform(key(1), [3, 64]);
    const [a, b] = [one, two].map((params) => Array.from(tidy(() => model.apply(params, x)).dataSync()));
    expect(a).toEqual(b);
    expect(Math.max(...a.map(Math.abs))).toBeLessThan(20);
    expect(new Set(a).size).toBeGreaterThan(1);
  });
});

describe('resnet', () => {
  it('starts convolutions with deviation √(2 / fanOut), as torchvision', () => {
    const weight = resnet({ input, classes: 10 }).init(key(1))['layer3.0.conv2.weight'];
    const values = Array.from(weight.dataSync());
    const std = Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
    expect(std / Math.sqrt(2 / (64 * 9))).toBeCloseTo(1, 1);
  });
});

describe('batch norm', () => {
  const model = cnn({ input, channels: [4], classes: 2, norm: 'batch' });
  it('uses the batch while training and says what the running statistics become', () => {
    const params = model.init(key(0));
    const x = normal(key(1), [8, 64], 3, 2);
    const updates: Record<string, Tensor> = {};
    let seen: Tensor | undefined;
    const trained = model.apply(params, x, {
      train: true,
      update: (name, value) => (updates[name] = value),
      tap: (path, _in, out) => {
        if (path === 'features.0.conv') seen = out;
      },
    });
    expect(Object.keys(updates).sort()).toEqual([
      'features.0.norm.running_mean',
      'features.0.norm.running_var',
    ]);
    const conv = Array.from(seen!.dataSync());
    const channel = conv.filter((_, i) => Math.floor(i / 64) % 4 === 0);
    const mean = channel.reduce((s, v) => s + v, 0) / channel.length;
    const variance = channel.reduce((s, v) => s + (v - mean) ** 2, 0) / (channel.length - 1);
    expect(updates['features.0.norm.running_mean'].dataSync()[0]).toBeCloseTo(0.1 * mean, 5);
    expect(updates['features.0.norm.running_var'].dataSync()[0]).toBeCloseTo(0.9 + 0.1 * variance, 5);
    expect(trained.dataSync()).not.toEqual(model.apply(params, x).dataSync());
  });
});

describe('ctx', () => {
  it('lets conv replace a convolution and leaves the others alone', () => {
    const model = cnn({ input, channels: [2, 2], classes: 2 });
    const params = model.init(key(0));
    const x = uniform(key(1), [1, 64]);
    const paths: string[] = [];
    const plain = model.apply(params, x, {
      conv: (path) => {
        paths.push(path);
        return undefined;
      },
    });
    expect(paths).toEqual(['features.0.conv', 'features.1.conv']);
    expect(plain.dataSync()).toEqual(model.apply(params, x).dataSync());
    const zeroed = model.apply(params, x, {
      conv: (path, h) =>
        path === 'features.1.conv'
          ? tensor(new Float32Array(2 * h.shape[2] * h.shape[3]), [1, 2, h.shape[2], h.shape[3]])
          : undefined,
    });
    expect([...zeroed.dataSync()]).toEqual([...params['classifier.0.bias'].dataSync()]);
  });

  it('drops activations only while training with a key, differently for another key', () => {
    const model = gpt({ vocabulary: 11, context: 6, ...small, dropout: 0.5 });
    const params = model.init(key(0));
    const x = tensor([[1, 2, 3]], undefined, 'int32');
    const run = (ctx: Parameters<Model['apply']>[2]): number[] => [...model.apply(params, x, ctx).dataSync()];
    expect(run({ train: true })).toEqual(run({}));
    expect(run({ key: key(1) })).toEqual(run({}));
    expect(run({ key: key(1), train: true })).not.toEqual(run({}));
    expect(run({ key: key(1), train: true })).toEqual(run({ key: key(1), train: true }));
    expect(run({ key: key(1), train: true })).not.toEqual(run({ key: key(2), train: true }));
  });
});

describe('gpt', () => {
  it('lets no position see a later one', () => {
    for (const positions of ['learned', 'rope'] as const) {
      const model = gpt({ vocabulary: 11, context: 6, ...small, positions });
      const params = model.init(key(3));
      const logits = (tokens: number[]): number[] =>
        Array.from(model.apply(params, tensor([tokens], undefined, 'int32')).dataSync());
      expect(logits([1, 2, 3, 4]).slice(0, 33)).toEqual(logits([1, 2, 3, 9]).slice(0, 33));
      expect(logits([1, 2, 3, 4]).slice(33)).not.toEqual(logits([1, 2, 3, 9]).slice(33));
    }
  });

  it('refuses tokens out of range, too long a text and floats', () => {
    const model = gpt({ vocabulary: 11, context: 4, ...small });
    const params = model.init(key(0));
    const apply = (x: Tensor) => model.apply(params, x).dataSync();
    expect(() => apply(tensor([[11]], undefined, 'int32'))).toThrow(
      'expected indices from 0 to 10, received',
    );
    expect(() => apply(tensor([[1, 2, 3, 4, 5]], undefined, 'int32'))).toThrow(
      'gpt: expected tokens [B, T] with T from 1 to the context of 4, received [1, 5]',
    );
    expect(() => apply(tensor([[1]]))).toThrow('gpt: expected int32 tokens, received float32');
  });
});

describe('options', () => {
  it('that do not fit are refused in one sentence', () => {
    const decoder = { vocabulary: 5, context: 4, ...small };
    expect(() => llama({ ...decoder, window: [2] })).toThrow(
      'llama: expected a window for each of 2 layers, received 1',
    );
    expect(() => llama({ ...decoder, window: 0 })).toThrow(
      'llama: expected window to be a whole number of at least 1, received 0',
    );
    expect(() => cnn({ input, channels: [4, 4, 4, 4], classes: 2 })).toThrow(
      'cnn: expected an image that can be halved 4 times, received 8×8',
    );
    expect(() => cnn({ input, channels: [], classes: 2 })).toThrow(
      'cnn: expected at least one convolution in channels',
    );
    expect(() => cnn({ input, channels: [6], classes: 2, norm: 'group' })).toThrow(
      'cnn: expected channels[0] to divide by 4 groups, received 6',
    );
    expect(() => cnn({ input, channels: [4], classes: 2, norm: 'layer' as 'batch' })).toThrow(
      'cnn: expected norm batch, group or none, received "layer"',
    );
    expect(() => resnet({ input, classes: 2, widths: [] })).toThrow(
      'resnet: expected at least one stage in widths, received []',
    );
    expect(() => vit({ input, patch: 3, classes: 2 })).toThrow(
      'vit: expected height and width that divide by patches of 3, received 8×8',
    );
    expect(() => vit({ input, patch: 2, classes: 2, width: 10 })).toThrow(
      'vit: expected width that divides by 4 heads, received 10',
    );
    expect(() => gpt({ context: 4, width: 12, positions: 'rope' })).toThrow(
      'gpt: expected an even width of heads with rope, received 3',
    );
    expect(() => gpt({ context: 0 })).toThrow(
      'gpt: expected context to be a whole number of at least 1, received 0',
    );
    const model = cnn({ input, channels: [4], classes: 2 });
    expect(() => model.apply(model.init(key(0)), tensor([[1, 2]]))).toThrow(
      'cnn: expected images [N, 1, 8, 8] or rows [N, 64], received [1, 2]',
    );
  });
});
