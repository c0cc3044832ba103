import type { Scalar, ScalarOrGradient } from '../recipe/parameter-value.js';

/** A number that is searched for, or a list of them, such as a gradient over the layers. */
export interface EvolvedNumber {
  readonly low: number;
  readonly high: number;
  /** Where the search starts (default: the middle). */
  readonly start?: number;
  /** `'log'` searches for the logarithm; `low` must be above 0 then (default `'linear'`). */
  readonly scale?: 'linear' | 'log';
  /** Only whole numbers (default `false`). */
  readonly whole?: boolean;
  /** Makes it a list of so many numbers, each searched for by itself. */
  readonly count?: number;
}

/** One of several values, such as the layers of a slice. */
export interface EvolvedChoice {
  readonly choices: readonly ScalarOrGradient[];
  /** Which of them the search starts from, counted from 0 (default: the middle one). */
  readonly start?: number;
}

/** What is searched for, by name. */
export type SearchSpace = Readonly<Record<string, EvolvedNumber | EvolvedChoice>>;

/** A value for each name. */
export type EvolvedValues = Readonly<Record<string, ScalarOrGradient>>;

/**
 * Coordinates of a search space: each number or choice is one, from 0 to 1.
 *
 * @throws {RangeError} naming the parameter at fault
 */
export function checkSearchSpace(where: string, space: SearchSpace): void {
  const entries = Object.entries(space);
  if (entries.length === 0) throw new RangeError(`${where}: expected at least one parameter, received none`);
  for (const [name, parameter] of entries) {
    const refuse = (expected: string, received: unknown): never => {
      throw new RangeError(
        `${where}: expected ${expected} for ${JSON.stringify(name)}, received ${String(received)}`,
      );
    };
    if ('choices' in parameter) {
      const { choices, start = 0 } = parameter;
      if (choices.length < 2) refuse('at least two choices', choices.length);
      if (!Number.isInteger(start) || start < 0 || start >= choices.length)
        refuse(`start to be the place of a choice, 0 to ${choices.length - 1}`, start);
      continue;
    }
    const { low, high, start = low, scale = 'linear', whole = false, count = 1 } = parameter;
    if (!(low < high) || !Number.isFinite(high - low))
      refuse('finite bounds low < high', `${low} and ${high}`);
    if (!(start >= low && start <= high)) refuse(`start from ${low} to ${high}`, start);
    if (scale !== 'linear' && scale !== 'log') refuse('scale to be linear or log', scale);
    if (scale === 'log' && !(low > 0)) refuse('low above 0 on a log scale', low);
    if (whole && !(Number.isInteger(low) && Number.isInteger(high)))
      refuse('whole bounds', `${low} and ${high}`);
    if (!Number.isSafeInteger(count) || count < 1) refuse('count to be a whole number of at least 1', count);
  }
}

/** How many coordinates a point has. */
export const dimensionOf = (space: SearchSpace): number =>
  Object.values(space).reduce((sum, parameter) => sum + countOf(parameter), 0);

const countOf = (parameter: EvolvedNumber | EvolvedChoice): number =>
  'choices' in parameter ? 1 : (parameter.count ?? 1);

/** Where a search starts. */
export const startOf = (space: SearchSpace): number[] =>
  Object.values(space).flatMap((parameter) => {
    if ('choices' in parameter) {
      const { choices, start = Math.floor((choices.length - 1) / 2) } = parameter;
      return [(start + 0.5) / choices.length];
    }
    const at = parameter.start === undefined ? 0.5 : toUnit(parameter, parameter.start);
    return new Array<number>(countOf(parameter)).fill(at);
  });

/** The values at a point; coordinates outside [0, 1] are reflected at the bounds, so that nothing gathers there. */
export function valuesAt(space: SearchSpace, point: readonly number[]): EvolvedValues {
  let at = 0;
  const pairs = Object.entries(space).map(([name, parameter]) => {
    const own = point.slice(at, (at += countOf(parameter))).map(reflect);
    if ('choices' in parameter) {
      const { choices } = parameter;
      return [name, choices[Math.min(Math.floor(own[0]! * choices.length), choices.length - 1)]!] as const;
    }
    const numbers = own.map((u) => fromUnit(parameter, u));
    return [name, parameter.count === undefined ? numbers[0]! : numbers] as const;
  });
  return Object.fromEntries<Scalar | readonly Scalar[]>(pairs);
}

/** The triangle wave that is x on [0, 1]. */
function reflect(x: number): number {
  const phase = Math.abs(x) % 2;
  return phase > 1 ? 2 - phase : phase;
}

function toUnit({ low, high, scale, whole }: EvolvedNumber, value: number): number {
  if (whole) return (value - low + 0.5) / (high - low + 1);
  return scale === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

function fromUnit({ low, high, scale, whole }: EvolvedNumber, u: number): number {
  if (whole) return Math.min(high, low + Math.floor(u * (high - low + 1)));
  const value = scale === 'log' ? low * Math.exp(u * Math.log(high / low)) : low + u * (high - low);
  return Math.min(high, Math.max(low, value));
}
