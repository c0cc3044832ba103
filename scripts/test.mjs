// `npm test`: installs what the tests need, builds what they test as built, runs every vitest project.
import { install, pnpm } from './pnpm.mjs';

install();
pnpm(['exec', 'vitest', 'run', ...process.argv.slice(2)]);
