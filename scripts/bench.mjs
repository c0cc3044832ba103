// `npm run bench [-- suite [word]]`: installs the peers in bench/ (its own lock file), builds, and runs the benchmarks of a suite, or those
// whose name holds the word. Timings mean something on a quiet machine only.
import { spawnSync } from 'node:child_process';
import { install, pnpm, root } from './pnpm.mjs';

/** What runs, by suite; those that need much disk, much time or a GPU run only when they are named. */
const suites = {
  'tensor-gpu': ['tensor-gpu.mjs'],
  nn: ['nn.mjs'],
  lora: ['lora.mjs'],
  merging: ['merging/fisher.mjs', 'merging/weight-matching.mjs'],
  quantile: ['quantile/speed.mjs'],
};
const onlyByName = {
  checkpoints: ['checkpoints/run.mjs'], // 20 GB of disk
  'quantile-order': ['quantile/uci-order.mjs'], // half an hour
  gpu: ['gpu/run.mjs'],
};

const [suite, ...rest] = process.argv.slice(2);
const chosen = suite === undefined ? suites : { ...suites, ...onlyByName };
const files = suite === undefined ? Object.values(chosen).flat() : chosen[suite];
if (!files) {
  const names = [...Object.keys(suites), ...Object.keys(onlyByName)].join(', ');
  console.error(`bench: expected one of ${names}; received ${suite}`);
  process.exit(2);
}
install();
pnpm(['exec', 'turbo', 'run', 'build', '--filter=./packages/*', '--output-logs=errors-only']);
const run = (command, args) => {
  const { status } = spawnSync(command, args, { cwd: `${root}bench`, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
run('npx', ['--yes', 'pnpm@10.34.9', 'install', '--frozen-lockfile']);
for (const file of files) run(process.execPath, [file, ...rest]);
if (suite === undefined) {
  console.log(`\nnot run, name them: ${Object.keys(onlyByName).join(', ')}`);
}
