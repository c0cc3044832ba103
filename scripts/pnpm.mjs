// Runs pnpm at the pinned version through npx, so that a machine needs only Node and npm.
import { spawnSync } from 'node:child_process';

export const root = new URL('..', import.meta.url).pathname;
const environment = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', COREPACK_ENABLE_STRICT: '0' };

/** Runs `pnpm ...args` in the workspace root; output goes to stderr when `quiet`, so stdout stays for data. */
export function pnpm(args, { quiet = false } = {}) {
  const result = spawnSync('npx', ['--yes', 'pnpm@10.34.9', ...args], {
    cwd: root,
    env: environment,
    stdio: ['ignore', quiet ? 2 : 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Installs the locked dependencies; fast when nothing changed. */
export const install = (options) => pnpm(['install', '--frozen-lockfile', '--prefer-offline'], options);
