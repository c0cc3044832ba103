import { binaryCases } from './cases/binary.js';
import { castCases } from './cases/casts.js';
import { comparisonCases } from './cases/comparisons.js';
import { copyCases } from './cases/copies.js';
import { creationCases } from './cases/creation.js';
import { indexingCases } from './cases/indexing.js';
import { linearAlgebraCases } from './cases/linear-algebra.js';
import { linearCases } from './cases/linear.js';
import { networkCases } from './cases/networks.js';
import { randomCases } from './cases/random.js';
import { reductionCases } from './cases/reductions.js';
import { scanCases } from './cases/scans.js';
import { unaryCases } from './cases/unary.js';
import { viewCases } from './cases/views.js';
import type { Row } from './row.js';

/**
 * The conformance table: every public operation, on every backend, against float64 references. A new operation gets a row in the
 * file of its kind; a row is checked on views, compiled, differentiated and batched without saying so.
 */
export const rows: readonly Row[] = [
  ...unaryCases,
  ...binaryCases,
  ...comparisonCases,
  ...castCases,
  ...reductionCases,
  ...scanCases,
  ...viewCases,
  ...copyCases,
  ...creationCases,
  ...linearCases,
  ...linearAlgebraCases,
  ...networkCases,
  ...indexingCases,
  ...randomCases,
];

/** Exports that are no operations on tensors; they have tests of their own. */
export const notOperations: ReadonlySet<string> = new Set([
  ...[
    'availableBackends',
    'backendReport',
    'resetBackend',
    'setBackend',
    'setThreads',
    'initBackend',
    'slab',
  ],
  ...[
    'BackendError',
    'DisposedError',
    'DTypeError',
    'LinAlgError',
    'OutOfMemoryError',
    'ShapeError',
    'TraceError',
  ],
  ...['copy', 'dispose', 'memory', 'tidy'],
  ...['grad', 'valueAndGrad', 'vjp', 'jvp', 'vmap', 'jit', 'flatten', 'treeLeaves', 'treeMap'],
  ...['Tensor', 'tensor', 'key', 'generator'],
]);
