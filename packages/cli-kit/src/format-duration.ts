/**
 * A time span for people, in the two largest units that matter.
 *
 * `850 → "850 ms"`, `3200 → "3.2 s"`, `125000 → "2 min 05 s"`, `3720000 → "1 h 02 min"`, `180000000 → "2 d 02 h"`
 *
 * @param milliseconds - 0 or more, finite
 * @throws {RangeError} when `milliseconds` is negative or not finite
 */
export function formatDuration(milliseconds: number): string {
  if (!(milliseconds >= 0 && Number.isFinite(milliseconds))) {
    throw new RangeError(
      `formatDuration: milliseconds is ${milliseconds}, expected a finite number of at least 0`,
    );
  }
  if (milliseconds < 999.5) return `${Number(milliseconds.toFixed(milliseconds < 9.95 ? 1 : 0))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${Number(seconds.toFixed(seconds < 9.95 ? 1 : 0))} s`;
  if (seconds < 3599.5) return twoUnits(Math.round(seconds), 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return twoUnits(minutes, 60, 'h', 'min');
  return twoUnits(Math.round(minutes / 60), 24, 'd', 'h');
}

const twoUnits = (count: number, per: number, large: string, small: string): string =>
  `${Math.floor(count / per)} ${large} ${String(count % per).padStart(2, '0')} ${small}`;
