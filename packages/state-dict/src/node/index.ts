export { loadStateDict, type LoadStateDictOptions } from './load-state-dict.js';
export { saveStateDict, type SaveStateDictOptions } from './save-state-dict.js';
