import { ref, shallowRef } from 'vue';
import type { Folder } from '../../src/tools/folder.js';
import type { FolderSummary } from '../../src/tools/inspect-folder.js';
import { inspectFolders } from '../../src/tools/start-merge.js';

/** The folders a visitor gave to a page, each with what its headers tell. */
export function useFolders() {
  const folders = shallowRef<readonly Folder[]>([]);
  const summaries = shallowRef<readonly FolderSummary[]>([]);
  const fault = ref('');

  /** A folder of the same path takes the place of the one before. */
  async function addFolders(added: readonly Folder[]): Promise<void> {
    fault.value = '';
    try {
      const found = await inspectFolders(added);
      const isOld = ({ path }: { readonly path: string }) => added.every((folder) => folder.path !== path);
      folders.value = [...folders.value.filter(isOld), ...added];
      summaries.value = [...summaries.value.filter(isOld), ...found];
    } catch (error) {
      fault.value = error instanceof Error ? error.message : String(error);
    }
  }

  function removeFolder(path: string): void {
    folders.value = folders.value.filter((folder) => folder.path !== path);
    summaries.value = summaries.value.filter((folder) => folder.path !== path);
  }

  return { folders, summaries, fault, addFolders, removeFolder };
}
