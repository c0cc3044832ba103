import { describe, expect, it } from 'vitest';
import { cliAction, createProgram, runCli } from '../../src/node/index.js';
import { fakeIo } from './fake-io.js';

const info = { name: 'weave', description: 'Weaves.', version: '1.2.3' };

/** A program with one command that answers and two that fail. */
function program() {
  const weave = createProgram(info);
  weave
    .command('add <a> <b>')
    .option('--scale <factor>', 'multiply the sum')
    .action(
      cliAction<[string, string], { scale?: string }>(({ options }, a, b) => {
        const sum = (Number(a) + Number(b)) * Number(options.scale ?? 1);
        return { json: { sum, bytes: new Uint8Array([1, 2]), odd: NaN }, text: `sum ${sum}` };
      }),
    );
  weave.command('refuse').action(
    cliAction(() => {
      throw new RangeError('"layer0\u001b[31m" has 3 rows,\n  expected 4.', { cause: new Error('deeper') });
    }),
  );
  weave.command('compare').action(cliAction(() => ({ json: false, text: 'they differ', exitCode: 3 })));
  return weave;
}

async function run(argv: string[], env = {}) {
  const { io, written } = fakeIo(env);
  return { code: await runCli(program(), argv, io), ...written };
}

describe('runCli', () => {
  it('prints text for people and ends with 0', async () => {
    expect(await run(['add', '1', '2'])).toEqual({ code: 0, stdout: 'sum 3\n', stderr: '' });
  });

  it('prints one JSON document with --json, before or after the command, and no number JSON cannot hold', async () => {
    for (const argv of [
      ['--json', 'add', '1', '2', '--scale', '2'],
      ['add', '1', '2', '--scale', '2', '--json'],
    ]) {
      const { code, stdout, stderr } = await run(argv);
      expect([code, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toEqual({ sum: 6, bytes: [1, 2], odd: 'NaN' });
    }
  });

  it('reports refused input in one sentence on stderr and ends with 1', async () => {
    expect(await run(['refuse'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'weave: "layer0\ufffd[31m" has 3 rows, expected 4\n',
    });
  });

  it('adds stack and causes when DEBUG is set', async () => {
    const { stderr } = await run(['refuse'], { DEBUG: '1' });
    expect(stderr).toContain('run-cli.test.ts');
    expect(stderr).toContain('deeper');
  });

  it.each([
    [
      'an unknown option',
      ['add', '1', '2', '--scael', '3'],
      "weave: unknown option '--scael' (Did you mean --scale?); see weave --help\n",
    ],
    ['an unknown command', ['ad'], "weave: unknown command 'ad' (Did you mean add?); see weave --help\n"],
    ['a missing argument', ['add', '1'], "weave: missing required argument 'b'; see weave --help\n"],
    [
      'one argument too many',
      ['add', '1', '2', '3'],
      "weave: too many arguments for 'add'. Expected 2 arguments but got 3; see weave --help\n",
    ],
  ])('reports %s in one sentence and ends with 2', async (_fault, argv, sentence) => {
    expect(await run(argv)).toEqual({ code: 2, stdout: '', stderr: sentence });
  });

  it('prints the help on stderr and ends with 2 when no command is given', async () => {
    const { code, stdout, stderr } = await run([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: weave /);
    expect(stderr).not.toContain('(outputHelp)');
  });

  it('prints help and version on stdout and ends with 0, also for a command', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
    const help = await run(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const part of ['Weaves.', '--json', '--quiet', '--version', 'add'])
      expect(help.stdout).toContain(part);
    expect((await run(['add', '--help'])).stdout).toContain('multiply the sum');
  });

  it('ends with the code of the result', async () => {
    expect(await run(['compare'])).toEqual({ code: 3, stdout: 'they differ\n', stderr: '' });
  });

  it('reports what is thrown without being an Error', async () => {
    const weave = createProgram(info);
    weave.command('x').action(
      cliAction(() => {
        throw 'a string';
      }),
    );
    const { io, written } = fakeIo();
    expect(await runCli(weave, ['x'], io)).toBe(1);
    expect(written.stderr).toBe('weave: a string\n');
  });
});
