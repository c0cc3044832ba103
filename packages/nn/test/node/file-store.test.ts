import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseSafetensors } from '@weightloom/checkpoint';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileStore } from '../../src/node/index.js';
import { train } from './resume-child.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-'));
});
afterEach(() => rm(folder, { recursive: true }));

const conditions = ['@weightloom/source', 'node', 'module', 'import', 'default'];
const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
/** A process of its own that trains with snapshots in `file`. */
const child = (file: string): string => `
  import { createServer } from 'vite';
  const conditions = ${JSON.stringify(conditions)};
  const server = await createServer({
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    resolve: { conditions },
    ssr: { resolve: { conditions } },
  });
  const { train } = await server.ssrLoadModule(${JSON.stringify(path('./resume-child.ts'))});
  const { fileStore } = await server.ssrLoadModule(${JSON.stringify(path('../../src/node/index.ts'))});
  await train(fileStore(${JSON.stringify(file)}));
  console.log('finished');
`;

const stepOf = async (file: string): Promise<number> => {
  try {
    const { metadata } = parseSafetensors(await readFile(file));
    return (JSON.parse(metadata['weightloom.run']) as { step: number }).step;
  } catch {
    return 0;
  }
};

it(
  'gives the bits of an uninterrupted run after the process was killed with SIGKILL, twice',
  { timeout: 120_000 },
  async () => {
    const file = join(folder, 'run.safetensors');
    let reached = 0;
    for (let kill = 1; kill <= 2; kill++) {
      const running = spawn(process.execPath, ['--input-type=module', '-e', child(file)], {
        cwd: path('../../../..'),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      running.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const closed = once(running, 'close');
      while ((await stepOf(file)) < reached + 30) {
        expect(running.exitCode).toBeNull();
        await sleep(5);
      }
      running.kill('SIGKILL');
      await closed;
      expect(output).not.toContain('finished');
      reached = await stepOf(file);
      expect(reached).toBeLessThan(600);
    }
    const resumed = await train(fileStore(file));
    const whole = await train(undefined);
    expect(resumed.losses).toEqual(whole.losses);
    for (const [name, t] of Object.entries(whole.params)) {
      expect(resumed.params[name].dataSync()).toEqual(t.dataSync());
    }
  },
);

it('has nothing to load before the first save, and passes other errors on', async () => {
  expect(await fileStore(join(folder, 'none')).load()).toBeUndefined();
  await expect(fileStore(folder).load()).rejects.toThrow(/EISDIR/);
  await writeFile(join(folder, 'torn'), 'abc');
  await expect(train(fileStore(join(folder, 'torn')))).rejects.toThrow(/fit \(resume\)/);
  expect(await readdir(folder)).toEqual(['torn']);
});
