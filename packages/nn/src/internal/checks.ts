/** One sentence: where, what was expected, what came. */
export function refuse(where: string, expected: string, received: unknown): never {
  throw new RangeError(`${where}: expected ${expected}, received ${String(received)}`);
}

export function checkPositive(where: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0)) refuse(where, `a finite ${name} above 0`, value);
}

export function checkNotNegative(where: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) refuse(where, `a finite ${name} of at least 0`, value);
}

/** A number in [0, 1). */
export function checkFraction(where: string, name: string, value: number): void {
  if (!(value >= 0 && value < 1)) refuse(where, `${name} from 0 to below 1`, value);
}

export function checkCount(where: string, name: string, value: number, minimum = 1): void {
  if (!Number.isSafeInteger(value) || value < minimum) {
    refuse(where, `${name} to be a whole number of at least ${minimum}`, value);
  }
}
