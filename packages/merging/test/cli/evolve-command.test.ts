import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, withExampleModels } from './run-merge.js';

let folder: string;
withExampleModels(async (place) => {
  folder = place;
  const put = (name: string, text: string) => writeFile(join(folder, name), text);
  await put(
    'recipe.yml',
    `
merge_method: task_arithmetic
base_model: ${folder}/models/base
models:
  - { model: ${folder}/models/chat, parameters: { weight: $chat } }
  - { model: ${folder}/models/code, parameters: { weight: $code } }
`,
  );
  await put(
    'evolve.yml',
    'recipe: ./recipe.yml\nparameters:\n  chat: { low: 0, high: 2 }\n  code: { low: 0, high: 2, start: 0.2 }\ngenerations: 6\n',
  );
  // Best where chat counts 1.5 and code 0.5, as the values say; the weights are looked at to see that they are there.
  await put(
    'metric.mjs',
    `export const evaluate = async (params, { values }) => {
  if ((await params['lm_head.weight'].data()).length !== 40) throw new Error('no weights');
  return -((values.chat - 1.5) ** 2) - (values.code - 0.5) ** 2;
};`,
  );
  await put(
    'folder-metric.mjs',
    `import { existsSync } from 'node:fs';
export default (folder, { values }) => {
  if (!existsSync(folder + '/model.safetensors') || !existsSync(folder + '/config.json')) throw new Error('no model');
  return -((values.chat - 1.5) ** 2) - (values.code - 0.5) ** 2;
};`,
  );
  await put('nan.mjs', 'export default () => NaN;');
  await put('none.mjs', 'export const score = 1;');
});

const evolve = (out: string, ...more: string[]) =>
  run(
    'evolve',
    join(folder, 'evolve.yml'),
    join(folder, out),
    '--evaluate',
    join(folder, 'metric.mjs'),
    ...more,
  );

interface Answer {
  readonly best: { readonly values: Record<string, number>; readonly score: number };
  readonly start: { readonly score: number };
  readonly evaluations: number;
}

describe('weightloom-merge evolve', () => {
  it('finds parameters, and leaves model, recipe and journal', async () => {
    const { code, stdout, stderr } = await evolve(
      'plain',
      '--quiet',
      '--report',
      join(folder, 'report.html'),
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/score -\d.* after 37 evaluations, from -\d/);
    for (const file of ['model/model.safetensors', 'model/config.json', 'recipe.yml', 'evolution.json']) {
      expect(existsSync(join(folder, 'plain', file))).toBe(true);
    }
    expect(await readFile(join(folder, 'plain', 'recipe.yml'), 'utf8')).not.toContain('$');
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('Best so far, and mean of each generation');
    expect(page).not.toMatch(/<script/);
  });

  it('gives the same with candidates streamed to folders, one of which is left', async () => {
    const [memory, streamed] = [
      await evolve('memory', '--json'),
      await run(
        ...['evolve', join(folder, 'evolve.yml'), join(folder, 'streamed'), '--stream', '--json'],
        ...['--evaluate', join(folder, 'folder-metric.mjs')],
      ),
    ];
    const [a, b] = [JSON.parse(memory.stdout) as Answer, JSON.parse(streamed.stdout) as Answer];
    expect(b.best).toEqual(a.best);
    expect(a.best.score).toBeGreaterThan(a.start.score);
    expect(a.evaluations).toBe(37);
    expect(existsSync(join(folder, 'streamed', 'candidate'))).toBe(false);
    const weights = (out: string) => readFile(join(folder, out, 'model', 'model.safetensors'));
    expect((await weights('streamed')).equals(await weights('memory'))).toBe(true);
  });

  it('goes on where it was with --resume, to what it would have found at once', async () => {
    const whole = JSON.parse((await evolve('whole', '--json')).stdout) as Answer;
    await evolve('parts', '--json', '--generations', '2');
    const again = await evolve('parts');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('expected no earlier search, received one; go on from it with resume');
    const parts = JSON.parse((await evolve('parts', '--json', '--resume')).stdout) as Answer;
    expect(parts.best).toEqual(whole.best);
    const other = await evolve('parts', '--resume', '--seed', '1');
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('expected a search with the same recipe, parameters, seed and population');
    expect((await evolve('parts', '--overwrite', '--generations', '1', '--json')).code).toBe(0);
  });

  it('draws evenly with --method random', async () => {
    const { stdout } = await evolve('random', '--json', '--method', 'random', '--population', '5');
    expect((JSON.parse(stdout) as Answer).evaluations).toBe(31);
  });

  it('refuses a score that is NaN, a module without a function, and wrong numbers', async () => {
    const attempt = (module: string, ...more: string[]) =>
      run(
        'evolve',
        join(folder, 'evolve.yml'),
        join(folder, 'bad'),
        '--evaluate',
        join(folder, module),
        ...more,
      );
    const nan = await attempt('nan.mjs');
    expect(nan.code).toBe(1);
    expect(nan.stderr).toContain('expected a number as the score of {"chat":1,"code":0.2}, received NaN');
    expect(existsSync(join(folder, 'bad', 'model'))).toBe(false);
    expect((await attempt('none.mjs')).stderr).toContain(
      'expected a module that exports a function as evaluate or default, received score',
    );
    expect((await attempt('metric.mjs', '--generations', 'many')).code).toBe(2);
    expect((await run('evolve', join(folder, 'evolve.yml'), join(folder, 'bad'))).code).toBe(2);
  });
});
