import { key as keyOf, type Key, tensor } from '@weightloom/tensor-gpu';
import { unpackText } from '../internal/unpack-text.js';
import { type DatasetSplit, splitDataset } from './split-dataset.js';

export interface LoadDigitsOptions {
  /** Decides which digit goes where; default `key(0)`. */
  readonly key?: Key;
  /** Share for choosing; default 0.1. */
  readonly validation?: number;
  /** Share for the last test; default 0.2. */
  readonly test?: number;
}

const SHA256 = '6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8';
const PIXELS = 64;

/**
 * 1797 handwritten digits of 8×8 pixels, shuffled and split by key: `inputs` `[n, 64]` in [0, 1] (rows of pixels from the top; 0
 * is paper, 1 ink), `targets` int32 `[n]`, 0 to 9. The test part of UCI's "Optical Recognition of Handwritten Digits" (E. Alpaydin
 * and C. Kaynak 1998, https://doi.org/10.24432/C50P49, CC BY 4.0), which scikit-learn calls `digits`. Needs no network.
 *
 * @throws {Error} when the carried data is damaged
 */
export async function loadDigits({
  key = keyOf(0),
  validation,
  test,
}: LoadDigitsOptions = {}): Promise<DatasetSplit> {
  const { payload } = await import('./digits-payload.js');
  const lines = (await unpackText('loadDigits', payload, SHA256)).trim().split('\n');
  const images = new Float32Array(lines.length * PIXELS);
  const labels = new Int32Array(lines.length);
  lines.forEach((line, row) => {
    const fields = line.split(',').map(Number);
    for (let pixel = 0; pixel < PIXELS; pixel++) images[row * PIXELS + pixel] = fields[pixel] / 16;
    labels[row] = fields[PIXELS];
  });
  const all = { inputs: tensor(images, [lines.length, PIXELS]), targets: tensor(labels) };
  return splitDataset(all, { key, validation, test });
}
