export { fileSource } from './file-source.js';
export { folderSource, type FolderSourceOptions } from './folder-source.js';
export { openCheckpoint, type OpenCheckpointPathOptions } from './open-checkpoint.js';
export { loadSafetensors } from './load-safetensors.js';
export { fileTarget, type FileTargetOptions } from './file-target.js';
export { folderTarget, type FolderTargetOptions } from './folder-target.js';
export { saveSafetensors } from './save-safetensors.js';
