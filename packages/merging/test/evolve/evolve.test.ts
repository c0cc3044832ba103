import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { evolve, type EvolveOptions, type EvolutionState } from '../../src/index.js';

/** Best at a = 0.2, b = 0.03 and the second choice. */
const options: EvolveOptions = {
  parameters: {
    a: { low: 0, high: 1, start: 0.9 },
    b: { low: 0.001, high: 1, scale: 'log' },
    c: { choices: ['x', 'y', 'z'], start: 0 },
  },
  evaluate: ({ a, b, c }) =>
    -((Number(a) - 0.2) ** 2) - Math.log(Number(b) / 0.03) ** 2 - (c === 'y' ? 0 : 0.5),
  key: key(4),
  generations: 25,
};

describe('evolve', () => {
  it('finds the best values, and tries the start first', async () => {
    const { best, start, state } = await evolve(options);
    expect(best.score).toBeGreaterThan(-1e-3);
    expect(best.values.a).toBeCloseTo(0.2, 1);
    expect(best.values.b).toBeCloseTo(0.03, 2);
    expect(best.values.c).toBe('y');
    expect(start.values).toMatchObject({ a: 0.9, c: 'x' });
    expect(state.evaluated[0]).toBe(start);
    expect(state.evaluated).toHaveLength(1 + 25 * 7); // λ = 4 + ⌊3 ln 3⌋
  });

  it('does better than as many candidates drawn evenly, on the mean over seeds', async () => {
    const mean = async (method: 'cma-es' | 'random') => {
      const runs = [0, 1, 2, 3, 4].map((seed) => evolve({ ...options, method, key: key(seed) }));
      return (await Promise.all(runs)).reduce((sum, { best }) => sum + best.score / 5, 0);
    };
    expect(await mean('cma-es')).toBeGreaterThan((await mean('random')) * 0.2); // both are below 0
  });

  it('is never worse than the start', async () => {
    const { best, start } = await evolve({
      ...options,
      evaluate: (_, { generation }) => -generation,
      generations: 2,
    });
    expect(best).toBe(start);
  });

  it('goes on from a state that was JSON to the same result', async () => {
    const states: EvolutionState[] = [];
    const whole = await evolve({ ...options, onGeneration: (state) => void states.push(state) });
    expect(states).toHaveLength(26);
    const state = JSON.parse(JSON.stringify(states[3])) as EvolutionState;
    expect((await evolve({ ...options, state })).state).toEqual(whole.state);
  });

  it('counts evaluations, and stops between two when it is aborted', async () => {
    const seen: string[] = [];
    const controller = new AbortController();
    const run = evolve({
      ...options,
      generations: 2,
      signal: controller.signal,
      onProgress: ({ done, total, label }) => {
        seen.push(`${done}/${total} ${label}`);
        if (done === 3) controller.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(seen).toHaveLength(3);
    expect(seen[0]).toMatch(/^1\/15 generation 0: best -/);
  });

  it('refuses a score that is NaN, naming the candidate', async () => {
    await expect(evolve({ ...options, evaluate: () => NaN })).rejects.toThrow(
      /^evolve: expected a number as the score of \{"a":0\.9,.*\}, received NaN$/,
    );
    await expect(evolve({ ...options, evaluate: () => undefined as never })).rejects.toThrow(
      'received undefined',
    );
  });

  it('refuses options out of range, in one sentence', async () => {
    await expect(evolve({ ...options, generations: 0 })).rejects.toThrow(
      'evolve: expected generations to be a whole number of at least 1, received 0',
    );
    await expect(evolve({ ...options, method: 'grid' as never })).rejects.toThrow(
      'evolve: expected method to be cma-es or random, received grid',
    );
    await expect(evolve({ ...options, parameters: {} })).rejects.toThrow(
      'evolve: expected at least one parameter',
    );
  });
});
