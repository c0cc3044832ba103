import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '@weightloom/cli-kit/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQuantileProgram } from '../../src/cli/create-quantile-program.js';
import type { QuantregFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';
import { pick, table } from '../support/tables.js';

let folder: string;
const path = (name: string) => join(folder, name);
const write = (name: string, text: string) => {
  writeFileSync(path(name), text);
  return path(name);
};

async function run(...argv: string[]) {
  let stdout = '';
  let stderr = '';
  const io = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
  };
  const code = await runCli(createQuantileProgram('1.2.3'), argv, io);
  return { code, stdout, stderr };
}

async function json(...argv: string[]) {
  const { code, stdout, stderr } = await run(...argv, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weightloom-quantile-'));
  const engel = await table('engel');
  write('engel.csv', `income,foodexp\n${[...engel.y].map((y, i) => `${engel.x.data[i]},${y}`).join('\n')}\n`);
  const concrete = await table('concrete');
  const csv = ({ x, y }: typeof concrete) =>
    [
      'cement,slag,ash,water,plasticizer,coarse,fine,age,strength',
      ...[...y].map((v, i) => [...x.data.slice(8 * i, 8 * i + 8), v].join(',')),
    ].join('\n');
  // The source lists similar mixtures together: every tenth row goes its own way.
  const part = (from: number, to: number) => csv(pick(concrete, (i) => i % 10 >= from && i % 10 < to));
  write('train.csv', part(0, 6));
  write('calibration.csv', part(6, 8));
  write('test.csv', part(8, 10));
});
afterAll(() => rmSync(folder, { recursive: true }));

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
    expect(readdirSync(folder).filter((name) => name.startsWith('never'))).toEqual([]);
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
    expect(readdirSync(folder).some((name) => name.startsWith('refused'))).toBe(false);
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

