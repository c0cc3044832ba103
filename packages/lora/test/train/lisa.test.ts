import { describe, expect, it } from 'vitest';
import { adamw, DivergedError, linear, meanSquaredError, type StateDict } from '@weightloom/nn';
import { add, key, mul, normal, relu, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { type LisaOptions, trainLisa } from '../../src/index.js';

const BLOCKS = ['blocks.0', 'blocks.1', 'blocks.2', 'blocks.3'];
const model = {
  apply: (p: StateDict, x: Tensor, ctx = {}) => {
    let h = linear(p, 'embed', x, ctx);
    for (const path of BLOCKS) h = add(h, mul(relu(linear(p, path, h, ctx)), 0.5));
    return linear(p, 'head', h, ctx);
  },
};
const params: StateDict = {
  'embed.weight': normal(key(1), [8, 4]),
  ...Object.fromEntries(BLOCKS.map((path, i) => [`${path}.weight`, mul(normal(key(10 + i), [8, 8]), 0.3)])),
  'head.weight': mul(normal(key(2), [3, 8]), 0.3),
};
const options = (more: Partial<LisaOptions> = {}): LisaOptions => ({
  model,
  params,
  loss: meanSquaredError,
  data: { inputs: normal(key(3), [96, 4]), targets: normal(key(4), [96, 3]) },
  optimizer: () => adamw({ learningRate: 0.01, weightDecay: 0 }),
  layers: BLOCKS,
  activatedLayers: 2,
  intervalSteps: 5,
  steps: 40,
  batchSize: 32,
  key: key(0),
  ...more,
});
const changed = (after: StateDict) =>
  Object.keys(params).filter((name) =>
    after[name]!.dataSync().some((value, i) => value !== params[name]!.dataSync()[i]),
  );

describe('trainLisa', () => {
  it('draws γ layers anew every K steps and lowers the loss', async () => {
    const { losses, drawn, params: after } = await trainLisa(options());
    expect(losses).toHaveLength(40);
    expect(drawn).toHaveLength(8);
    for (const active of drawn) {
      expect(active).toHaveLength(2);
      expect(new Set(active).size).toBe(2);
    }
    expect(new Set(drawn.flat()).size).toBe(4);
    expect(losses.slice(-5).reduce((a, b) => a + b)).toBeLessThan(
      0.9 * losses.slice(0, 5).reduce((a, b) => a + b),
    );
    expect(changed(after)).toHaveLength(6);
  });

  it('has state for embeddings, head and γ layers at a time', async () => {
    const own = 8 * 4 + 3 * 8;
    expect((await trainLisa(options())).peakTrained).toBe(own + 2 * 64);
    expect((await trainLisa(options({ trainEmbeddings: false }))).peakTrained).toBe(2 * 64);
    const none = await trainLisa(options({ activatedLayers: 0 }));
    expect(none.peakTrained).toBe(own);
    expect(changed(none.params).sort()).toEqual(['embed.weight', 'head.weight']);
  });

  it('changes the layers of one period only while it lasts, and leaves the weights it was given', async () => {
    const { params: after, drawn } = await trainLisa(options({ steps: 5 }));
    expect(drawn).toHaveLength(1);
    const layers = changed(after).filter((name) => name.startsWith('blocks.'));
    expect(layers.sort()).toEqual(drawn[0]!.map((i) => `blocks.${i}.weight`));
    expect(params['embed.weight']!.dataSync()).toHaveLength(32);
  });

  it('gives the same for the same key, and stops between periods', async () => {
    const [one, two] = [await trainLisa(options()), await trainLisa(options())];
    expect(one.losses).toEqual(two.losses);
    expect(one.drawn).not.toEqual((await trainLisa(options({ key: key(9) }))).drawn);
    const controller = new AbortController();
    const stop = trainLisa(
      options({
        signal: controller.signal,
        onProgress: ({ done }) => done >= 10 && controller.abort(new Error('enough')),
      }),
    );
    await expect(stop).rejects.toThrow('enough');
  });

  it('with all layers at all times is plain training of everything', async () => {
    const { peakTrained } = await trainLisa(options({ activatedLayers: 4, intervalSteps: 40 }));
    expect(peakTrained).toBe(8 * 4 + 3 * 8 + 4 * 64);
  });

  it('stops at a loss that is not finite, naming the step', async () => {
    const data = {
      inputs: tensor(new Float32Array(96 * 4).fill(NaN), [96, 4]),
      targets: normal(key(4), [96, 3]),
    };
    await expect(trainLisa(options({ data }))).rejects.toThrow(DivergedError);
  });

  it('refuses layers without weights and numbers out of range', async () => {
    await expect(trainLisa(options({ layers: ['blocks.7'] }))).rejects.toThrow(
      'expected layers with weights, received nothing below "blocks.7"',
    );
    await expect(trainLisa(options({ layers: [] }))).rejects.toThrow('received none');
    await expect(trainLisa(options({ activatedLayers: 5 }))).rejects.toThrow(
      'expected a whole activatedLayers from 0 to 4, received 5',
    );
    await expect(trainLisa(options({ intervalSteps: 0 }))).rejects.toThrow(
      'expected a whole intervalSteps of at least 1',
    );
  });
});
