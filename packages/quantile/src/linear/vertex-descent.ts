import { invert } from '../internal/invert.js';
import { weightedSelect } from '../internal/weighted-select.js';
import type { PinballProblem, Vertex } from './pinball-problem.js';

/** A dual variable may leave its box by this share of the box before a pivot follows. */
const DUAL_TOLERANCE = 1e-10;
/** A row whose fit changes less than this along an edge of unit length counts as parallel to it (a copy of a basis row). */
const PARALLEL = 1e-11;
/** Pivots between two fresh inversions of the basis. */
const REFRESH = 50;
/** Pivots without progress before the tied rows are moved apart. */
const STALL = 8;
/** How far tied rows are moved apart, in units of `scale`. */
const SHIFT = 1e-9;
/** Multiples of it modulo 1 spread evenly, so no two tied rows move alike. */
const GOLDEN = 0.6180339887498949;

export interface VertexDescentOptions {
  /** Rows fitted exactly at the start, `[d]`, independent. */
  readonly basis: Int32Array;
  /** Sides of the rows at the start; by default those of the start plane. */
  readonly side?: Int8Array;
  /** Unit of `y`, for the decision that a residual is zero. */
  readonly scale: number;
}

export interface VertexDescent extends Vertex {
  /** Dual variables of the basis rows, `[d]`, inside `[-down, up]`. */
  readonly dual: Float64Array;
  readonly inverse: Float64Array;
  readonly pivots: number;
}

/**
 * Walks from vertex to vertex of the pinball program until no edge leads down: the exact optimum.
 *
 * Each pivot lets go of the basis row whose dual variable is furthest outside its box (steepest edge) and follows that
 * edge through as many kinks as still lead down (the long step of Barrodale and Roberts), which is one weighted
 * selection. Where ties stop all progress, the tied rows are moved apart by about 1e-9 of `scale`; the shifts are taken
 * back at the end and the descent goes on from there if that left any row on the wrong side.
 *
 * @see Barrodale, Roberts 1973, SIAM J. Numer. Anal. 10; Bloomfield, Steiger 1980, SIAM J. Sci. Stat. Comput. 1
 * @throws {Error} when it does not end within `200 + 50 d + 20 n` pivots
 */
