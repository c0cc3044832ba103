// Builds the site: the API reference, then the pages. With `--if-stale` only when a source changed since the last build.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { docsFolder, workspaceFolder } from './with-sources.mjs';

const stampFile = `${docsFolder}.vitepress/dist/.sources`;
const outside =
  /(^|\/)(node_modules|dist|\.turbo|coverage)\/|^apps\/docs\/(api|test|\.vitepress\/cache)\/|^packages\/[^/]+\/test\//;

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
