import { describe, expect, it } from 'vitest';
import { meanOfTaskMeans, meanRanking } from '../../src/ranking/mean-ranking.js';

describe('meanRanking', () => {
  it('sorts by the mean over tasks, so one task on a large scale decides', () => {
    const { order, scores } = meanRanking([
      [0.9, 0.1],
      [0.8, 0.2],
      [100, 900],
    ]);
    expect(order).toEqual([1, 0]);
    expect(scores[0]).toBeCloseTo(101.7 / 3, 12);
  });

  it('averages over the tasks present when asked', () => {
    expect([
      ...meanRanking(
        [
          [1, null],
          [3, 4],
        ],
        { missing: 'partial' },
      ).scores,
    ]).toEqual([2, 4]);
    expect(() =>
      meanRanking(
        [
          [1, null],
          [2, null],
        ],
        { missing: 'partial' },
      ),
    ).toThrow('system 1 has no score');
  });

  it('negates scores that are better when lower', () => {
    expect([...meanRanking([[1, 2]], { lowerIsBetter: [true] }).scores]).toEqual([-1, -2]);
  });
});

describe('meanOfTaskMeans', () => {
  it('lets each task count once, whatever its number of instances', () => {
    const tasks = [
      [
        [1, 0],
        [1, 0],
        [1, 0],
      ],
      [[0, 2]],
    ];
    expect([...meanOfTaskMeans(tasks).scores]).toEqual([0.5, 1]);
  });
});
