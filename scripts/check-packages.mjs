// Packs every public package as it would be published and checks the packed file: publint (entry points, files) and
// are-the-types-wrong (types of every entry). Needs a build.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './pnpm.mjs';

const into = mkdtempSync(join(tmpdir(), 'weightloom-pack-'));
let failed = 0;
for (const name of readdirSync(join(root, 'packages')).sort()) {
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (manifest.private) continue;
  execFileSync('npx', ['--yes', 'pnpm@10.34.9', 'pack', '--pack-destination', into], {
    cwd: folder,
    stdio: 'pipe',
  });
  const file = join(into, `weightloom-${name}-${manifest.version}.tgz`);
  const checks = [
    ['publint', file, '--strict'],
    ['attw', file, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii', '--quiet'],
  ];
  const wrong = checks.flatMap(([tool, ...args]) => {
    const result = spawnSync(join(root, 'node_modules/.bin', tool), args, { cwd: root, encoding: 'utf8' });
    return result.status === 0 ? [] : [`${tool}:\n${result.stdout}${result.stderr}`];
  });
  failed += wrong.length;
  console.log(`${manifest.name}: ${wrong.length ? wrong.join('\n') : 'good'}`);
}
rmSync(into, { recursive: true });
process.exit(failed ? 1 : 0);
