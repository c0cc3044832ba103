/** Guards a single option: a finite number, within `low` to `high` where given. */
export function checkNumber(
  where: string,
  name: string,
  value: number,
  low = -Infinity,
  high = Infinity,
): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high) return value;
  const range =
    low === -Infinity
      ? 'a finite number'
      : high === Infinity
        ? `a finite number of at least ${low}`
        : `a number from ${low} to ${high}`;
  throw new RangeError(`${where}: expected ${name} to be ${range}, received ${String(value)}`);
}

/** Guards a number of things: a whole number of at least `low`. */
export function checkCount(where: string, name: string, value: number, low = 1): number {
  if (Number.isInteger(value) && value >= low) return value;
  throw new RangeError(
    `${where}: expected ${name} to be a whole number of at least ${low}, received ${String(value)}`,
  );
}

/** One value per model, from one for all or a list of them, each checked. */
export function perModel(
  where: string,
  name: string,
  value: number | readonly number[],
  count: number,
  check: { readonly is: (value: number) => boolean; readonly expected: string },
): readonly number[] {
  const list = typeof value === 'number' ? new Array<number>(count).fill(value) : value;
  if (list.length !== count) {
    throw new RangeError(
      `${where}: expected ${count} values of ${name}, one per model, received ${list.length}`,
    );
  }
  list.forEach((entry, i) => {
    if (typeof entry === 'number' && check.is(entry)) return;
    const which = typeof value === 'number' ? name : `${name} of models[${i}]`;
    throw new RangeError(`${where}: expected ${which} to be ${check.expected}, received ${String(entry)}`);
  });
  return list;
}

/** Guards an option that is one of a few words. */
export function checkChoice<Choice extends string>(
  where: string,
  name: string,
  value: Choice,
  choices: readonly Choice[],
): Choice {
  if (choices.includes(value)) return value;
  const quoted = choices.map((choice) => `"${choice}"`);
  const list = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
  throw new RangeError(`${where}: expected ${name} to be ${list}, received ${String(value)}`);
}

/** Densities: fractions that are kept. */
export const isDensity = {
  is: (value: number) => value > 0 && value <= 1,
  expected: 'above 0 and at most 1',
};
