/** Files that were written to a folder, in the order given; nothing is read until somebody does. */
export const filesOf = (
  directory: FileSystemDirectoryHandle,
  written: readonly { readonly name: string }[],
): Promise<File[]> =>
  Promise.all(written.map(async ({ name }) => (await directory.getFileHandle(name)).getFile()));
