import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Dtype } from '../../src/index.js';

/** Bit patterns of narrow floats and their float32 values, from NumPy and ml_dtypes (see `origin` in the file). */
const golden = JSON.parse(readFileSync(new URL('float-codes.json', import.meta.url), 'utf8')) as {
  origin: string;
  decoded: Record<string, string>;
  encoded: Record<string, { inputs: string; outputs: string }>;
};

const unpack = (text: string) => new Uint8Array(gunzipSync(Buffer.from(text, 'base64')));

/** By dtype: the float32 value of every code. */
export const decoded = Object.entries(golden.decoded).map(([dtype, text]) => ({
  dtype: dtype as Dtype,
  values: new Float32Array(unpack(text).buffer),
}));

/** By dtype: float32 numbers and the code each rounds to, little-endian, one or two bytes each. */
export const encoded = Object.entries(golden.encoded).map(([dtype, { inputs, outputs }]) => ({
  dtype: dtype as Dtype,
  inputs: new Float32Array(unpack(inputs).buffer),
  outputs: unpack(outputs),
}));
