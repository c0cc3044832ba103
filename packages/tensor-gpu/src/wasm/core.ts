import { coreBase64, coreThreadedBase64 } from './core.generated.js';

/**
 * Exports of the WebAssembly core (source: `assembly/`).
 *
 * Pointers are byte offsets into the memory, strides and sizes count elements, arrays are dense and row-major where
 * no stride is given. Nothing is checked. Reads may go up to 16 bytes past the end of an operand, writes never do.
 */
export interface CoreExports {
  /** Bytes of workspace for an `M × N × K` product, or for any split of it by rows or columns. */
  sgemmWorkspace(M: number, N: number, K: number): number;

  /**
   * `C[m0:m1, :] = act(alpha · A B + beta · C + bias)` in float32; any split of rows or columns gives the same bits.
   *
   * @param rsA - row stride of A `[M, K]`, `csA` its column stride; likewise for B `[K, N]`
   * @param ldc - row stride of C `[M, N]`; its columns are adjacent
   * @param beta - 0 overwrites C without reading it, 1 adds to it
   * @param bias - 0 for none, else float32 `[N]`
   * @param act - 0 none, 1 relu (a NaN stays)
   * @param ws - workspace of `sgemmWorkspace` bytes
   */
  sgemm(
    m0: number,
    m1: number,
    N: number,
    K: number,
    a: number,
    rsA: number,
    csA: number,
    b: number,
    rsB: number,
    csB: number,
    c: number,
    ldc: number,
    beta: 0 | 1,
    alpha: number,
    bias: number,
    act: number,
    ws: number,
  ): void;

  /** `sgemm` for each of `batch` products, whose operands start `sa`, `sb`, `sc` elements apart (0: shared). */
  sgemmBatched(
    batch: number,
    sa: number,
    sb: number,
    sc: number,
    M: number,
    N: number,
    K: number,
    a: number,
    rsA: number,
    csA: number,
    b: number,
    rsB: number,
    csB: number,
    c: number,
    ldc: number,
    beta: 0 | 1,
    alpha: number,
    bias: number,
    act: number,
    ws: number,
  ): void;

  /** First position of int32 `idx[count]` whose value is outside `0..n-1`, or -1. */
  checkIndices(count: number, n: number, idx: number): number;

  /**
   * `out[b, j, :] = x[b, idx[b, j], :]` on 4-byte elements; x `[batch, n, d]`, idx int32 `[batch, m]`,
   * out `[batch, m, d]`. A batch stride of 0 shares x or idx.
   */
  gatherRows(
    batch: number,
    m: number,
    d: number,
    x: number,
    xBatchStride: number,
    idx: number,
    idxBatchStride: number,
    out: number,
  ): void;

  /**
   * Zeroes out `[batch, n, d]`, then `out[b, idx[b, j], :] += u[b, j, :]` in ascending j; u `[batch, m, d]`.
   * `idxBatchStride` 0 shares idx, `outBatchStride` 0 sums the batch into one `[n, d]`.
   */
  scatterAddRows(
    batch: number,
    n: number,
    m: number,
    d: number,
    idx: number,
    idxBatchStride: number,
    u: number,
    out: number,
    outBatchStride: number,
  ): void;

  /** Int32 position of the first maximum (`isMin` 0) or minimum along the middle axis; the first NaN wins. */
  argReduce(outer: number, n: number, inner: number, x: number, out: number, isMin: 0 | 1): void;

  /**
   * `out[b, (c·kh + i)·kw + j, y·ow + z] = x[b, c, y·sh − ph0 + i·dh, z·sw − pw0 + j·dw]`, `fill` outside of x;
   * x `[B, C, H, W]`, out `[B, C·kh·kw, oh·ow]`.
   */
  unfold2d(
    B: number,
    C: number,
    H: number,
    W: number,
    kh: number,
    kw: number,
    sh: number,
    sw: number,
    ph0: number,
    pw0: number,
    dh: number,
    dw: number,
    oh: number,
    ow: number,
    fill: number,
    x: number,
    out: number,
  ): void;

  /** Transpose of `unfold2d`: zeroes out `[B, C, H, W]`, then adds each window element in ascending (i, j). */
  fold2d(
    B: number,
    C: number,
    H: number,
    W: number,
    kh: number,
    kw: number,
    sh: number,
    sw: number,
    ph0: number,
    pw0: number,
    dh: number,
    dw: number,
    oh: number,
    ow: number,
    x: number,
    out: number,
  ): void;

