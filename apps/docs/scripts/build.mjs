// Builds the site: the API reference, then the pages. With `--if-stale` only when a source changed since the last build.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { docsFolder, workspaceFolder } from './with-sources.mjs';

const stampFile = `${docsFolder}.vitepress/dist/.sources`;
const outside =
  /(^|\/)(node_modules|dist|\.turbo|coverage)\/|^apps\/docs\/(api|test|\.vitepress\/(cache|building))\/|^packages\/[^/]+\/test\//;

/** A hash of every file the site is made from. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const folder of ['apps/docs', 'packages']) {
    const paths = readdirSync(workspaceFolder + folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`)
      .filter((path) => !outside.test(path.slice(workspaceFolder.length)))
      .sort();
    for (const path of paths)
      hash.update(`${path.slice(workspaceFolder.length)}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

const lock = `${docsFolder}.vitepress/building`;
const ABANDONED_MS = 10 * 60_000; // no build takes as long: whoever held the lock is gone

/** One build at a time: test files that each want the site built may run side by side. */
async function takeLock() {
  for (;;) {
    try {
      mkdirSync(lock);
      process.on('exit', () => rmSync(lock, { recursive: true, force: true }));
      return;
    } catch {
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - since > ABANDONED_MS) rmSync(lock, { recursive: true, force: true });
      else await setTimeout(300);
    }
  }
}

await takeLock();
const current = fingerprint();
const built = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
if (process.argv.includes('--if-stale') && built === current) {
  console.log('site: up to date');
} else {
  const node = (/** @type {string[]} */ ...args) =>
    execFileSync(process.execPath, args, { cwd: docsFolder, stdio: 'inherit' });
  node('scripts/api.mjs');
  const vitepress = dirname(createRequire(import.meta.url).resolve('vitepress/package.json'));
  node(`${vitepress}/bin/vitepress.js`, 'build');
  writeFileSync(stampFile, current);
}
