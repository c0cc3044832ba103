import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bordaOneLevel, bordaRanking, bordaTwoLevel } from '../../src/ranking/borda.js';

const table = fc.integer({ min: 2, max: 6 }).chain((systems) =>
  fc.array(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: systems, maxLength: systems }), {
    minLength: 1,
    maxLength: 6,
  }),
);

describe('bordaRanking', () => {
  it('counts beaten rivals, ties as half', () => {
    const { order, ranks, scores } = bordaRanking([
      [0.9, 0.5, 0.1],
      [10, 90, 10],
    ]);
    // Task 0: 2, 1, 0 points; task 1: 0.5, 2, 0.5.
    expect([...scores]).toEqual([2.5, 3, 0.5]);
    expect(order).toEqual([1, 0, 2]);
    expect([...ranks]).toEqual([2, 1, 3]);
  });

  it('turns tasks whose scores are better when lower', () => {
    const { order } = bordaRanking([[0.1, 0.2, 0.3]], { lowerIsBetter: [true] });
    expect(order).toEqual([0, 1, 2]);
  });

  it('breaks ties by position when asked, as a double argsort does', () => {
    expect([...bordaRanking([[5, 5, 5]], { ties: 'position' }).scores]).toEqual([0, 1, 2]);
    expect([...bordaRanking([[5, 5, 5]]).ranks]).toEqual([2, 2, 2]);
  });

  it('ranks within the systems present and averages over the tasks where a system is', () => {
    const { scores } = bordaRanking(
      [
        [3, 2, 1, null],
        [NaN, 1, null, 2],
      ],
      { missing: 'partial' },
    );
    expect([...scores]).toEqual([1, 0.25, 0, 1]);
  });

  it('does not change under a strictly increasing transform of one task', () => {
    fc.assert(
      fc.property(table, fc.nat(5), (scores, pick) => {
        const t = pick % scores.length;
        const bent = scores.map((row, i) =>
          i === t ? row.map((value) => 100 * Math.exp(value / 4) - 7) : row,
        );
        expect(bordaRanking(bent)).toEqual(bordaRanking(scores));
      }),
    );
  });

  it('reverses when every task reverses, and follows a renaming of systems', () => {
    fc.assert(
      fc.property(table, (scores) => {
        const plain = bordaRanking(scores);
        const turned = bordaRanking(scores, { lowerIsBetter: scores.map(() => true) });
        const s = scores[0]!.length;
        turned.ranks.forEach((rank, i) => expect(rank).toBe(s + 1 - plain.ranks[i]!));
        const mirrored = bordaRanking(scores.map((row) => [...row].reverse()));
        expect([...mirrored.ranks]).toEqual([...plain.ranks].reverse());
      }),
    );
  });

  it('has one clear error for each bad input', () => {
    expect(() => bordaRanking([])).toThrow('bordaRanking: scores is empty, expected at least one row');
    expect(() => bordaRanking([[1]])).toThrow('scores has 1 system, expected at least 2');
    expect(() => bordaRanking([[1, 2], [1]])).toThrow('scores[1] has 1 systems, expected 2 as in row 0');
    expect(() => bordaRanking([[1, null]])).toThrow("scores[0][1] is missing; pass missing: 'partial'");
    expect(() => bordaRanking([[1, Infinity]])).toThrow('scores[0][1] is Infinity, expected a finite number');
    expect(() => bordaRanking([[1, 'a' as never]])).toThrow('scores[0][1] must be a number, got string');
    expect(() => bordaRanking([[1, null]], { missing: 'partial' })).toThrow(
      'system 0 has no score beside another',
    );
    expect(() => bordaRanking([[1, 2]], { lowerIsBetter: [] })).toThrow(
      'lowerIsBetter has 0 values, expected 1',
    );
    expect(() => bordaRanking([[1, 2]], { ties: 'first' as never })).toThrow('ties is "first"');
  });
});

describe('one and two levels', () => {
  // Task A: three instances that prefer system 0; task B and C: one instance each that prefers system 1.
  const tasks = [
    [
      [1, 0],
      [1, 0],
      [1, 0],
    ],
    [[0, 1]],
    [[0, 1]],
  ];

  it('let a large task decide at one level and each task once at two', () => {
    expect(bordaOneLevel(tasks).order).toEqual([0, 1]);
    expect(bordaTwoLevel(tasks).order).toEqual([1, 0]);
  });

  it('take one direction per task', () => {
    expect([...bordaOneLevel(tasks, { lowerIsBetter: [true, false, false] }).scores]).toEqual([0, 5]);
  });

  it('rank partial instances too', () => {
    const partial = [
      [
        [1, null, 0],
        [null, 3, 2],
      ],
      [[5, 6, null]],
    ];
    expect(bordaTwoLevel(partial, { missing: 'partial' }).order).toEqual([1, 0, 2]);
  });

  it('refuse tasks over different systems', () => {
    expect(() => bordaTwoLevel([[[1, 2]], [[1, 2, 3]]])).toThrow(
      'tasks[1] has 3 systems, expected 2 as in tasks[0]',
    );
    expect(() =>
      bordaOneLevel([
        [
          [1, 2],
          [1, null],
        ],
      ]),
    ).toThrow('tasks[0][1][1] is missing');
  });
});
