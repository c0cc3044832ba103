export { loadAdapter, type LoadAdapterOptions, loadPeftAdapter } from './load-adapter.js';
export { saveAdapter, type SaveAdapterOptions } from './save-adapter.js';
