import { grad, tensor, type Tensor } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  distillationLoss,
  focalLoss,
  huberLoss,
  klDivergence,
  pinballLoss,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from '../../src/index.js';
import golden from '../golden/losses.json' with { type: 'json' };
import { expectClose } from '../helpers.js';

const [z, a, b, teacher, binary] = [golden.logits, golden.a, golden.b, golden.teacher, golden.binary].map(
  (v) => tensor(v),
);
const labels = tensor(Int32Array.from(golden.labels));
const first = tensor(golden.b.map((row) => row[0]));
const cases: [keyof typeof golden.others, (x: Tensor) => Tensor, Tensor][] = [
  ['huber', (x) => huberLoss(x, b, { delta: 0.7 }), a],
  ['pinball', (x) => pinballLoss(x, first, { levels: [0.1, 0.75] }), a],
  ['kl', (x) => klDivergence(x, teacher, { temperature: 2.5 }), z],
  ['focal', (x) => focalLoss(x, labels, { gamma: 1.5, alpha: golden.alpha }), z],
  ['distillation', (x) => distillationLoss(x, teacher, labels, { temperature: 2.5, alpha: 0.3 }), z],
  ['sigmoid', (x) => sigmoidCrossEntropy(x, binary), a],
];

describe('losses', () => {
  it.each(cases)('agree with independent numbers in value and gradient: %s', (name, loss, x) => {
    expectClose(loss(x), golden.others[name].value, 1e-6);
    expectClose(grad(loss)(x), golden.others[name].grad, 2e-6);
  });

  it('can be done by hand', () => {
    expectClose(huberLoss(tensor([0.5, 3]), tensor([0, 0]), { reduction: 'none' }), [0.125, 2.5], 1e-7);
    expectClose(
      pinballLoss(tensor([[0], [4]]), tensor([1, 3]), { levels: [0.9], reduction: 'none' }),
      [0.9, 0.1],
      1e-6,
    );
    expect(klDivergence(tensor([[1, 2]]), tensor([[3, 4]])).item()).toBeCloseTo(0, 6);
    expect(sigmoidCrossEntropy(tensor([0]), tensor([1])).item()).toBeCloseTo(Math.LN2, 6);
    expect(sigmoidCrossEntropy(tensor([1000]), tensor([0])).item()).toBe(1000);
    expectClose(focalLoss(z, labels, { gamma: 0 }), softmaxCrossEntropy(z, labels).item(), 1e-6);
  });

  it('are never negative, and 0 for a perfect answer', () => {
    const numbers = fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(numbers, numbers, (x, y) => {
        const [p, q] = [tensor([x]), tensor([y])];
        for (const loss of [huberLoss, (s: Tensor, t: Tensor) => klDivergence(s, t)]) {
          expect(loss(p, q).item()).toBeGreaterThanOrEqual(-1e-5);
          expect(Math.abs(loss(p, p).item())).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('refuse options and shapes that do not fit', () => {
    expect(() => huberLoss(a, b, { delta: 0 })).toThrow(
      'huberLoss: expected a finite delta above 0, received 0',
    );
    expect(() => pinballLoss(a, first, { levels: [0.5, 1] })).toThrow(
      'pinballLoss: expected levels between 0 and 1, received 1',
    );
    expect(() => pinballLoss(a, b, { levels: [0.5, 0.6] })).toThrow(
      'pinballLoss: expected outputs […, 2] and targets […], received [3, 2] and [3, 2]',
    );
    expect(() => klDivergence(z, teacher, { temperature: 0 })).toThrow(
      'expected a finite temperature above 0, received 0',
    );
    expect(() => klDivergence(z, a)).toThrow(
      'klDivergence: expected targets of shape [4, 5], received [3, 2]',
    );
    expect(() => distillationLoss(z, teacher, labels, { alpha: 1.5 })).toThrow(
      'expected alpha from 0 to 1, received 1.5',
    );
    expect(() => focalLoss(z, labels, { alpha: [1] })).toThrow(
      'focalLoss: expected alpha for 5 classes, received 1 weights',
    );
    expect(() => focalLoss(z, labels, { gamma: -1 })).toThrow(
      'expected a finite gamma of at least 0, received -1',
    );
    expect(() => sigmoidCrossEntropy(a, first)).toThrow(
      'sigmoidCrossEntropy: expected targets of shape [3, 2], received [3]',
    );
  });
});
