import { describe, expect, it } from 'vitest';
import { adamw, type StateDict } from '@weightloom/nn';
import { tensor } from '@weightloom/tensor-gpu';
import { loraPlus, loraPlusGroup } from '../../src/index.js';

const [A, B] = ['q.lora_A.default.weight', 'q.lora_B.default.weight'];
const params = (): StateDict => ({
  [A]: tensor([[1, 2]]),
  [B]: tensor([[3]]),
  'q.lora_B.default.bias': tensor([4]),
  'e.lora_embedding_A.default': tensor([[5]]),
  'q.lora_magnitude_vector.default': tensor([6]),
});
const ones = (dict: StateDict): StateDict =>
  Object.fromEntries(
    Object.entries(dict).map(([name, t]) => [name, tensor(new Float32Array(t.size).fill(2), t.shape)]),
  );

describe('loraPlus', () => {
  it('moves B λ times as far as A in the first step, where Adam’s direction is the sign of the gradient', () => {
    const optimizer = loraPlus({ learningRate: 0.01, ratio: 8 });
    const own = params();
    const { updates } = optimizer.update(ones(own), optimizer.init(own), own);
    const first = Object.fromEntries(Object.entries(updates).map(([name, t]) => [name, t.dataSync()[0]!]));
    expect(first[A]).toBeCloseTo(-0.01, 7);
    expect(first[B]).toBeCloseTo(-0.08, 7);
    expect(first['q.lora_B.default.bias']).toBeCloseTo(-0.08, 7);
    expect(first['q.lora_magnitude_vector.default']).toBeCloseTo(-0.08, 7);
    expect(first['e.lora_embedding_A.default']).toBeCloseTo(-1e-6, 10);
  });

  it('follows a schedule with both rates and decays all but biases', () => {
    const optimizer = loraPlus({ learningRate: 1, ratio: 4, weightDecay: 0.5 });
    const own = params();
    const zero = Object.fromEntries(
      Object.entries(own).map(([name, t]) => [name, tensor(new Float32Array(t.size), t.shape)]),
    );
    const { updates } = optimizer.update(zero, optimizer.init(own), own, { learningRate: 0.1 });
    const value = (name: string) => updates[name]!.dataSync()[0]! + 0;
    expect(value(A)).toBeCloseTo(-0.1 * 0.5 * 1, 6);
    expect(value(B)).toBeCloseTo(-0.4 * 0.5 * 3, 6);
    expect(value('q.lora_B.default.bias')).toBeCloseTo(0, 10);
  });

  it('warns of a λ below 1, which it allows', () => {
    expect(loraPlus({ learningRate: 1, ratio: 0.5 }).warnings).toEqual([
      'ratio 0.5 has lora_B learn slower than lora_A',
    ]);
    expect(loraPlus({ learningRate: 1, ratio: 1 }).warnings).toEqual([]);
  });

  it('with λ = 1 is AdamW', () => {
    const [plus, plain] = [
      loraPlus({ learningRate: 0.02, ratio: 1, weightDecay: 0.1 }),
      adamw({ learningRate: 0.02, weightDecay: 0.1 }),
    ];
    const own = { [A]: tensor([[1, -2]]), [B]: tensor([[0.5]]) };
    let [s, t] = [plus.init(own), plain.init(own)];
    for (const slope of [
      [0.3, -1],
      [2, 0.1],
    ]) {
      const grads = { [A]: tensor([slope]), [B]: tensor([[slope[0]!]]) };
      const [x, y] = [plus.update(grads, s, own), plain.update(grads, t, own)];
      [s, t] = [x.state, y.state];
      for (const name of [A, B]) {
        x.updates[name]!.dataSync().forEach((value, i) =>
          expect(value).toBeCloseTo(y.updates[name]!.dataSync()[i]!, 7),
        );
      }
    }
  });

  it('groups tensors as the reference does', () => {
    expect(loraPlusGroup(A, 2)).toBe('groupA');
    expect(loraPlusGroup(B, 2)).toBe('groupB');
    expect(loraPlusGroup('norm.weight', 1)).toBe('groupB_no_decay');
    expect(loraPlusGroup('head.modules_to_save.default.weight', 2)).toBe('groupA');
    expect(loraPlusGroup('head.modules_to_save.default.bias', 1)).toBe('groupB_no_decay');
    expect(loraPlusGroup('q.lora_magnitude_vector.default', 1)).toBe('groupB');
    expect(loraPlusGroup('e.lora_embedding_B.default', 2)).toBe('embedding');
  });

  it('refuses ratios that are no rates, and weights without lora_B', () => {
    expect(() => loraPlus({ learningRate: 0.1, ratio: 0 })).toThrow(
      'loraPlus: expected ratio above 0, received 0',
    );
    expect(() => loraPlus({ learningRate: 0.1, ratio: NaN })).toThrow('received NaN');
    expect(() => loraPlus({ learningRate: -1 })).toThrow('expected learningRate of at least 0');
    expect(() => loraPlus({ learningRate: 0.1 }).init({ w: tensor([1]) })).toThrow(
      'expected a lora_B among the trained weights',
    );
  });
});
