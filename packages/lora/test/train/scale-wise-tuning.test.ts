import { describe, expect, it } from 'vitest';
import { softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import { grad, key, normal, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { priorDistillation, scaleWeightedCrossEntropy, selectiveTraining } from '../../src/index.js';

describe('scaleWeightedCrossEntropy', () => {
  const logits = normal(key(0), [2, 5, 3]);
  const targets = tensor(Int32Array.of(0, 1, 2, 0, 1, 2, 1, 0, 2, 1), [2, 5]);

  it('weights the tokens of each scale and averages over all', () => {
    const each = softmaxCrossEntropy(logits, targets, { reduction: 'none' }).dataSync();
    const expected = [...each].reduce((sum, loss, at) => sum + loss * (at % 5 === 0 ? 2 : 0.25), 0) / 10;
    expect(
      scaleWeightedCrossEntropy(logits, targets, { scales: [1, 4], weights: [2, 0.25] }).item(),
    ).toBeCloseTo(expected, 5);
    expect(scaleWeightedCrossEntropy(logits, targets, { scales: [1, 4] }).item()).toBeCloseTo(
      softmaxCrossEntropy(logits, targets).item(),
      5,
    );
  });

  it('gives the first eight scales 1 and finer ones 0.5', () => {
    const scales = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const one = normal(key(1), [1, 45, 2]);
    const labels = tensor(new Int32Array(45), [1, 45]);
    const each = [...softmaxCrossEntropy(one, labels, { reduction: 'none' }).dataSync()];
    const expected = each.reduce((sum, loss, at) => sum + loss * (at < 36 ? 1 : 0.5), 0) / 45;
    expect(scaleWeightedCrossEntropy(one, labels, { scales }).item()).toBeCloseTo(expected, 5);
  });

  it('refuses scales and weights that do not fit', () => {
    const run = (scales: number[], weights?: number[]) => () =>
      scaleWeightedCrossEntropy(logits, targets, { scales, weights });
    expect(run([4, 1])).toThrow('expected ascending numbers of tokens per scale, received [4, 1]');
    expect(run([1, 4], [1])).toThrow('expected 2 weights, received 1');
    expect(run([1, 4], [1, -1])).toThrow('expected weights of at least 0');
    expect(run([1, 3])).toThrow('expected 4 tokens, received logits [2, 5, 3]');
  });
});

describe('priorDistillation', () => {
  const teacher = tensor([[0, Math.log(3)]]); // 1/4, 3/4

  it('is λ · KL(teacher ‖ student), by hand', () => {
    const student = tensor([[0, 0]]);
    const kl = 0.25 * Math.log(0.5) + 0.75 * Math.log(1.5);
    expect(priorDistillation(student, teacher).item()).toBeCloseTo(0.5 * kl, 6);
    expect(priorDistillation(teacher, teacher).item()).toBeCloseTo(0, 6);
    expect(priorDistillation(student, teacher, { type: 'hard', weight: 1 }).item()).toBeCloseTo(
      Math.log(2),
      6,
    );
    expect(priorDistillation(student, teacher, { temperature: 1e6 }).item()).toBeCloseTo(0, 5);
  });

  it('lets no gradient into the teacher', () => {
    const slopes = grad((p: StateDict) => priorDistillation(p.student!, p.teacher!))({
      student: tensor([[0, 0]]),
      teacher,
    }) as StateDict;
    expect([...slopes.teacher!.dataSync()].every((x) => x === 0)).toBe(true);
    expect(slopes.student!.dataSync()[0]!).toBeCloseTo(0.5 * 0.25, 5);
  });

  it('refuses negative weights and temperatures', () => {
    expect(() => priorDistillation(teacher, teacher, { weight: -1 })).toThrow(
      'expected a weight of at least 0',
    );
    expect(() => priorDistillation(teacher, teacher, { temperature: 0 })).toThrow(
      'expected a temperature above 0',
    );
  });
});

describe('selectiveTraining', () => {
  const params = Object.fromEntries(
    ['h.0.cross.q.weight', 'h.0.self.q.weight', 'h.0.mlp.up.weight'].map((name) => [
      name,
      tensor([0]) as Tensor,
    ]),
  );

  it('finds expressions anywhere in names', () => {
    const trained = selectiveTraining(params, [String.raw`\.cross\.`, String.raw`\.mlp\.`]);
    expect(Object.keys(params).filter(trained)).toEqual(['h.0.cross.q.weight', 'h.0.mlp.up.weight']);
  });

  it('refuses expressions that find nothing', () => {
    expect(() => selectiveTraining(params, ['cross', 'placeholder'])).toThrow(
      'received nothing for "placeholder"',
    );
    expect(() => selectiveTraining(params, [])).toThrow('received no expressions');
  });
});
