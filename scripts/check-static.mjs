// `npm run check:static`: every gate that needs no test run.
import { install, pnpm } from './pnpm.mjs';

install();
for (const gate of ['format:check', 'build', 'typecheck', 'lint', 'knip', 'check:packages'])
  pnpm(['run', gate]);
