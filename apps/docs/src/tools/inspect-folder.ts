import { CheckpointError } from '@weightloom/checkpoint';
import { type Folder, openFolder, textOf } from './folder.js';

/** What the headers of a folder tell, or why it is refused. */
export interface FolderSummary {
  readonly path: string;
  readonly kind: 'model' | 'adapter';
  readonly architecture: string;
  readonly tensors: number;
  readonly parameters: number;
  readonly bytes: number;
  readonly dtypes: readonly string[];
  readonly warnings: readonly string[];
  /** Set when it is refused: the name of the fault, and the words. */
  readonly fault?: { readonly code: string; readonly message: string };
}

/** Reads and checks the headers of a folder; no weights are read. */
export async function inspectFolder(folder: Folder): Promise<FolderSummary> {
  const kind = folder.files.some(({ name }) => name === 'adapter_config.json') ? 'adapter' : 'model';
  const empty = { path: folder.path, kind, architecture: '', tensors: 0, parameters: 0, bytes: 0 } as const;
  try {
    const checkpoint = await openFolder(folder);
    const tensors = [...checkpoint.tensors.values()];
    await checkpoint.close();
    return {
      ...empty,
      architecture: await architectureOf(folder),
      tensors: tensors.length,
      parameters: tensors.reduce((sum, { shape }) => sum + shape.reduce((n, d) => n * d, 1), 0),
      bytes: tensors.reduce((sum, { byteLength }) => sum + byteLength, 0),
      dtypes: [...new Set(tensors.map(({ dtype }) => dtype))],
      warnings: checkpoint.warnings,
    };
  } catch (error) {
    const code = CheckpointError.isInstance(error) ? error.code : 'unreadable';
    const message = error instanceof Error ? error.message : String(error);
    return { ...empty, dtypes: [], warnings: [], fault: { code, message } };
  }
}

/** As the configuration names it; nothing where that cannot be told. */
async function architectureOf(folder: Folder): Promise<string> {
  try {
    const config = JSON.parse((await textOf(folder, 'config.json')) ?? '{}') as Record<string, unknown>;
    const { architectures } = config;
    return Array.isArray(architectures) && typeof architectures[0] === 'string' ? architectures[0] : '';
  } catch {
    return '';
  }
}