export function vertexDescent(problem: PinballProblem, options: VertexDescentOptions): VertexDescent {
  const { z, d, up, down } = problem;
  const n = up.length;
  const y = problem.y.slice();
  const zero = 1e-13 * options.scale * d;
  const basis = options.basis.slice();
  const side = options.side?.slice() ?? new Int8Array(n).fill(1);
  const b = new Float64Array(d);
  const r = new Float64Array(n);
  const g = new Float64Array(d);
  const along = new Float64Array(n);
  const edge = new Float64Array(d);
  const keys = new Float64Array(n);
  const weights = new Float64Array(n);
  const ids = new Int32Array(n);
  const maxPivots = 200 + 50 * d + 20 * n;
  let inverse: Float64Array = new Float64Array(d * d);
  let shift = SHIFT * options.scale;
  let stalled = 0;
  let pivots = 0;

  /** Recomputes plane, residuals, sides and gradient from the basis; rows clearly on the other side change side. */
  const refresh = (): void => {
    const rows = new Float64Array(d * d);
    basis.forEach((row, j) => rows.set(z.subarray(row * d, (row + 1) * d), j * d));
    const fresh = invert(rows, d);
    if (!fresh) throw new Error('vertexDescent: the basis became singular');
    inverse = fresh;
    for (let l = 0; l < d; l++) {
      b[l] = 0;
      for (let j = 0; j < d; j++) b[l]! += inverse[l * d + j]! * y[basis[j]!]!;
    }
    for (const row of basis) side[row] = 0;
    g.fill(0);
    for (let i = 0, at = 0; i < n; i++, at += d) {
      let value = y[i]!;
      for (let j = 0; j < d; j++) value -= z[at + j]! * b[j]!;
      r[i] = value;
      if (side[i] === 0) {
        r[i] = 0;
        continue;
      }
      if (value > zero) side[i] = 1;
      else if (value < -zero) side[i] = -1;
      const cost = side[i]! > 0 ? up[i]! : -down[i]!;
      for (let j = 0; j < d; j++) g[j]! += cost * z[at + j]!;
    }
  };

  /** The basis position whose release leads down most steeply, with the way its residual must go, or none. */
  const steepest = (): { position: number; way: number; slope: number } | undefined => {
    let found: { position: number; way: number; slope: number } | undefined;
    let steepestRate = 0;
    for (let j = 0; j < d; j++) {
      let dual = 0;
      let size = 0;
      for (let l = 0; l < d; l++) {
        dual -= inverse[l * d + j]! * g[l]!;
        size += inverse[l * d + j]! ** 2;
      }
      const row = basis[j]!;
      const over = Math.max(dual - up[row]!, -down[row]! - dual);
      if (over <= DUAL_TOLERANCE * (up[row]! + down[row]!)) continue;
      const rate = over / Math.sqrt(size);
      if (rate <= steepestRate) continue;
      steepestRate = rate;
      found = { position: j, way: dual > up[row]! ? 1 : -1, slope: -over };
    }
    return found;
  };

  const addRow = (row: number, factor: number): void => {
    for (let j = 0; j < d; j++) g[j]! += factor * z[row * d + j]!;
  };

  const pivot = ({ position, way, slope }: { position: number; way: number; slope: number }): void => {
    let size = 0;
    for (let l = 0; l < d; l++) {
      edge[l] = -way * inverse[l * d + position]!;
      size += edge[l]! ** 2;
    }
    const small = PARALLEL * Math.sqrt(size * d);
    let count = 0;
    for (let i = 0, at = 0; i < n; i++, at += d) {
      let v = 0;
      for (let j = 0; j < d; j++) v += z[at + j]! * edge[j]!;
      along[i] = v;
      if (side[i]! * v <= small) continue;
      keys[count] = Math.max(r[i]! / v, 0);
      weights[count] = (up[i]! + down[i]!) * Math.abs(v);
      ids[count++] = i;
    }
    const stop = weightedSelect(keys, weights, ids, count, -slope);
    if (stop >= count) throw new Error('vertexDescent: the program has no minimum');
    const length = keys[stop]!;
    for (let c = 0; c < stop; c++) {
      const row = ids[c]!;
      addRow(row, -side[row]! * (up[row]! + down[row]!));
      side[row] = -side[row]!;
    }
    const entering = ids[stop]!;
    const leaving = basis[position]!;
    addRow(entering, side[entering]! > 0 ? -up[entering]! : down[entering]!);
    addRow(leaving, way > 0 ? up[leaving]! : -down[leaving]!);
    side[entering] = 0;
    side[leaving] = way;
    basis[position] = entering;
    if (length > 0) for (let i = 0; i < n; i++) r[i]! -= length * along[i]!;
    r[entering] = 0;
    for (let j = 0; j < d; j++) b[j]! += length * edge[j]!;
    replaceRow(inverse, z.subarray(entering * d, (entering + 1) * d), position);
    stalled = length > zero ? 0 : stalled + 1;
  };

  /** Moves every tied row a little further to its own side, so that the next pivots have a length. */
  const separate = (): void => {
    for (let i = 0; i < n; i++) {
      if (side[i] === 0 || Math.abs(r[i]!) > shift) continue;
      const move = side[i]! * shift * (1 + ((i * GOLDEN) % 1)) - r[i]!;
      y[i]! += move;
      r[i]! += move;
    }
    shift /= 4;
    stalled = 0;
  };

  refresh();
  for (let exact = true; ;) {
    const release = steepest();
    if (!release && exact) break;
    if (!release) {
      y.set(problem.y);
      refresh();
      exact = true;
      continue;
    }
    if (++pivots > maxPivots) throw new Error(`vertexDescent: no optimum after ${maxPivots} pivots`);
    if (stalled >= STALL) separate();
    pivot(release);
    exact = false;
    if (pivots % REFRESH === 0) refresh();
  }

  const dual = new Float64Array(d);
  for (let j = 0; j < d; j++) for (let l = 0; l < d; l++) dual[j]! -= inverse[l * d + j]! * g[l]!;
  return { coefficients: b, basis, side, dual, inverse, pivots };
}

/** Inverse of the basis after the row at `position` became `row` (a rank-one update, in place). */
function replaceRow(inverse: Float64Array, row: Float64Array, position: number): void {
  const d = row.length;
  const shares = new Float64Array(d);
  for (let j = 0; j < d; j++) for (let l = 0; l < d; l++) shares[j]! += row[l]! * inverse[l * d + j]!;
  const pivot = shares[position]!;
  for (let l = 0; l < d; l++) {
    const value = inverse[l * d + position]! / pivot;
    for (let j = 0; j < d; j++) inverse[l * d + j]! -= shares[j]! * value;
    inverse[l * d + position] = value;
  }
}
