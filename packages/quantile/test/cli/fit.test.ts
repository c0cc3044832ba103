import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { json, path, run, useTables, write } from '../support/cli.js';
import type { QuantregFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';

useTables();

describe('fit', () => {
  it('answers levels, coefficients by name and pinball losses as JSON, the numbers of R quantreg', async () => {
    const { engel, taus } = golden<QuantregFixture>('quantreg');
    const answer = await json(
      'fit',
      path('engel.csv'),
      '--target',
      'foodexp',
      '--features',
      'income',
      '--levels',
      '0.1,0.5,0.9',
      '--method',
      'linear',
    );
    expect(Object.keys(answer)).toEqual(['levels', 'coefficients', 'pinball']);
    expect(answer.levels).toEqual([0.1, 0.5, 0.9]);
    answer.coefficients.forEach((row: Record<string, number>, k: number) => {
      expect(Object.keys(row)).toEqual(['level', 'intercept', 'income']);
      const at = taus.indexOf(answer.levels[k]);
      expect(worst([row.intercept!, row.income!], engel.coefficients[at]!)).toBeLessThan(1e-9);
      expect(answer.pinball[k] * 235).toBeCloseTo(engel.objective[at]!, 6);
    });
  });

  it('prints a summary table per level for people, and standard errors as JSON when asked', async () => {
    const { stdout } = await run('fit', path('engel.csv'), '--target', 'foodexp', '--levels', '0.5');
    expect(stdout).toContain(
      'intercept     81.4822     14.634      5.568      0.000      52.649     110.315',
    );
    expect(stdout).toContain(
      'Dep. Variable:                foodexp   Pseudo R-squared:               0.6206',
    );
    const answer = await json(
      'fit',
      path('engel.csv'),
      '--target',
      'foodexp',
      '--levels',
      '0.5',
      '--errors',
      'nid',
    );
    expect(answer.standardErrors[0].income).toBeCloseTo(0.0282772096838577, 12);
    expect(answer.pseudoR1[0]).toBeCloseTo(0.6206, 4);
  });

  it('turns declared labels into indicators of all but the first, and reads quoted cells', async () => {
    const file = write(
      'colours.csv',
      'y,colour,"a, b"\n1,red,1\n3,blue,2\n2,"red",3\n5,blue,4\n4,"gr""een",5\n7,"gr""een",7\n',
    );
    const answer = await json('fit', file, '--target', 'y', '--levels', '0.5', '--categorical', 'colour');
    expect(Object.keys(answer.coefficients[0])).toEqual([
      'level',
      'intercept',
      'colour=gr"een',
      'colour=red',
      'a, b',
    ]);
  });

  it('drops rows with missing cells when told so, and says how many', async () => {
    const file = write('holes.csv', 'x,y\n1,1\n2,NA\n,3\n3,2\n4,5\n');
    const answer = await json('fit', file, '--target', 'y', '--levels', '0.5', '--missing', 'drop');
    expect(answer.dropped).toBe(2);
    const { stdout } = await run('fit', file, '--target', 'y', '--levels', '0.5', '--missing', 'drop');
    expect(stdout).toContain('3 rows used, 2 left out for missing cells.');
  });

  it.each([
    ['line 3, column "y": the cell is missing; fill it in or pass --missing drop', 'x,y\n1,1\n2,\n3,2\n', []],
    [
      'line 3, column "x": "two" is not a finite number; name the column in --categorical',
      'x,y\n1,1\ntwo,2\n3,2\n',
      [],
    ],
    ['line 3, column "x": "0x10" is not a finite number', 'x,y\n1,1\n0x10,2\n3,2\n', []],
    ['bad.csv: line 3 has 3 cells, expected 2 as in the header', 'x,y\n1,1\n2,2,2\n3,2\n', []],
    ['has no column "y"; its columns are a, b', 'a,b\n1,1\n', []],
    ['two columns are named "y"', 'y,y\n1,1\n', []],
    ['is empty, expected a header row', '', []],
    ['has no rows', 'x,y\n', []],
    ['all 3 values of y are 2', 'x,y\n1,2\n2,2\n3,2\n', []],
    ['column "b" is collinear with "a"', 'a,b,y\n1,2,1\n2,4,3\n3,6,2\n', []],
    ['2 rows for 3 coefficients (intercept, a, b)', 'a,b,y\n1,2,1\n2,3,3\n', []],
    ['levels[1] is 0.1 after 0.5', 'x,y\n1,1\n2,3\n3,2\n', ['--levels', '0.5,0.1']],
    ['levels[0] is 1.5, expected a number above 0 and below 1', 'x,y\n1,1\n2,3\n3,2\n', ['--levels', '1.5']],
    ['only one label, "a"; leave the column out', 'x,y\na,1\na,3\na,2\n', ['--categorical', 'x']],
    [
      'the categorical column "z" is not among the features (x)',
      'x,y\n1,1\n2,3\n3,2\n',
      ['--categorical', 'z'],
    ],
    ['the target "y" is among the features', 'x,y\n1,1\n2,3\n3,2\n', ['--features', 'x,y']],
    ['--trees is no option of method linear', 'x,y\n1,1\n2,3\n3,2\n', ['--trees', '5']],
  ])('refuses its input with exit code 1 and one sentence: %s', async (message, text, more) => {
    const { code, stdout, stderr } = await run(
      'fit',
      write('bad.csv', text),
      '--target',
      'y',
      '--save',
      path('never.json'),
      ...more,
    );
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect([code, stdout]).toEqual([1, '']);
    expect(readdirSync(path()).filter((name) => name.startsWith('never'))).toEqual([]);
  });

  it('refuses a folder that is not there before it reads anything', async () => {
    const { stderr } = await run('fit', 'x.csv', '--target', 'y', '--save', path('nowhere/model.json'));
    expect(stderr).toContain(`there is no folder "${path('nowhere')}"`);
  });

  it.each([
    ['missing target', ['fit', 'x.csv']],
    ['levels that are no numbers', ['fit', 'x.csv', '--target', 'y', '--levels', 'a,b']],
    ['an unknown method', ['fit', 'x.csv', '--target', 'y', '--method', 'magic']],
    ['an unknown command', ['guess']],
  ])('answers wrong usage with exit code 2: %s', async (_, argv) => {
    expect((await run(...argv)).code).toBe(2);
  });

  it('passes over blank lines, except where a blank line is the empty cell of the only column', async () => {
    const blank = write('blank.csv', '\uFEFFx,y\r\n1,1\r\n\r\n2,3\r\n3,2\r\n\r\n');
    const answer = await json('fit', blank, '--target', 'y', '--levels', '0.5');
    expect(answer.coefficients[0]).toHaveProperty('x');
    const single = await run('score', write('single.csv', 'q0.5\n1\n\n2\n'), '--target', 'q0.5');
    expect(single.stderr).toContain('single.csv, line 3, column "q0.5": the cell is missing');
  });

  it('says that a file is not there', async () => {
    const { code, stderr } = await run('fit', path('nowhere.csv'), '--target', 'y');
    expect([code, stderr]).toEqual([1, `weightloom-quantile: there is no file "${path('nowhere.csv')}"\n`]);
  });
});

it('shows help and version', async () => {
  expect((await run('--version')).stdout).toBe('1.2.3\n');
  const { stdout } = await run('--help');
  for (const command of ['fit', 'predict', 'score', 'calibrate', 'aggregate', 'rank', 'plot'])
    expect(stdout).toContain(command);
});
