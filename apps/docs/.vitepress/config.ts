import { existsSync, readFileSync } from 'node:fs';
import { defineConfig, type DefaultTheme } from 'vitepress';
import { paperGroups, publicPackages } from '../scripts/pages.mjs';
import { withSources } from '../scripts/with-sources.mjs';
import { deadLinks } from '../src/node/dead-links.js';

const sidebarFile = new URL('../api/typedoc-sidebar.json', import.meta.url);

const apiSidebar: DefaultTheme.SidebarItem[] = existsSync(sidebarFile)
  ? JSON.parse(readFileSync(sidebarFile, 'utf8'))
  : [];

/** Charts are drawn in light colours unless the page says otherwise. */
const darkCharts = await withSources(async (load): Promise<string> => {
  const { chartVariables } = await load('packages/cli-kit/src/charts/index.ts');
  return `.dark { ${chartVariables('dark')} }`;
});

if (process.argv.includes('build')) await paperGroups(); // now, while the thread is free

/** The single files of tfjs register their kernels and gradients on import, which their package.json does not say of them. */
const wholeTensorflow = {
  name: 'whole-tensorflow',
  transform: (code: string, id: string) =>
    /@tensorflow\/.*\.fesm\.js/.test(id) ? { code, map: null, moduleSideEffects: true } : undefined,
};

export default defineConfig({
  lang: 'en',
  title: 'Weightloom',
  description:
    'A TypeScript toolkit for working on the weights of neural networks, in Node and in a browser tab.',
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: '/logo.svg' }],
    ['style', {}, darkCharts],
    ['meta', { name: 'theme-color', content: '#0e7c86' }],
  ],
  srcExclude: ['README.md', '**/node_modules/**'],
  markdown: { theme: { light: 'github-light', dark: 'github-dark' } },
  vite: {
    // Siblings are read from their sources, so that the site needs no build of them.
    resolve: {
      conditions: ['@weightloom/source'],
      // One file each in place of thousands, which the benchmark loads as a whole anyway.
      alias: ['core', 'backend-webgl', 'backend-webgpu'].map((name) => ({
        find: new RegExp(`^@tensorflow/tfjs-${name}$`),
        replacement: `@tensorflow/tfjs-${name}/dist/tf-${name}.fesm.js`,
      })),
    },
    ssr: { noExternal: [/^@weightloom\//] },
    worker: { format: 'es', plugins: () => [wholeTensorflow] },
    build: { chunkSizeWarningLimit: 1500 },
  },
  buildEnd({ outDir, site }) {
    const dead = deadLinks(outDir, site.base);
    if (dead.length > 0) throw new Error(`dead links in the built site:\n  ${dead.join('\n  ')}`);
  },
  themeConfig: {
    logo: '/logo.svg',
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/guide/getting-started', activeMatch: '^/guide/' },
      {
        text: 'Tools',
        activeMatch: '^/tools/',
        items: [
          { text: 'Merge models', link: '/tools/merge' },
          { text: 'LoRA adapters', link: '/tools/lora' },
          { text: 'Benchmark', link: '/tools/benchmark' },
        ],
      },
      { text: 'Papers', link: '/papers/', activeMatch: '^/papers/' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
    ],
    sidebar: {
      '/guide/': [
        {
          text: 'Start',
          items: [
            { text: 'Getting started', link: '/guide/getting-started' },
            { text: 'Backends and CSP', link: '/guide/backends' },
            { text: 'How claims are checked', link: '/guide/claims' },
          ],
        },
        {
          text: 'Packages',
          items: publicPackages().map(({ folder }) => ({ text: folder, link: `/guide/${folder}` })),
        },
      ],
      '/api/': [{ text: 'API reference', items: apiSidebar }],
    },
    docFooter: { prev: false, next: false },
    footer: { message: 'MIT licensed.' },
  },
});
