import { toVector } from '../internal/matrix.js';
import { checkAlpha, shortageReason } from './conformal-quantile.js';
import type { Intervals } from './intervals.js';
import { closeIntervals, orderBounds } from './intervals.js';
import type { ScoreWindow } from './score-window.js';
import { scoreWindow } from './score-window.js';

/**
 * Which side of a band is guarded, and how.
 * - `symmetric`: one threshold moves both ends by the same amount; coverage `1 - α`.
 * - `asymmetric`: each end has its own threshold at `α/2`; each side misses at most `α/2`.
 * - `lower`: `[lower, +∞)`, misses at most `α` below. `upper`: `(-∞, upper]`, misses at most `α` above.
 */
export type Tails = 'symmetric' | 'asymmetric' | 'lower' | 'upper';

/** A label of a Mondrian group. */
export type GroupLabel = string | number;

/** What travels beside predictions, `[n]` each: positive scales and group labels. */
export interface BandExtras {
  /** `σ(x) > 0`, `[n]`: scores are divided by it and margins multiplied (locally weighted conformal). */
  readonly scales?: ArrayLike<number> | undefined;
  /** GroupLabel labels, `[n]`: each group is calibrated by its own scores (Mondrian conformal). */
  readonly groups?: ArrayLike<GroupLabel> | undefined;
}

export interface BandOptions {
  /** Miscoverage, in (0, 1). */
  readonly alpha: number;
  /** Default `symmetric`. */
  readonly tails?: Tails | undefined;
  /** How many of the newest scores each group keeps; default all. */
  readonly window?: number | undefined;
}

/** Everything a calibrated band knows, ready for JSON. `scores[t]` are in order of arrival, one list per threshold. */
export interface BandState {
  readonly alpha: number;
  readonly tails: Tails;
  readonly window: number | null;
  readonly scaled: boolean;
  readonly grouped: boolean;
  readonly groups: readonly {
    readonly group: GroupLabel | null;
    readonly scores: readonly (readonly number[])[];
  }[];
}

/** The engine under split conformal and CQR: a base band `[lower, upper]` and how far its ends must move. */
export interface Band {
  intervals(lower: ArrayLike<number>, upper: ArrayLike<number>, extras?: BandExtras): Intervals;
  update(lower: ArrayLike<number>, upper: ArrayLike<number>, y: ArrayLike<number>, extras?: BandExtras): void;
  state(): BandState;
}

const TRACKS: Record<Tails, readonly ('both' | 'below' | 'above')[]> = {
  symmetric: ['both'],
  asymmetric: ['below', 'above'],
  lower: ['below'],
  upper: ['above'],
};

export function emptyBandState(where: string, options: BandOptions, extras: BandExtras): BandState {
  checkAlpha(where, options.alpha);
  const { alpha, tails = 'symmetric', window } = options;
  if (!(tails in TRACKS))
    throw new RangeError(`${where}: tails is "${tails}", expected one of ${Object.keys(TRACKS).join(', ')}`);
  if (window !== undefined && !(Number.isInteger(window) && window > 0))
    throw new RangeError(`${where}: window is ${window}, expected an integer above 0`);
  const scaled = extras.scales !== undefined;
  return { alpha, tails, window: window ?? null, scaled, grouped: extras.groups !== undefined, groups: [] };
}

