import { defineConfig } from 'vite';
import { isolationHeaders } from './src/isolation-headers.js';

/** Serves the built site with the headers it should have where it is hosted. */
export default defineConfig({
  root: import.meta.dirname,
  appType: 'mpa',
  build: { outDir: '.vitepress/dist' },
  preview: { host: '127.0.0.1', headers: isolationHeaders },
});
