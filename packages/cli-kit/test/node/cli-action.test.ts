import { describe, expect, it } from 'vitest';
import { cliAction, createProgram, runCli, type CliContext, type CliResult } from '../../src/node/index.js';
import { fakeIo } from './fake-io.js';

const table = {
  columns: ['name', { header: 'loss', best: 'min' as const }],
  rows: [
    ['a', 2],
    ['b', 1],
  ],
};

async function run(
  work: (context: CliContext<Record<string, unknown>>) => CliResult | Promise<CliResult>,
  argv: string[] = [],
  surroundings = fakeIo(),
) {
  const program = createProgram({ name: 'weave', description: 'Weaves.', version: '1.0.0' });
  program.command('go').action(cliAction(work));
  const code = await runCli(program, ['go', ...argv], surroundings.io);
  return { code, ...surroundings.written };
}

describe('cliAction', () => {
  it('prints text and tables with an empty line between', async () => {
    const { stdout } = await run(() => ({ json: null, text: ['Two models.', table] }));
    expect(stdout).toBe('Two models.\n\nname  loss\n────  ────\na        2\nb        1\n');
  });

  it('sets the best values in bold on a terminal, but not with NO_COLOR, and anywhere with FORCE_COLOR', async () => {
    const bold = '\u001b[1m1\u001b[22m';
    const print = async (env: Record<string, string>, isTTY: boolean) =>
      (await run(() => ({ json: null, text: table }), ['--quiet'], fakeIo(env, isTTY))).stdout.includes(bold);
    expect(await print({}, true)).toBe(true);
    expect(await print({}, false)).toBe(false);
    expect(await print({ NO_COLOR: '1' }, true)).toBe(false);
    expect(await print({ TERM: 'dumb' }, true)).toBe(false);
    expect(await print({ FORCE_COLOR: '1' }, false)).toBe(true);
  });

  it('turns Ctrl-C into an abort of the signal, says so and ends with 130', async () => {
    const outcome = run(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          process.emit('SIGINT');
        }),
    );
    expect(await outcome).toEqual({ code: 130, stdout: '', stderr: 'weave: interrupted\n' });
  });

  it('stops listening for Ctrl-C when the work is done, also when it fails', async () => {
    const before = process.listenerCount('SIGINT');
    await run(() => ({ json: null, text: '' }));
    await run(() => {
      throw new Error('no');
    });
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  it('shows a bar on a terminal, but none with --json or --quiet', async () => {
    const work = ({ onProgress }: CliContext<Record<string, unknown>>): CliResult => {
      onProgress({ done: 1, total: 2, label: 'weaving' });
      return { json: 1, text: 'done' };
    };
    expect((await run(work, [], fakeIo({}, true))).stderr).toContain('weaving');
    expect((await run(work, ['--json'], fakeIo({}, true))).stderr).toBe('');
    expect((await run(work, ['--quiet'], fakeIo({}, true))).stderr).toBe('');
  });

  it('writes large integers of JSON as their digits and nothing as null', async () => {
    const { stdout } = await run(() => ({ json: { big: 2n ** 60n, low: -Infinity }, text: '' }), ['--json']);
    expect(JSON.parse(stdout)).toEqual({ big: '1152921504606846976', low: '-Infinity' });
    expect((await run(() => ({ json: undefined, text: '' }), ['--json'])).stdout).toBe('null\n');
  });
});
