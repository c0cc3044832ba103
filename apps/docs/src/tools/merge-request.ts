import type { TensorStatistics } from '@weightloom/merging';
import type { PageReport } from './page-report.js';
import type { Folder } from './folder.js';

/** What a merge page wants of its worker. */
export interface MergeRequest {
  readonly recipe: string;
  readonly folders: readonly Folder[];
  readonly options: MergeSettings;
  /** Where to write; without it nothing is written: a dry run. */
  readonly output?: {
    readonly directory: FileSystemDirectoryHandle;
    /** Whether it is storage of the browser, whose room can be asked for first. */
    readonly isPrivate: boolean;
    readonly overwrite: boolean;
  };
  /** A private place for what is needed meanwhile: models with adapters folded in, earlier stages. */
  readonly scratch?: FileSystemDirectoryHandle;
}

export interface MergeSettings {
  readonly seed: number;
  /** As text, such as `5GB`. */
  readonly maxShardSize: string;
  readonly truncateVocabulary: boolean;
  readonly allowCrimes: boolean;
  readonly tensors: 'same' | 'intersection' | 'union';
}

/** One tensor of the output, for a table. */
export interface TensorRow {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface DryRun {
  readonly kind: 'dry-run';
  readonly totalSize: number;
  readonly workingMemory: number;
  readonly layers: number;
  readonly tensors: readonly TensorRow[];
  readonly warnings: readonly string[];
}

export interface Merged {
  readonly kind: 'merged';
  readonly totalSize: number;
  readonly tensorCount: number;
  readonly files: readonly { readonly name: string; readonly byteLength: number }[];
  readonly warnings: readonly string[];
  readonly report: PageReport;
  /** The same as a page of its own. */
  readonly reportHtml: string;
  readonly statistics: readonly TensorStatistics[];
}

export type MergeResult = DryRun | Merged;
