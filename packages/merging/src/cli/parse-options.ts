import { type Dtype, parseShardSize } from '@weightloom/checkpoint';
import { InvalidArgumentError } from 'commander';

const units: Record<string, number> = { k: 1e3, m: 1e6, b: 1e9 };

/** Bytes: a plain number, mergekit's `k`, `M` and `B` (10^3, 10^6, 10^9), or `5GB`, `500MB`, `2GiB`. */
export function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kmb])$/i.exec(text.trim()) ?? [];
  if (number !== undefined) return Math.floor(Number(number) * units[unit!.toLowerCase()]!);
  try {
    return parseShardSize(text);
  } catch {
    throw new InvalidArgumentError('a size such as 5B, 500M, 5GB or 2GiB is needed');
  }
}

export function parseWhole(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number of at least 0 is needed');
}

const dtypes: Record<string, Dtype> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' };

export function parseDtype(text: string): Dtype {
  const dtype = dtypes[text.replace(/^torch\./, '')];
  if (dtype) return dtype;
  throw new InvalidArgumentError(`one of ${Object.keys(dtypes).join(', ')} is needed`);
}
