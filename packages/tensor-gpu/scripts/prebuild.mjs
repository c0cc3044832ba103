// Run by the package build before tsc: the bundled gpu.js must lie in `dist`, and the compiled core must exist.
import { fileURLToPath } from 'node:url';
import { bundleGpu } from './bundle-gpu.mjs';

await bundleGpu(fileURLToPath(new URL('../dist/gpujs', import.meta.url)));
// Last: it ends the process when there is nothing to do.
await import('./build-core.mjs');
