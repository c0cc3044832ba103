import { formatNumber } from '@weightloom/cli-kit';

/** A parameter's value as people read it. */
export const showValue = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(showValue).join(', ')}]`
    : typeof value === 'number'
      ? formatNumber(value)
      : String(value);
