import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Every workspace member with a `test` folder is one vitest project. */
const members = ['packages', 'apps'].flatMap((parent) =>
  readdirSync(new URL(`./${parent}`, import.meta.url))
    .map((name) => `${parent}/${name}`)
    .filter((folder) => existsSync(new URL(`./${folder}/test`, import.meta.url))),
);

const conditions = ['@weightloom/source', 'node', 'module', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    setupFiles: [fileURLToPath(new URL('./scripts/vitest-setup.mjs', import.meta.url))],
    // Browser tests wait as much as they compute, so two files run side by side even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['packages/*/src/**'] },
    projects: members.map((folder) => ({
      extends: true,
      test: {
        name: folder.split('/')[1],
        root: `./${folder}`,
        include: ['test/**/*.test.ts'],
      },
    })),
  },
});
