import { CheckpointError } from './checkpoint-error.js';

const units: Record<string, number> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/**
 * Bytes of a size such as `"5GB"` (5 · 10^9), `"500MB"`, `"2GiB"` (2 · 2^30), `"1.5GB"` or a plain number.
 *
 * Decimal and binary units as in Hugging Face's `max_shard_size`.
 *
 * @throws {CheckpointError} `invalid-shard-size` for anything else, and for sizes that are not at least one byte
 */
export function parseShardSize(size: number | string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(size).trim()) ?? [];
  const bytes = Math.floor(Number(number) * (units[(unit ?? '').toUpperCase()] ?? NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new CheckpointError({
    code: 'invalid-shard-size',
    where: 'maxShardSize',
    expected: 'a size such as 5GB, 500MB or 2GiB',
    received: String(size),
  });
}
