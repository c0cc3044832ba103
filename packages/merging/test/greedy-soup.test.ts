import type { StateDict } from '@weightloom/state-dict';
import { describe, expect, it } from 'vitest';
import { greedySoup } from '../src/index.js';
import { dict, values } from './helpers.js';

/** Best at 3: a soup is as good as its mean is near. */
const evaluate = async (params: StateDict) => -Math.abs((await values(params)).w![0]! - 3);

describe('greedySoup', () => {
  it('adds models best first and keeps those that help', async () => {
    const models = [dict({ w: [10] }), dict({ w: [2] }), dict({ w: [5] })];
    // 2 scores -1; with 5 the mean is 3.5, -0.5: kept; with 10 it is 17/3: dropped.
    const soup = await greedySoup(models, { evaluate });
    expect(soup.members).toEqual([1, 2]);
    expect(soup.scores).toEqual([-7, -1, -2]);
    expect(soup.score).toBe(-0.5);
    expect(await values(soup.params)).toEqual({ w: [3.5] });
  });

  it('keeps an equal score by default, and drops it when accept is ">"', async () => {
    const models = [dict({ w: [2] }), dict({ w: [2] })];
    expect((await greedySoup(models, { evaluate })).members).toEqual([0, 1]);
    expect((await greedySoup(models, { evaluate, accept: '>' })).members).toEqual([0]);
  });

  it('is never worse than the best model on the data it is scored on', async () => {
    const models = [1, 9, -4, 3.2, 6].map((w) => dict({ w: [w] }));
    const { score, scores } = await greedySoup(models, { evaluate });
    expect(score).toBeGreaterThanOrEqual(Math.max(...scores));
  });

  it('asks only for soups when the scores are known', async () => {
    const models = [dict({ w: [1] }), dict({ w: [2] })];
    const labels: string[] = [];
    await greedySoup(models, { evaluate, scores: [-2, -1], onProgress: ({ label }) => labels.push(label) });
    expect(labels).toEqual(['the soup with models[0]']);
  });

  it('takes an evaluation that is not asynchronous', async () => {
    expect((await greedySoup([dict({ w: [1] })], { evaluate: () => 7 })).score).toBe(7);
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const models = [dict({ w: [1] }), dict({ w: [2] })];
    const watched = () => {
      stop.abort(new Error('enough'));
      return 1;
    };
    await expect(greedySoup(models, { evaluate: watched, signal: stop.signal })).rejects.toThrow('enough');
  });

  it('refuses scores that are NaN or too few, and an empty list', async () => {
    const models = [dict({ w: [1] }), dict({ w: [2] })];
    await expect(greedySoup(models, { evaluate: () => NaN })).rejects.toThrow(
      'greedySoup: expected a number as the score of models[0], received NaN',
    );
    await expect(greedySoup(models, { evaluate, scores: [1] })).rejects.toThrow(
      'greedySoup: expected 2 scores, one per model, received 1',
    );
    await expect(greedySoup([], { evaluate })).rejects.toThrow('expected at least one model, received none');
  });
});
