import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, type StatsFs, statSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import { mkdtemp, open, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mergeRecipe } from '../../src/node/index.js';
import { makeExampleModels } from '../tiny-models.js';
import { watched } from './killed-merge.js';

/** What the disk is said to have, where a test says so. */
let free: StatsFs | undefined;
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof FileSystem>();
  return { ...actual, statfs: async (path: string) => free ?? actual.statfs(path) };
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resume-'));
  await makeExampleModels(folder);
});
afterAll(async () => rm(folder, { recursive: true }));

const recipe = `
merge_method: linear
models:
  - { model: models/chat, parameters: { weight: 1 } }
  - { model: models/code, parameters: { weight: 2 } }
`;

/** Merges; stops after some tensors where told to. Gives the tensors that were made, not copied from before. */
async function merge(name: string, stopAfter = Infinity, options: { seed?: number; resume?: boolean } = {}) {
  const output = join(folder, name);
  const made: string[] = [];
  const stop = new AbortController();
  const run = mergeRecipe(recipe, {
    output,
    cwd: folder,
    resume: true,
    maxShardSize: 1500,
    signal: stop.signal,
    ...options,
    onPlan: (plan) =>
      watched(plan, (tensor) => {
        made.push(tensor);
        if (made.length > stopAfter) stop.abort(new Error('interrupted'));
      }),
  });
  return { output, made, run };
}
const weights = async (output: string) =>
  Promise.all(
    readdirSync(output)
      .filter((name) => name.endsWith('.safetensors'))
      .sort()
      .map(async (name) => (await readFile(join(output, name))).toString('hex')),
  );

describe('a merge that is resumed', () => {
  it('makes only what is not finished, and ends with the same bytes', async () => {
    const whole = await merge('whole');
    await whole.run;
    expect(readdirSync(whole.output)).not.toContain('.weightloom-resume');

    const first = await merge('stopped', 20);
    await expect(first.run).rejects.toThrow('interrupted');
    expect(readdirSync(first.output)).toEqual(['.weightloom-resume']);
    const second = await merge('stopped');
    await second.run;
    expect(second.made.length).toBeGreaterThan(0);
    expect(second.made.length).toBeLessThan(25);
    expect(await weights(second.output)).toEqual(await weights(whole.output));
    expect(readdirSync(second.output)).not.toContain('.weightloom-resume');
  });

  it('goes on after its process was killed with SIGKILL', async () => {
    const output = join(folder, 'killed');
    const program = fileURLToPath(new URL('killed-merge.ts', import.meta.url));
    // Node 20 has no `using`, which the target takes care of.
    const child = `
      import { createServer } from 'vite';
      const conditions = ['@weightloom/source', 'node', 'module', 'import', 'default'];
      const server = await createServer({
        configFile: false,
        logLevel: 'error',
        oxc: { target: 'es2022' },
        appType: 'custom',
        server: { middlewareMode: true, hmr: false, ws: false, watch: null },
        resolve: { conditions },
        ssr: { resolve: { conditions } },
      });
      const { mergeAndDie } = await server.ssrLoadModule(${JSON.stringify(program)});
      await mergeAndDie(${JSON.stringify(recipe)}, ${JSON.stringify(folder)}, ${JSON.stringify(output)}, 20);
    `;
    const process = spawn(execPath, ['--input-type=module', '-e', child], {
      cwd: fileURLToPath(new URL('../../../..', import.meta.url)),
      stdio: 'inherit',
    });
    const [, signal] = (await once(process, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    expect(readdirSync(output)).toEqual(['.weightloom-resume']);
    const rest = await merge('killed');
    await rest.run;
    expect(rest.made.length).toBeLessThan(25);
    const whole = await merge('not-killed');
    await whole.run;
    expect(await weights(output)).toEqual(await weights(whole.output));
  });

  it('makes a tensor again whose bytes were damaged', async () => {
    const first = await merge('damaged', 20);
    await expect(first.run).rejects.toThrow('interrupted');
    const stage = join(first.output, '.weightloom-resume');
    const [name] = (await readFile(join(stage, 'done.txt'), 'utf8')).split('\n').filter(Boolean);
    const [shard] = readdirSync(stage).filter((file) => file.endsWith('.safetensors'));
    const file = await open(join(stage, shard!), 'r+');
    // The last byte of the first shard.
    const { size } = await file.stat();
    await file.write(Uint8Array.of(0xff), 0, 1, size - 1);
    await file.close();
    expect(name).toBeDefined();
    const second = await merge('damaged');
    await second.run;
    const whole = await merge('undamaged');
    await whole.run;
    expect(await weights(second.output)).toEqual(await weights(whole.output));
  });

  it('starts anew when options or models have changed', async () => {
    const first = await merge('changed', 20);
    await expect(first.run).rejects.toThrow('interrupted');
    const seeded = await merge('changed', 20, { seed: 5 });
    await expect(seeded.run).rejects.toThrow('interrupted');
    expect(seeded.made.length).toBeGreaterThan(20);
    await utimes(join(folder, 'models/chat/model.safetensors'), 1, 1);
    const touched = await merge('changed', Infinity, { seed: 5 });
    await touched.run;
    expect(touched.made).toHaveLength(39);
  });

  it('leaves nothing behind without --resume', async () => {
    const { run, output } = await merge('plain', 20, { resume: false });
    await expect(run).rejects.toThrow('interrupted');
    expect(() => readdirSync(output)).toThrow('ENOENT');
  });

  it('is deleted when the whole is made without --resume', async () => {
    await expect((await merge('given-up', 20)).run).rejects.toThrow('interrupted');
    const { run, output } = await merge('given-up', Infinity, { resume: false });
    await run;
    expect(readdirSync(output)).not.toContain('.weightloom-resume');
  });

  it('needs no more disk space than what is still to be written', async () => {
    // As if one byte less than all files take were free; what is written already need not be free again.
    const { run, output } = await merge('tight', 20);
    await expect(run).rejects.toThrow('interrupted');
    const stage = join(output, '.weightloom-resume');
    const shards = readdirSync(stage).filter((file) => file.endsWith('.safetensors'));
    const written = shards.reduce((sum, file) => sum + statSync(join(stage, file)).blocks * 512, 0);
    expect(written).toBeGreaterThan(0);
    const { statfs } = await vi.importActual<typeof FileSystem>('node:fs/promises');
    const real = await statfs(output);
    free = { ...real, bsize: 1, bavail: 8000 };
    await expect((await merge('no-space')).run).rejects.toThrow(
      /expected \d+ bytes of free disk space, received 8000/,
    );
    await expect((await merge('tight')).run).resolves.toBeDefined();
    free = undefined;
  });

  it('is refused for a single file', async () => {
    await expect((await merge('x.safetensors')).run).rejects.toThrow('expected a folder, to resume in');
  });
});