describe('score, calibrate, aggregate and plot', () => {
  beforeAll(async () => {
    for (const method of ['linear', 'boosting']) {
      const model = path(`${method}-5.json`);
      await json(
        'fit',
        path('train.csv'),
        '--target',
        'strength',
        '--levels',
        '0.05,0.25,0.5,0.75,0.95',
        '--method',
        method,
        '--save',
        model,
      );
      for (const part of ['calibration', 'test'])
        await json(
          'predict',
          model,
          path(`${part}.csv`),
          '--keep',
          'strength,age',
          '--out',
          path(`${method}-${part}.csv`),
        );
    }
  });

  it('scores a forecast by all measures, in the library’s numbers', async () => {
    const file = write('hand.csv', 'y,q0.05,q0.25,q0.5,q0.75,q0.95\n4.5,1,3,4,6,9\n4.5,1,3,4,6,9\n');
    const scores = await json('score', file, '--target', 'y');
    expect(scores.wis.total).toBeCloseTo(0.56, 12);
    expect(scores.meanPinball).toBeCloseTo(0.28, 12);
    expect(scores.coverage).toEqual([0, 0, 0, 1, 1]);
    const { stdout } = await run('score', file, '--target', 'y');
    expect(stdout).toContain('mean pinball');
    expect(stdout).toContain('q0.05 to q0.95');
  });

  it('tests which of two forecasts is better', async () => {
    const answer = await json(
      'score',
      path('boosting-test.csv'),
      '--target',
      'strength',
      '--against',
      path('linear-test.csv'),
    );
    expect(answer.first.meanPinball).toBeLessThan(answer.second.meanPinball);
    expect(answer.dieboldMariano.meanDifference).toBeCloseTo(
      answer.first.meanPinball - answer.second.meanPinball,
      10,
    );
    expect(answer.bootstrap.upper).toBeLessThan(0);
    expect(answer.dieboldMariano.pValue).toBeLessThan(0.01);
  });

  it('calibrates, saves the calibration and applies it alike from the file', async () => {
    const direct = await json(
      'calibrate',
      path('linear-calibration.csv'),
      '--target',
      'strength',
      '--apply',
      path('linear-test.csv'),
      '--keep',
      'strength',
      '--out',
      path('calibrated.csv'),
      '--save',
      path('calibration.json'),
    );
    expect([direct.rows, direct.applied, direct.reasons]).toEqual([206, 206, []]);
    const before = await json('score', path('linear-test.csv'), '--target', 'strength');
    const after = await json('score', path('calibrated.csv'), '--target', 'strength');
    expect(after.intervals[0].coverage).not.toBe(before.intervals[0].coverage);
    const again = await json(
      'calibrate',
      '--state',
      path('calibration.json'),
      '--apply',
      path('linear-test.csv'),
      '--keep',
      'strength',
      '--out',
      path('again.csv'),
    );
    expect(again.rows).toBe(206);
    expect(readFileSync(path('again.csv'), 'utf8')).toBe(readFileSync(path('calibrated.csv'), 'utf8'));
  });

  it('says when rows are too few for the coverage asked', async () => {
    const few = write('few.csv', 'y,q0.05,q0.95\n1,0,2\n2,1,3\n3,2,4\n');
    const answer = await json('calibrate', few, '--target', 'y', '--apply', few);
    expect(answer.predictions[0]).toEqual(['-Infinity', 'Infinity']);
    expect(answer.reasons).toHaveLength(1);
    const refused = await run('calibrate', '--apply', few);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      'weightloom-quantile: calibrate needs either a forecast with --target or a saved calibration with --state\n',
    ]);
  });

  it('aggregates forecasts by mean, median, best and learnt weights', async () => {
    const files = [path('linear-test.csv'), path('boosting-test.csv')];
    const train = `${path('linear-calibration.csv')},${path('boosting-calibration.csv')}`;
    const score = async (...argv: string[]) => {
      const answer = await json(
        'aggregate',
        ...files,
        '--keep',
        'strength',
        '--out',
        path('combined.csv'),
        ...argv,
      );
      expect(answer.rows).toBe(206);
      return {
        answer,
        loss: (await json('score', path('combined.csv'), '--target', 'strength')).meanPinball as number,
      };
    };
    const average = await score();
    expect((await score('--method', 'median')).loss).toBeCloseTo(average.loss, 10);
    const best = await score('--method', 'best', '--train', train, '--target', 'strength');
    expect(best.answer.best).toBe(files[1]);
    expect(best.loss).toBe((await json('score', files[1]!, '--target', 'strength')).meanPinball);
    const qra = await score(
      '--method',
      'qra',
      '--train',
      train,
      '--target',
      'strength',
      '--non-negative',
      '--sum-to-one',
      '--no-intercept',
    );
    qra.answer.weights.forEach((weights: number[]) => expect(weights[0]! + weights[1]!).toBeCloseTo(1, 9));
    expect(qra.loss).toBeLessThan(average.loss);
    const factor = await score(
      '--method',
      'factor-qra',
      '--factors',
      '1',
      '--train',
      train,
      '--target',
      'strength',
    );
    expect(factor.answer.intercepts).toHaveLength(5);
    const learnt = ['--train', train, '--target', 'strength', '--steps', '300'];
    const global = await score('--method', 'global', '--resolution', 'coarse', ...learnt);
    expect(global.answer.weights[0] + global.answer.weights[1]).toBeCloseTo(1, 9);
    expect(global.loss).toBeLessThan(average.loss);
    const local = await score('--method', 'local', '--features', 'age', '--resolution', 'medium', ...learnt);
    expect(local.answer.resolution).toBe('medium');
    expect(local.loss).toBeLessThan(average.loss);
  });

  it('refuses forecasts of other rows or levels, and methods without their training files', async () => {
    const hand = write('two.csv', 'q0.5\n1\n');
    const levels = await run('aggregate', path('linear-test.csv'), hand);
    expect(levels.stderr).toContain('has levels 0.5, expected 0.05, 0.25, 0.5, 0.75, 0.95');
    const rows = await run('aggregate', hand, write('three.csv', 'q0.5\n1\n2\n'));
    expect(rows.stderr).toContain('has 2 rows, expected 1');
    const train = await run('aggregate', hand, '--method', 'qra');
    expect(train.stderr).toContain('method qra needs --train and --target');
    const local = await run('aggregate', hand, '--method', 'local', '--train', hand, '--target', 'q0.5');
    expect(local.stderr).toContain('method local needs --features');
    for (const [flag, method] of [
      ['--non-negative', 'average'],
      ['--train=a', 'median'],
      ['--steps=5', 'qra'],
    ] as const)
      expect((await run('aggregate', hand, '--method', method, flag)).stderr).toContain(
        `${flag.replace(/=.*/, '')} is no option of method ${method}`,
      );
    const hole = await run('aggregate', hand, write('hole.csv', 'q0.5\nNA\n'));
    expect(hole.stderr).toMatch(/line 2, column "q0.5": the cell is missing; fill it in\n$/);
    const none = await run('aggregate', path('engel.csv'));
    expect(none.stderr).toContain('has no quantile columns; expected names such as q0.1');
  });

  it('draws an HTML report and single charts as SVG', async () => {
    const html = await json(
      'plot',
      path('linear-test.csv'),
      '--target',
      'strength',
      '--x',
      'age',
      '--out',
      path('report.html'),
    );
    expect(html.charts).toEqual(['fan', 'calibration', 'pit']);
    const page = readFileSync(path('report.html'), 'utf8');
    expect(page).toContain('<!doctype html>');
    expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(3);
    for (const kind of ['fan', 'calibration', 'pit']) {
      await json(
        'plot',
        path('linear-test.csv'),
        '--target',
        'strength',
        '--kind',
        kind,
        '--out',
        path(`${kind}.svg`),
      );
      expect(readFileSync(path(`${kind}.svg`), 'utf8')).toMatch(/^<svg[^]*<\/svg>\n$/);
    }
    expect((await run('plot', path('linear-test.csv'), '--out', path('report.png'))).stderr).toContain(
      'expected a name that ends in .html or .svg',
    );
    const nowhere = await run('plot', path('linear-test.csv'), '--out', path('nowhere/fan.svg'));
    expect(nowhere.stderr).toContain(`there is no folder "${path('nowhere')}"`);
    expect(
      (await run('plot', path('linear-test.csv'), '--kind', 'pit', '--out', path('pit.svg'))).stderr,
    ).toContain('a pit chart needs --target');
  });
});

describe('plot over dates', () => {
  const rows = 'day,q0.1,q0.5,q0.9\n2024-02-28,1,2,3\n2024-03-01 12:00,1,2,4\n';

  it('counts days from the first date, whatever the time zone', async () => {
    const file = write('dates.csv', rows);
    await json('plot', file, '--x', 'day', '--out', path('dates.svg'));
    const drawing = readFileSync(path('dates.svg'), 'utf8');
    expect(drawing).toContain('day, days from 2024-02-28');
    expect(drawing).toContain('>2.5<'); // 2024 is a leap year: the axis ends two and a half days later
  });

  it('refuses a cell that is no date', async () => {
    const { stderr } = await run(
      'plot',
      write('dates.csv', `${rows}soon,1,2,3\n`),
      '--x',
      'day',
      '--out',
      path('no.svg'),
    );
    expect(stderr).toContain('line 4, column "day": "soon" is not a date such as 2024-02-28');
  });
});

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

it('shows help and version', async () => {
  expect((await run('--version')).stdout).toBe('1.2.3\n');
  const { stdout } = await run('--help');
  for (const command of ['fit', 'predict', 'score', 'calibrate', 'aggregate', 'rank', 'plot'])
    expect(stdout).toContain(command);
});
