/**
 * Twice a number.
 *
 * `out = 2 · x`
 *
 * @param x - any number
 */
export const double = (x: number): number => 2 * x;
