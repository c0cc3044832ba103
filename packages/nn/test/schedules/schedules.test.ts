import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  constantSchedule,
  cosineSchedule,
  cyclicSchedule,
  linearSchedule,
  oneCycleSchedule,
  type Schedule,
  stepSchedule,
  warmUp,
} from '../../src/index.js';
import golden from '../golden/schedules.json' with { type: 'json' };
import { expectClose } from '../helpers.js';

const trace = (schedule: Schedule, steps: number): number[] =>
  Array.from({ length: steps }, (_, t) => schedule(t));

describe('schedules', () => {
  const cases: [keyof typeof golden, Schedule][] = [
    ['cosine', cosineSchedule({ learningRate: 0.4, end: 0.05, steps: 10 })],
    ['step', stepSchedule({ learningRate: 0.4, every: 3, factor: 0.5 })],
    ['linear', linearSchedule({ start: 0.4, end: 0.1, steps: 6 })],
    ['oneCycle', oneCycleSchedule({ learningRate: 0.4, steps: 20 })],
    ['cyclic', cyclicSchedule({ low: 0.1, high: 0.5, period: 8 })],
  ];
  it.each(cases)('agree with PyTorch: %s', (name, schedule) => {
    const expected = golden[name] as number[];
    expectClose(trace(schedule, expected.length), expected, 1e-9);
  });

  it('warm up in equal steps and then follow the schedule from its start', () => {
    const schedule = warmUp(4, linearSchedule({ start: 0.8, end: 0, steps: 2 }));
    expectClose(trace(schedule, 7), [0.2, 0.4, 0.6, 0.8, 0.8, 0.4, 0], 1e-12);
    const cosine = cosineSchedule({ learningRate: 0.8, steps: 6, warmUp: 4 });
    expectClose(trace(cosine, 7), [0.2, 0.4, 0.6, 0.8, 0.8, 0.4, 0], 1e-12);
  });

  it('jump back at the end of a cosine cycle', () => {
    expectClose(
      trace(cyclicSchedule({ low: 0, high: 1, period: 2, shape: 'cosine' }), 4),
      [1, 0.5, 1, 0.5],
      1e-12,
    );
  });

  it('stay between their bounds for ever', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 2, max: 500 }), (step, steps) => {
        const schedules = [
          constantSchedule(0.3),
          cosineSchedule({ learningRate: 0.3, steps }),
          linearSchedule({ start: 0.3, end: 0.1, steps }),
          stepSchedule({ learningRate: 0.3, every: steps }),
          oneCycleSchedule({ learningRate: 0.3, steps }),
          cyclicSchedule({ low: 0.1, high: 0.3, period: steps }),
        ];
        for (const schedule of schedules) {
          expect(schedule(step)).toBeGreaterThanOrEqual(0);
          expect(schedule(step)).toBeLessThanOrEqual(0.3 + 1e-12);
        }
      }),
    );
  });

  it('have a finite rate at every step, also when the way up of one cycle is a single step long or less', () => {
    for (const rise of [0.01, 0.1, 0.2]) {
      const schedule = oneCycleSchedule({ learningRate: 1, steps: 10, rise });
      const rates = Array.from({ length: 12 }, (_, i) => schedule(i));
      expect(rates.every((rate) => rate > 0 && rate <= 1)).toBe(true);
      if (rise === 0.1) expect(rates[0]).toBe(1);
    }
    const single = oneCycleSchedule({ learningRate: 1, steps: 1, rise: 0.5 });
    expect([0, 1].map(single).every((rate) => rate > 0 && rate <= 1)).toBe(true);
  });

  it('refuse options outside their range', () => {
    expect(() => constantSchedule(NaN)).toThrow(
      'constantSchedule: expected a finite learningRate of at least 0, received NaN',
    );
    expect(() => cosineSchedule({ learningRate: 1, steps: 5, warmUp: 5 })).toThrow(
      'expected warmUp below steps (5), received 5',
    );
    expect(() => stepSchedule({ learningRate: 1, every: 0 })).toThrow(
      'expected every to be a whole number of at least 1, received 0',
    );
    expect(() => oneCycleSchedule({ learningRate: 1, steps: 5, rise: 1 })).toThrow(
      'expected rise between 0 and 1, received 1',
    );
    expect(() => cyclicSchedule({ low: 1, high: 0.5, period: 4 })).toThrow(
      'expected high of at least low (1), received 0.5',
    );
    expect(() => linearSchedule({ start: -1, end: 0, steps: 2 })).toThrow(
      'expected a finite start of at least 0, received -1',
    );
  });
});
