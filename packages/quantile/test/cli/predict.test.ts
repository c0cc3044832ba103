import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { json, path, run, useTables, write } from '../support/cli.js';

useTables();

describe('predict', () => {
  it.each(['linear', 'forest', 'extra-trees', 'boosting', 'neighbours', 'kernel', 'gaussian-network'])(
    'writes what a saved %s model predicts',
    async (method) => {
      await json(
        'fit',
        path('train.csv'),
        '--target',
        'strength',
        '--method',
        method,
        '--save',
        path(`${method}.json`),
      );
      const answer = await json(
        'predict',
        path(`${method}.json`),
        path('test.csv'),
        '--keep',
        'strength',
        '--out',
        path(`${method}.csv`),
      );
      expect(answer).toEqual({ levels: [0.1, 0.5, 0.9], rows: 206, skipped: 0, out: path(`${method}.csv`) });
      const lines = readFileSync(path(`${method}.csv`), 'utf8')
        .trimEnd()
        .split('\n');
      expect(lines[0]).toBe('strength,q0.1,q0.5,q0.9');
      expect(lines).toHaveLength(207);
      const inline = await json('predict', path(`${method}.json`), path('test.csv'));
      lines
        .slice(1)
        .forEach((line, i) => expect(line.split(',').slice(1).map(Number)).toEqual(inline.predictions[i]));
    },
  );

  it('prints CSV without --out and leaves rows with missing cells empty under --missing drop', async () => {
    const train = write('line.csv', 'x,y\n1,1\n2,3\n3,2\n4,4\n');
    await json('fit', train, '--target', 'y', '--levels', '0.5', '--save', path('line.json'));
    const { stdout } = await run(
      'predict',
      path('line.json'),
      write('new.csv', 'x,id\n1,a\n,b\n3,c\n'),
      '--keep',
      'id',
      '--missing',
      'drop',
    );
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('id,q0.5');
    expect(lines[2]).toBe('b,');
    const refused = await run('predict', path('line.json'), path('new.csv'), '--out', path('refused.csv'));
    expect(refused.stderr).toContain('line 3, column "x": the cell is missing');
    expect(readdirSync(path()).some((name) => name.startsWith('refused'))).toBe(false);
  });

  it('refuses a label it never saw, a level it was not fitted at and a file that is no model', async () => {
    const train = write('labels.csv', 'x,y\na,1\nb,3\na,2\nb,4\n');
    await json(
      'fit',
      train,
      '--target',
      'y',
      '--levels',
      '0.5',
      '--categorical',
      'x',
      '--save',
      path('labels.json'),
    );
    const unknown = await run('predict', path('labels.json'), write('more.csv', 'x\na\nc\n'));
    expect(unknown.stderr).toContain('line 3, column "x": label "c" was not in the training data (a, b)');
    const level = await run('predict', path('labels.json'), path('labels.csv'), '--levels', '0.7');
    expect(level.stderr).toContain('level 0.7 was not fitted; this model knows 0.5');
    const other = await run('predict', write('other.json', '{"a":1}'), path('labels.csv'));
    expect(other.stderr).toContain('is not a model of weightloom-quantile fit --save');
  });
});
