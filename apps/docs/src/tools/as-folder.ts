import type { Folder } from './folder.js';
import type { SampleFolder } from './sample-models.js';

/** Files in memory as a folder that a visitor might have given. */
export const asFolder = ({ path, files }: SampleFolder): Folder => ({
  path,
  files: [...files].map(([name, bytes]) => new File([bytes], name)),
});
