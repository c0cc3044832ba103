export {
  availableBackends,
  backendReport,
  type BackendReport,
  resetBackend,
  setBackend,
  setThreads,
} from './backend.js';
export {
  BackendError,
  DisposedError,
  DTypeError,
  type ErrorDetails,
  OutOfMemoryError,
  ShapeError,
  TraceError,
} from './errors.js';
export type { BackendName, MemoryReport } from './executor.js';
export { initBackend } from './gpujs/init-backend.js';
export { copy, dispose, memory, tidy } from './memory.js';
export { gelu, leakyRelu, logSoftmax, relu, silu, softmax, softplus } from './ops/activations.js';
export {
  abs,
  add,
  cast,
  ceil,
  clip,
  cos,
  div,
  equal,
  erf,
  exp,
  expm1,
  floor,
  greater,
  greaterEqual,
  isFinite,
  isNaN,
  less,
  lessEqual,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  notEqual,
  pow,
  reciprocal,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sqrt,
  square,
  sub,
  tanh,
  where,
} from './ops/arithmetic.js';
export { type AttentionOptions, scaledDotProductAttention } from './ops/attention.js';
export {
  avgPool2d,
  conv1d,
  conv2d,
  type ConvOptions,
  maxPool2d,
  unfold2d,
  type WindowOptions,
} from './ops/convolution.js';
export { arange, eye, full, linspace, ones, onesLike, zeros, zerosLike } from './ops/creation.js';
export { checkpoint, customGrad, type CustomGradResult, stopGradient } from './ops/custom.js';
export { embedding, oneHot, scatterAdd, take, takeAlongAxis, tril } from './ops/indexing.js';
export { einsum, matmul } from './ops/matmul.js';
export { batchNorm, type BatchNormResult, groupNorm, layerNorm, rmsNorm } from './ops/normalization.js';
export {
  all,
  any,
  argmax,
  argmin,
  cumsum,
  logSumExp,
  max,
  mean,
  min,
  norm,
  prod,
  type ReduceOptions,
  sum,
  variance,
} from './ops/reductions.js';
export {
  broadcastTo,
  concat,
  expandDims,
  flip,
  moveAxis,
  pad,
  repeat,
  reshape,
  slice,
  split as splitAxis,
  squeeze,
  stack,
  swapAxes,
  tile,
  transpose,
} from './ops/shaping.js';
export { argsort, median, quantile, sort, type SortOptions, topK } from './ops/sorting.js';
export {
  bernoulli,
  categorical,
  normal,
  permutation,
  rademacher,
  randomBits,
  randomInt,
  uniform,
} from './random/draws.js';
export { type Generator, generator } from './random/generator.js';
export { foldIn, type Key, key, split } from './random/key.js';
export { type Slab, slab } from './slab.js';
export type { DType } from './tensor/dtype.js';
export type { Shape } from './tensor/shape.js';
export { Tensor, tensor, type TensorData, type TensorLike, type TensorValues } from './tensor/tensor.js';
export { grad, type GradOptions, valueAndGrad, vjp } from './trace/grad.js';
export { jit, type JitExplanation, type JitOptions, type Jitted } from './trace/jit.js';
export { jvp } from './trace/jvp.js';
export { flatten, treeLeaves, treeMap } from './trace/tree.js';
export { type InAxes, vmap, type VmapOptions } from './trace/vmap.js';
export { cholesky } from './linalg/cholesky.js';
export {
  conjugateGradient,
  type ConjugateGradientOptions,
  type ConjugateGradientResult,
} from './linalg/conjugate-gradient.js';
export { det } from './linalg/det.js';
export { eigh, type EighResult } from './linalg/eigh.js';
export type { EighMethod } from './linalg/dense/symmetric-eigen.js';
export type { SvdMethod } from './linalg/dense/thin-svd.js';
export { lanczos, type LanczosOptions, type LanczosResult, type SpectrumEnd } from './linalg/lanczos.js';
export { LinAlgError } from './linalg/lin-alg-error.js';
export type { LinearOperator } from './linalg/linear-operator.js';
export { lstsq, type LstsqOptions, type LstsqResult } from './linalg/lstsq.js';
export {
  powerIteration,
  type PowerIterationOptions,
  type PowerIterationResult,
} from './linalg/power-iteration.js';
export { qr, type QrOptions, type QrResult } from './linalg/qr.js';
export {
  randomizedSvd,
  type RandomizedSvdOptions,
  type RandomizedSvdResult,
} from './linalg/randomized-svd.js';
export { inv, solve } from './linalg/solve.js';
export { svd, type SvdOptions, type SvdResult } from './linalg/svd.js';
export { orthogonal } from './random/orthogonal.js';
export { truncatedNormal } from './random/truncated-normal.js';
