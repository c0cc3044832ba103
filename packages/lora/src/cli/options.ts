import type { Dtype } from '@weightloom/checkpoint';
import { InvalidArgumentError, Option } from 'commander';

/** A finite number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

/** A whole number of at least 0. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('expected a whole number.');
  }
  return value;
}

/** Numbers with commas between. */
export const numbers = (text: string): number[] => text.split(',').map(number);

/** A regular expression. */
export function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch {
    throw new InvalidArgumentError('expected a regular expression.');
  }
}

const dtypes: Record<string, Dtype> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  fp32: 'F32',
  fp16: 'F16',
  bf16: 'BF16',
};

/** `--dtype`, in the words of torch. */
export const dtypeOption = (what: string): Option =>
  new Option('--dtype <name>', `${what}: float32, float16 or bfloat16`).argParser((text: string): Dtype => {
    const dtype = dtypes[text.toLowerCase()];
    if (!dtype) throw new InvalidArgumentError('expected float32, float16 or bfloat16.');
    return dtype;
  });

export const dtypeName = (dtype: Dtype): string =>
  ({ F32: 'float32', F16: 'float16', BF16: 'bfloat16' })[dtype as string] ?? dtype;
