// Builds the package in the current folder: deletes `dist`, then runs tsc with its build settings.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';

rmSync('dist', { recursive: true, force: true });
if (existsSync('scripts/prebuild.mjs')) {
  execFileSync(process.execPath, ['scripts/prebuild.mjs'], { stdio: 'inherit' });
}
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
