import { paperGroups, type PaperRow } from '../../scripts/pages.mjs';

/** The papers of one package. */
export interface PaperGroup {
  readonly package: string;
  readonly description: string;
  readonly papers: readonly PaperRow[];
}

declare const data: readonly PaperGroup[];
export { data };

export default { load: (): Promise<readonly PaperGroup[]> => paperGroups() };
