import type { AdapterInspection, AdapterLayout, CombinationType, ConversionReport } from '@weightloom/lora';
import type { DrawnChart } from '../draw-chart.js';
import type { Folder } from './folder.js';

/** What the page of adapters wants of its worker. */
export type LoraJob =
  | { readonly job: 'samples' }
  | { readonly job: 'inspect'; readonly folders: readonly Folder[]; readonly part: string }
  | ({ readonly job: 'combine' } & CombineRequest)
  | ({ readonly job: 'convert' } & ConvertRequest);

export interface CombineRequest {
  readonly folders: readonly Folder[];
  readonly part: string;
  readonly chosen: readonly { readonly path: string; readonly weight: number }[];
  readonly type: CombinationType;
  readonly svdRank?: number | undefined;
  readonly density?: number | undefined;
  readonly seed: number;
  readonly dropSaved: boolean;
}

export interface ConvertRequest {
  readonly folders: readonly Folder[];
  readonly path: string;
  readonly part: string;
  readonly to: AdapterLayout;
}

/** One adapter, looked at. */
export interface AdapterView {
  /** The part of the pipeline, where the file has several. */
  readonly part: string;
  readonly inspection: AdapterInspection;
  readonly charts: readonly DrawnChart[];
}

/** What a folder turned out to be. */
export interface LoraSummary {
  readonly path: string;
  readonly role: 'adapter' | 'base';
  readonly layout?: AdapterLayout;
  readonly views: readonly AdapterView[];
  /** A line about what can only be named: a base, or a method other than LoRA. */
  readonly note: string;
  readonly left: ConversionReport['left'];
  readonly fault?: { readonly code: string; readonly message: string };
}

/** Files made, and how. */
export interface LoraOutput {
  readonly files: readonly File[];
  readonly views: readonly AdapterView[];
  readonly left: ConversionReport['left'];
  readonly mapped: ConversionReport['mapped'];
  readonly warnings: readonly string[];
}