  /** `out[2i], out[2i + 1] = threefry2x32((k0, k1), (start + i, 0))`, uint32, for i in `0..n`. */
  threefry2x32(k0: number, k1: number, start: number, n: number, out: number): void;

  /** Two uint32 `threefry2x32((k0, k1), (c0, c1))` at out. */
  threefryHash(k0: number, k1: number, c0: number, c1: number, out: number): void;

  /** uint32 `bits[n]` to float32 in `[lo, hi)`: `lo + (hi − lo) · u`, u the upper 24 bits over 2^24. */
  bitsToUniform(n: number, bits: number, out: number, lo: number, hi: number): void;

  /**
   * `n` standard normal float32 by Box and Muller in float64, the same on every machine; words `2i, 2i + 1` of `bits`
   * give values `2i, 2i + 1`, so an odd n still needs n + 1 words. `|out| ≤ 6.77`.
   */
  bitsToNormal(n: number, bits: number, out: number): void;

  /**
   * Stable order of each row of float32 x `[rows, n]` as int32; a NaN comes last in both directions, −0 equals 0.
   * `ws` takes `8 n` bytes.
   */
  argsortRows(rows: number, n: number, x: number, out: number, ws: number, descending: 0 | 1): void;

  /** `argsortRows` for int32 x. */
  argsortRowsI32(rows: number, n: number, x: number, out: number, ws: number, descending: 0 | 1): void;

  /**
   * Running sums of float32 x `[outer, n, inner]` along the middle axis, from its end when `reverse`; added in
   * float64, each result rounded once. `out` may be `x`.
   */
  cumsumRows(outer: number, n: number, inner: number, x: number, out: number, reverse: 0 | 1): void;

  /** `cumsumRows` for int32, wrapping at 2^32. */
  cumsumRowsI32(outer: number, n: number, inner: number, x: number, out: number, reverse: 0 | 1): void;

  /** float32 to bfloat16, ties to even; overflow gives infinity, a NaN stays a NaN of its sign. */
  f32ToBf16(n: number, x: number, out: number): void;

  /** bfloat16 to float32, exact. */
  bf16ToF32(n: number, x: number, out: number): void;

  /** float32 to float16, ties to even, subnormals included; 65520 and more give infinity, a NaN stays a NaN. */
  f32ToF16(n: number, x: number, out: number): void;

  /** float16 to float32, exact. */
  f16ToF32(n: number, x: number, out: number): void;

  /** int8 to float32: `out[i] = x[i] · scale`. */
  i8ToF32(n: number, x: number, scale: number, out: number): void;

  /** float32 to int8: `x[i] / scale` rounded half to even and clamped to −128..127; a NaN gives 0. */
  f32ToI8(n: number, x: number, scale: number, out: number): void;

  /** float64 to float32, ties to even. */
  f64ToF32(n: number, x: number, out: number): void;

  /** `n` 4-byte words of value `bits`. */
  fill32(n: number, bits: number, out: number): void;

  /** Copies bytes; the ranges may overlap. */
  copy(bytes: number, from: number, to: number): void;

  /** `out[j, i] = x[i, j]` on 4-byte elements, x `[rows, cols]`; `ldx`, `ldo` are row strides in elements. */
  transpose2d(rows: number, cols: number, x: number, ldx: number, out: number, ldo: number): void;
}

let plain: WebAssembly.Module | undefined;
let threaded: WebAssembly.Module | undefined;

/** Compiled core; pass it to workers, which instantiate it over the same shared memory. */
export function coreModule(shared: boolean): WebAssembly.Module {
  if (shared) return (threaded ??= compile(coreThreadedBase64));
  return (plain ??= compile(coreBase64));
}

/** The core over `memory`, whose kind (shared or not) chooses the build. Shared memory needs a maximum. */
export function instantiateCore(memory: WebAssembly.Memory): CoreExports {
  const shared =
    typeof SharedArrayBuffer !== 'undefined' &&
    (memory.buffer as ArrayBufferLike) instanceof SharedArrayBuffer;
  const { exports } = new WebAssembly.Instance(coreModule(shared), { env: { memory } });
  return exports as unknown as CoreExports;
}

function compile(base64: string): WebAssembly.Module {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new WebAssembly.Module(bytes);
}
