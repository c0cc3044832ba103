import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { graphDistances } from '../../src/loki/label-metric.js';
import { lokiDecode, meanLabelDistance, softmaxRows, tuneTemperature } from '../../src/loki/loki-decode.js';

const line = (nodes: number) =>
  graphDistances(
    nodes,
    Array.from({ length: nodes - 1 }, (_, a) => [a, a + 1] as const),
  );
const zeroOne = (nodes: number) =>
  Array.from({ length: nodes }, (_, a) => Array.from({ length: nodes }, (_, b) => (a === b ? 0 : 1)));

describe('lokiDecode', () => {
  it('answers the label between two observed ones that are equally likely', () => {
    // On a line of 5 with labels 0 and 4 observed, ½·y² + ½·(4 - y)² is least at 2; 0.8, 0.2 at 1.
    const out = lokiDecode({
      probabilities: [
        [0.5, 0.5],
        [0.8, 0.2],
        [1, 0],
      ],
      distances: line(5),
      observed: [0, 4],
    });
    expect([...out]).toEqual([2, 1, 0]);
  });

  it('is argmax when all labels are observed and all are equally far', () => {
    const row = fc
      .array(fc.integer({ min: 0, max: 1000 }), { minLength: 4, maxLength: 4 })
      .filter((r) => r.some((v) => v > 0));
    fc.assert(
      fc.property(row, (raw) => {
        const sum = raw.reduce((total, value) => total + value, 0);
        const p = raw.map((value) => value / sum);
        const best = Math.max(...raw);
        const [guess] = lokiDecode({ probabilities: [p], distances: zeroOne(4) });
        // The scores are 1 - p: equal to argmax up to the rounding of sums.
        expect(raw[guess!]! / sum).toBeCloseTo(best / sum, 12);
      }),
    );
  });

  it('breaks ties towards the smallest label or an observed one', () => {
    // Labels 0 and 1 are at distance 0 from each other, so they score alike.
    const distances = [
      [0, 0, 1],
      [0, 0, 1],
      [1, 1, 0],
    ];
    const options = { probabilities: [[1]], distances, observed: [1] };
    expect([...lokiDecode(options)]).toEqual([0]);
    expect([...lokiDecode({ ...options, ties: 'observed' })]).toEqual([1]);
  });

  it('minimises the expected squared distance, as checked label by label', () => {
    const cell = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 3, maxLength: 3 }), (raw) => {
        const sum = raw[0]! + raw[1]! + raw[2]!;
        const p = raw.map((value) => value / sum);
        const observed = [0, 3, 6];
        const [guess] = lokiDecode({ probabilities: [p], distances: line(8), observed });
        const score = (y: number) =>
          observed.reduce((total, label, k) => total + p[k]! * (label - y) ** 2, 0);
        for (let y = 0; y < 8; y++) expect(score(guess!)).toBeLessThanOrEqual(score(y) + 1e-12);
      }),
    );
  });

  it('has one clear error for each bad input', () => {
    const good = { probabilities: [[0.5, 0.5]], distances: line(3), observed: [0, 2] };
    expect(() => lokiDecode({ ...good, distances: [[0, 1]] })).toThrow(
      'distances is [1, 2], expected a square',
    );
    expect(() =>
      lokiDecode({
        ...good,
        distances: [
          [0, 1],
          [2, 0],
        ],
        observed: [0, 1],
      }),
    ).toThrow('distances[1][0] is 2 but distances[0][1] is 1');
    expect(() =>
      lokiDecode({
        ...good,
        distances: [
          [1, 1],
          [1, 0],
        ],
      }),
    ).toThrow('distances[0][0] is 1, expected 0');
    expect(() =>
      lokiDecode({
        ...good,
        distances: [
          [0, -1],
          [-1, 0],
        ],
      }),
    ).toThrow('distances[1][0] is -1, expected at least 0');
    expect(() =>
      lokiDecode({
        ...good,
        distances: [
          [0, Infinity],
          [Infinity, 0],
        ],
      }),
    ).toThrow('distances is Infinity at row 0');
    expect(() => lokiDecode({ ...good, probabilities: [[0.5, 0.6]] })).toThrow(
      'probabilities[0] sums to 1.1, expected 1',
    );
    expect(() => lokiDecode({ ...good, probabilities: [[1.5, -0.5]] })).toThrow(
      'probabilities[0][1] is -0.5',
    );
    expect(() => lokiDecode({ ...good, observed: [0, 3] })).toThrow(
      'observed[1] is 3, which the metric over 3 labels does not hold',
    );
    expect(() => lokiDecode({ ...good, observed: [0, 0] })).toThrow('observed[1] repeats label 0');
    expect(() => lokiDecode({ ...good, observed: [0] })).toThrow(
      'probabilities has 2 columns, expected one per observed label (1)',
    );
    expect(() => lokiDecode({ ...good, ties: 'first' as never })).toThrow('ties is "first"');
  });
});

describe('softmaxRows', () => {
  it('divides logits by the temperature and survives large ones', () => {
    const p = softmaxRows([[Math.log(1), Math.log(9)]], 2).data;
    expect(p[0]).toBeCloseTo(0.25, 12);
    expect([...softmaxRows([[1e4, 0]]).data]).toEqual([1, 0]);
    expect(() => softmaxRows([[1]], 0)).toThrow('temperature is 0, expected a finite number above 0');
  });
});

describe('meanLabelDistance', () => {
  it('averages distances between guesses and truth', () => {
    expect(meanLabelDistance({ predictions: [0, 2, 4], truth: [0, 0, 1], distances: line(5) })).toBeCloseTo(
      5 / 3,
      12,
    );
    expect(() => meanLabelDistance({ predictions: [5], truth: [0], distances: line(5) })).toThrow(
      'predictions[0] is 5',
    );
  });
});

describe('tuneTemperature', () => {
  it('flattens probabilities that are too sharp to reach labels in between', () => {
    const { temperature, losses } = tuneTemperature({
      logits: [
        [0, 2],
        [2, 0],
      ],
      truth: [3, 1],
      distances: line(5),
      observed: [0, 4],
      temperatures: [0.1, 1, 2, 100],
    });
    // Sharp answers 4 and 0 and flat ones 2 and 2 are off by one; at T = 2 the weights 0.27, 0.73 give 3 and 1.
    expect([...losses]).toEqual([1, 1, 0, 1]);
    expect(temperature).toBe(2);
  });
});
