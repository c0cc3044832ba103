export { type StateDict, stateDict } from './state-dict.js';
export { StateDictError, type StateDictErrorFields } from './state-dict-error.js';
export {
  assertSameStructure,
  type AssertSameStructureOptions,
  type Structure,
} from './assert-same-structure.js';

export { isFloat } from './internal/is-float.js';
export { mapTensors } from './map-tensors.js';
export { zipTensors } from './zip-tensors.js';
export { add } from './add.js';
export { subtract } from './subtract.js';
export { scale } from './scale.js';
export { weightedSum } from './weighted-sum.js';
export { dot } from './dot.js';
export { norm } from './norm.js';
export { cosine } from './cosine.js';
export { electSign, type ElectSignOptions } from './elect-sign.js';
export { applyMask } from './apply-mask.js';
export { sparsify, type SparsifyOptions } from './sparsify.js';

export { toTensors, type ToTensorsOptions } from './to-tensors.js';
export { fromTensors, type FromTensorsOptions } from './from-tensors.js';

export type {
  Block,
  ChunkedMethod,
  ChunkedProgram,
  ChunkedTensor,
  Pass,
  StoredChunk,
} from './chunked/chunked-method.js';
export type { ChunkedSink, ChunkedTask } from './chunked/chunked-task.js';
export type { TensorSource } from './chunked/tensor-source.js';
export { runInMemory, type RunInMemoryOptions } from './chunked/run-in-memory.js';
export { runChunked, type RunChunkedOptions } from './chunked/run-chunked.js';
export { runTasks, type RunTasksOptions } from './chunked/run-tasks.js';
export { workingMemory } from './chunked/internal/plan-steps.js';
export { isComputed } from './chunked/is-computed.js';
export { rawTensorSource } from './chunked/raw-tensor-source.js';
export { checkpointTensorSource } from './chunked/checkpoint-tensor-source.js';
export { combineInto } from './chunked/combine-into.js';
export { type FactorPair, productAdder, productWorkspace } from './chunked/product-adder.js';
export { rankWindow, type RankWindow } from './chunked/rank-window.js';
export { rankValues, type RankValues } from './chunked/rank-values.js';
export { blockRandom } from './chunked/block-random.js';
