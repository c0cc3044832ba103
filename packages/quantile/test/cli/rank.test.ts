import { describe, expect, it } from 'vitest';
import { json, run, useTables, write } from '../support/cli.js';

useTables();

describe('rank', () => {
  const file = () => write('scores.csv', 'task,a,b,c\nqa,0.9,0.8,0.1\nnli,0.7,0.8,0.2\nspeed,3,9,1\n');

  it('ranks systems over tasks by Borda, Kemeny and the mean', async () => {
    const borda = await json('rank', file(), '--task', 'task', '--lower-is-better', 'speed');
    expect(borda.order).toEqual(['a', 'b', 'c']);
    expect(borda.scores).toEqual({ a: 4, b: 3, c: 2 });
    const kemeny = await json(
      'rank',
      file(),
      '--task',
      'task',
      '--lower-is-better',
      'speed',
      '--method',
      'kemeny',
    );
    expect([kemeny.order, kemeny.distance]).toEqual([['a', 'b', 'c'], 3]);
    const mean = await json('rank', file(), '--task', 'task', '--method', 'mean');
    expect(mean.order[0]).toBe('b');
    const { stdout } = await run('rank', file(), '--task', 'task');
    expect(stdout.split('\n')[0]).toMatch(/rank +system +score/);
  });

  it('ranks instances inside tasks first when task names repeat', async () => {
    const many = write('instances.csv', 'task,a,b\nqa,1,0\nqa,1,0\nqa,1,0\nnli,0,1\nmt,0,1\n');
    expect((await json('rank', many, '--task', 'task')).order).toEqual(['b', 'a']);
    expect((await json('rank', many, '--task', 'task', '--method', 'borda-one-level')).order).toEqual([
      'a',
      'b',
    ]);
  });

  it('refuses a missing score unless ranks may be partial, and a task nobody has', async () => {
    const holes = write('partial.csv', 'a,b,c\n1,2,\n3,1,2\n');
    expect((await run('rank', holes)).stderr).toContain(
      'line 2, column "c": the score is missing; fill it in or pass --missing partial',
    );
    expect((await json('rank', holes, '--missing', 'partial')).order).toHaveLength(3);
    expect((await run('rank', file(), '--task', 'task', '--lower-is-better', 'fun')).stderr).toContain(
      'the tasks are qa, nli, speed',
    );
  });
});
