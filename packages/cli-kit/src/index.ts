export { formatBytes } from './format-bytes.js';
export { formatDuration } from './format-duration.js';
export { formatNumber } from './format-number.js';
export { formatTable, type FormatTableOptions } from './format-table.js';
export type { Table, TableCell, TableColumn } from './table.js';
