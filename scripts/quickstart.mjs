// `npm run quickstart`: installs, builds what is needed, then runs apps/quickstart. Arguments after `--` are passed on.
import { spawnSync } from 'node:child_process';
import { install, pnpm, root } from './pnpm.mjs';

const quiet = true; // stdout belongs to the program: `--json` must stay parseable
install({ quiet });
pnpm(['exec', 'turbo', 'run', 'build', '--filter=@weightloom/quickstart', '--output-logs=errors-only'], {
  quiet,
});
const run = spawnSync(process.execPath, ['apps/quickstart/dist/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(run.status ?? 1);
