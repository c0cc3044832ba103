/** Plain data as text, equal only for equal data: unlike plain JSON, NaN, infinities and -0 keep themselves apart. */
export const keyOf = (value: unknown): string => JSON.stringify(value, distinct) ?? 'undefined';

const distinct = (_: string, value: unknown): unknown => {
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return `number ${Object.is(value, -0) ? '-0' : value}`;
};
