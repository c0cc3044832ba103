import type { Table } from '@weightloom/cli-kit';
import type { LayerFit } from '../extract/extract-adapter.js';

/** How well each update was caught, for people. */
export const fitTable = (layers: readonly LayerFit[]): Table => ({
  columns: ['module', 'rank', '‖ΔW‖', 'relative error'],
  rows: layers.map(({ path, rank, norm, error }) => [path, rank, norm, error]),
});
