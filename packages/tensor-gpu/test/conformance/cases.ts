import { elementwiseRows } from './cases/elementwise.js';
import { indexingCases } from './cases/indexing.js';
import { linearCases } from './cases/linear.js';
import { networkCases } from './cases/networks.js';
import { randomCases } from './cases/random.js';
import { reductionCases } from './cases/reductions.js';
import { shapingCases } from './cases/shaping.js';
import type { Row } from './row.js';

/** The conformance table: every public operation, on every backend, against float64 references. */
export const rows: readonly Row[] = [
  ...elementwiseRows,
  ...reductionCases,
  ...shapingCases,
  ...linearCases,
  ...networkCases,
  ...indexingCases,
  ...randomCases,
];

/** Exports that are no operations on tensors; they have tests of their own. */
export const notOperations: ReadonlySet<string> = new Set([
  ...['availableBackends', 'backendReport', 'resetBackend', 'setBackend', 'setThreads', 'initBackend'],
  ...['BackendError', 'DisposedError', 'DTypeError', 'OutOfMemoryError', 'ShapeError', 'TraceError'],
  ...['copy', 'dispose', 'memory', 'tidy'],
  ...['grad', 'valueAndGrad', 'vjp', 'jvp', 'vmap', 'jit', 'flatten', 'treeLeaves', 'treeMap'],
  ...['Tensor', 'tensor', 'key', 'generator'],
]);
