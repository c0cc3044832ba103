// `npm run bench [-- word]`: installs the peers in bench/ (its own lock file), builds, and runs the benchmarks whose name
// holds the word. Timings mean something on a quiet machine only.
import { spawnSync } from 'node:child_process';
import { install, pnpm, root } from './pnpm.mjs';

install();
pnpm(['exec', 'turbo', 'run', 'build', '--filter=@weightloom/tensor-gpu', '--output-logs=errors-only']);
const run = (command, args) => {
  const { status } = spawnSync(command, args, { cwd: `${root}bench`, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
run('npx', ['--yes', 'pnpm@10.34.9', 'install', '--frozen-lockfile']);
run(process.execPath, ['tensor-gpu.mjs', ...process.argv.slice(2)]);