export function band(where: string, state: BandState): Band {
  checkState(where, state);
  const { alpha, tails } = state;
  const tracks = TRACKS[tails];
  const level = tails === 'asymmetric' ? alpha / 2 : alpha;
  const capacity = state.window ?? Infinity;
  const windows = new Map<GroupLabel | null, ScoreWindow[]>(
    state.groups.map(({ group, scores }) => [group, scores.map((list) => scoreWindow(list, capacity))]),
  );

  function read(lower: ArrayLike<number>, upper: ArrayLike<number>, extras: BandExtras) {
    const low = toVector(where, 'lower', lower);
    const high = toVector(where, 'upper', upper, low.length);
    const swapped = orderBounds(low, high);
    requireSame(where, 'scales', state.scaled, extras.scales !== undefined);
    requireSame(where, 'groups', state.grouped, extras.groups !== undefined);
    const scales = extras.scales && toVector(where, 'scales', extras.scales, low.length);
    const bad = scales ? scales.findIndex((value) => value <= 0) : -1;
    if (bad >= 0)
      throw new RangeError(`${where}: scales[${bad}] is ${scales![bad]}, expected a number above 0`);
    if (extras.groups && extras.groups.length !== low.length)
      throw new RangeError(`${where}: groups has ${extras.groups.length} labels, expected ${low.length}`);
    return { low, high, swapped, scales, groups: extras.groups };
  }

  return {
    update(lower, upper, y, extras = {}) {
      const { low, high, scales, groups } = read(lower, upper, extras);
      const outcomes = toVector(where, 'y', y, low.length);
      const fresh = new Map<GroupLabel | null, number[][]>();
      for (let i = 0; i < outcomes.length; i++) {
        const group = groups ? groups[i]! : null;
        let lists = fresh.get(group);
        if (!lists) fresh.set(group, (lists = tracks.map(() => [])));
        const scale = scales ? scales[i]! : 1;
        const below = (low[i]! - outcomes[i]!) / scale;
        const above = (outcomes[i]! - high[i]!) / scale;
        const score = { below, above, both: Math.max(below, above) };
        for (let t = 0; t < tracks.length; t++) lists[t]!.push(score[tracks[t]!]);
      }
      for (const [group, lists] of fresh) {
        if (!windows.has(group))
          windows.set(
            group,
            tracks.map(() => scoreWindow([], capacity)),
          );
        windows.get(group)!.forEach((window, t) => window.add(lists[t]!));
      }
    },

    intervals(lower, upper, extras = {}) {
      const { low, high, swapped, scales, groups } = read(lower, upper, extras);
      const reasons = new Set<string>();
      const margins = new Map<GroupLabel | null, readonly number[]>();
      const marginsOf = (group: GroupLabel | null): readonly number[] => {
        const known = margins.get(group);
        if (known) return known;
        const mine = windows.get(group) ?? [];
        const reason = shortageReason(mine[0]?.sorted().length ?? 0, level);
        if (reason) reasons.add(group === null ? reason : `group ${JSON.stringify(group)}: ${reason}`);
        const thresholds = reason
          ? tracks.map(() => Infinity)
          : mine.map((window) => window.threshold(level));
        margins.set(group, thresholds);
        return thresholds;
      };
      for (let i = 0; i < low.length; i++) {
        const scale = scales ? scales[i]! : 1;
        const margin = marginsOf(groups ? groups[i]! : null);
        low[i] = tails === 'upper' ? -Infinity : low[i]! - margin[0]! * scale;
        high[i] = tails === 'lower' ? Infinity : high[i]! + margin.at(-1)! * scale;
      }
      return closeIntervals(low, high, [...reasons], swapped);
    },

    state: () => ({
      ...state,
      groups: [...windows].map(([group, list]) => ({ group, scores: list.map((window) => window.values()) })),
    }),
  };
}

/** A state may come from a file: what is read from it must be there. */
function checkState(where: string, state: BandState): void {
  const shaped =
    state !== null &&
    typeof state === 'object' &&
    state.tails in TRACKS &&
    Array.isArray(state.groups) &&
    state.groups.every(({ scores }) => Array.isArray(scores) && scores.length === TRACKS[state.tails].length);
  if (!shaped) throw new TypeError(`${where}: this is not a state that ${where} wrote`);
  checkAlpha(where, state.alpha);
  for (const { scores } of state.groups) for (const list of scores) toVector(where, 'scores', list);
}

function requireSame(where: string, name: string, calibrated: boolean, given: boolean): void {
  if (calibrated === given) return;
  throw new TypeError(
    calibrated
      ? `${where}: ${name} is missing, the calibration used it`
      : `${where}: ${name} was not used in the calibration, so it cannot be used here`,
  );
}
