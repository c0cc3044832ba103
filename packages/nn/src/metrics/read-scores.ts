import { DTypeError, ShapeError, type Tensor } from '@weightloom/tensor-gpu';

/** Scores and labels on the host. */
export interface Scores {
  /** Row-major `[rows, classes]`. */
  readonly values: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly rows: number;
  readonly classes: number;
}

/** Reads `[…, C]` scores and int32 `[…]` labels; refuses shapes that do not fit, labels out of range and scores that are NaN. */
export async function readScores(where: string, outputs: Tensor, targets: Tensor): Promise<Scores> {
  const wanted = `[${outputs.shape.slice(0, -1).join(', ')}]`;
  const received = `[${targets.shape.join(', ')}]`;
  if (outputs.rank === 0 || wanted !== received || targets.size === 0) {
    throw new ShapeError({
      where,
      expected: `scores […, C] and labels […], at least one`,
      received: `[${outputs.shape.join(', ')}] and ${received}`,
    });
  }
  if (targets.dtype !== 'int32')
    throw new DTypeError({ where, expected: 'int32 labels', received: targets.dtype });
  const [values, labels] = [await outputs.data(), await targets.data()];
  const classes = outputs.shape.at(-1)!;
  labels.forEach((label: number, row: number) => {
    if (label < 0 || label >= classes) {
      throw new ShapeError({
        where,
        expected: `labels from 0 to ${classes - 1}`,
        received: `${label} in row ${row}`,
      });
    }
  });
  const nan = values.findIndex((value: number) => Number.isNaN(value));
  if (nan >= 0)
    throw new RangeError(`${where}: expected scores, received NaN in row ${Math.floor(nan / classes)}`);
  return { values, labels, rows: targets.size, classes };
}

/** `softmax` of one row in float64. */
export function softmaxRow({ values, classes }: Scores, row: number): number[] {
  const scores = Array.from({ length: classes }, (_, c) => values[row * classes + c]);
  const top = Math.max(...scores);
  const powers = scores.map((s) => Math.exp(s - top));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}
