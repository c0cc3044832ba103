import { type Digits, shiftDigits } from '@weightloom/datasets';
import type { Dataset } from '@weightloom/nn';
import { foldIn, generator, type Key, tensor } from '@weightloom/tensor-gpu';

const PIXELS = 64;

/** The rows of one experiment: disjoint parts of the 1797 digits. */
export interface Splits {
  /** Clean, for the base model. */
  readonly train: Dataset;
  /** Shifted, one part per variant. */
  readonly finetune: readonly Dataset[];
  /** Shifted, for the greedy soup's decisions. */
  readonly validation: Dataset;
  readonly cleanTest: Dataset;
  readonly shiftedTest: Dataset;
}

/** Rows of the digits as a data set; with `shift`, each picture moved left or right by up to a pixel and made noisy. */
function rows(digits: Digits, index: Int32Array, shift: Key | null): Dataset {
  const images = new Float32Array(index.length * PIXELS);
  const draw = shift && generator(shift);
  index.forEach((row, i) => {
    const picture = digits.images.slice(row * PIXELS, (row + 1) * PIXELS);
    const shown = draw
      ? shiftDigits(picture, {
          dx: draw.integer(3) - 1,
          dy: 0,
          noise: { standardDeviation: 0.1, random: draw.uniform },
        })
      : picture;
    images.set(shown, i * PIXELS);
  });
  return {
    inputs: tensor(images, [index.length, PIXELS]),
    targets: tensor(index.map((row) => digits.labels[row])),
  };
}

/** Splits the digits by key: 600 rows for the base, 4 × 150 for the variants, 150 for validation, 447 for testing. */
export function split(digits: Digits, key: Key): Splits {
  const order = generator(foldIn(key, 'split')).permutation(digits.count);
  const part = (from: number, to: number, shifted: string | null): Dataset =>
    rows(digits, order.subarray(from, to), shifted === null ? null : foldIn(key, shifted));
  return {
    train: part(0, 600, null),
    finetune: [0, 1, 2, 3].map((i) => part(600 + 150 * i, 750 + 150 * i, `finetune ${i}`)),
    validation: part(1200, 1350, 'validation'),
    cleanTest: part(1350, digits.count, null),
    shiftedTest: part(1350, digits.count, 'test'),
  };
}
