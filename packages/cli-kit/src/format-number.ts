/**
 * A number for people: whole numbers with thousands separators, others with four significant digits.
 *
 * `1234567 → "1,234,567"`, `0.123456 → "0.1235"`, `12345.678 → "12,346"`, `0.0000123 → "1.23e-5"`
 *
 * Always in the form of US English, whatever the machine's language, so that output can be compared.
 *
 * @param value - any number; `NaN` and infinities become `"NaN"`, `"Infinity"`, `"-Infinity"`
 * @param options.digits - significant digits, 1 to 21, default 4; digits before the point are never rounded away
 * @throws {RangeError} when `digits` is not a whole number from 1 to 21
 */
export function formatNumber(value: number, options: { digits?: number } = {}): string {
  const { digits = 4 } = options;
  if (!Number.isInteger(digits) || digits < 1 || digits > 21) {
    throw new RangeError(`formatNumber: digits is ${digits}, expected a whole number from 1 to 21`);
  }
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e15 || size < 1e-4) return trimExponent(value.toExponential(digits - 1));
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const wholeDigits = size < 1 ? 1 : Math.floor(Math.log10(size)) + 1;
  return value.toLocaleString('en-US', { maximumSignificantDigits: Math.max(digits, wholeDigits) });
}

/** `1.500e+20 → 1.5e20` */
const trimExponent = (text: string): string => {
  const [mantissa, exponent] = text.split('e') as [string, string];
  return `${Number(mantissa)}e${Number(exponent)}`;
};
