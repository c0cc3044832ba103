const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/**
 * A size in bytes for people, in powers of 1024 with at most three digits after rounding.
 *
 * `999 → "999 B"`, `1536 → "1.5 KiB"`, `5368709120 → "5 GiB"`
 *
 * @param bytes - 0 or more, finite
 * @throws {RangeError} when `bytes` is negative or not finite
 */
export function formatBytes(bytes: number): string {
  if (!(bytes >= 0 && Number.isFinite(bytes))) {
    throw new RangeError(`formatBytes: bytes is ${bytes}, expected a finite number of at least 0`);
  }
  let value = bytes;
  let unit = 0;
  // 1023.5 would be shown as 1024: move on to the next unit before that.
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const decimals = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${Number(value.toFixed(decimals))} ${UNITS[unit]}`;
}
