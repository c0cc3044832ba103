import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { json, path, run, useTables, write } from '../support/cli.js';

useTables();

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
