import { createServer } from 'vite';

/** The folder of this app, with a slash at its end. */
export const docsFolder = new URL('..', import.meta.url).pathname;

/** The root of the workspace, with a slash at its end. */
export const workspaceFolder = new URL('../../..', import.meta.url).pathname;

const conditions = ['@weightloom/source', 'node', 'module', 'import', 'default'];

/**
 * Calls `use` with a function that imports TypeScript sources of the workspace in Node, packages from their sources.
 * The modules work until `use` has finished.
 *
 * @template T
 * @param {(load: (path: string) => Promise<Record<string, any>>) => Promise<T>} use - its argument takes a path from the workspace's root
 * @returns {Promise<T>}
 */
export async function withSources(use) {
  const server = await createServer({
    configFile: false,
    root: workspaceFolder,
    cacheDir: `${docsFolder}.vitepress/cache/sources`,
    appType: 'custom',
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true, include: [] },
    oxc: { target: 'es2022' }, // Node 20 knows no `using`

    resolve: { conditions },
    ssr: { noExternal: [/^@weightloom\//], resolve: { conditions, externalConditions: conditions } },
  });
  try {
    return await use((path) => server.ssrLoadModule(workspaceFolder + path));
  } finally {
    await server.close();
  }
}
