import fc from 'fast-check';
import * as t from '../../src/index.js';
import type { Tensor } from '../../src/index.js';
import { alongAxis, at, build, type Nd, reduce, zip } from './reference/nd.js';

/** Every value of a random program has this shape. */
export const SHAPE = [4, 3] as const;

interface Instruction {
  readonly name: string;
  readonly run: (x: Tensor, y: Tensor) => Tensor;
  readonly reference: (x: Nd, y: Nd) => Nd;
}
const [rows, columns] = SHAPE;
const elementwise = (
  name: string,
  run: Instruction['run'],
  f: (x: number, y: number) => number,
): Instruction => ({
  name,
  run,
  reference: (x, y) => zip(f, x, y),
});
const moved = (
  name: string,
  run: (x: Tensor) => Tensor,
  from: (index: number[]) => number[],
): Instruction => ({
  name,
  run,
  reference: (x) => build(SHAPE, (index) => at(x, from(index))),
});

/** What programs are made of; each keeps the shape and keeps values of order 1. */
const instructions: readonly Instruction[] = [
  elementwise(
    'mean of two',
    (x, y) => t.mul(t.add(x, y), 0.5),
    (x, y) => (x + y) / 2,
  ),
  elementwise(
    'sub',
    (x, y) => t.sub(x, t.mul(y, 0.25)),
    (x, y) => x - 0.25 * y,
  ),
  elementwise(
    'tanh of product',
    (x, y) => t.tanh(t.mul(x, y)),
    (x, y) => Math.tanh(x * y),
  ),
  elementwise('maximum', (x, y) => t.maximum(x, y), Math.max),
  elementwise(
    'where',
    (x, y) => t.where(t.greater(x, 0.1), x, y),
    (x, y) => (x > 0.1 ? x : y),
  ),
  elementwise(
    'sigmoid',
    (x) => t.sigmoid(x),
    (x) => 1 / (1 + Math.exp(-x)),
  ),
  elementwise('sin', (x) => t.sin(x), Math.sin),
  elementwise(
    'neg',
    (x) => t.neg(x),
    (x) => -x,
  ),
  elementwise(
    'divide',
    (x, y) => t.div(x, t.add(t.square(y), 1)),
    (x, y) => x / (y * y + 1),
  ),
  moved(
    'turn',
    (x) => t.reshape(t.transpose(x), SHAPE),
    ([i, j]) => {
      const flat = i * columns + j;
      return [flat % rows, Math.floor(flat / rows)];
    },
  ),
  moved(
    'flip',
    (x) => t.flip(x),
    ([i, j]) => [rows - 1 - i, columns - 1 - j],
  ),
  moved(
    'roll',
    (x) => t.concat([t.slice(x, [1]), t.slice(x, [0], [1])]),
    ([i, j]) => [(i + 1) % rows, j],
  ),
  moved(
    'rows by number',
    (x) => t.take(x, t.tensor([2, 0, 3, 0], [4], 'int32')),
    ([i, j]) => [[2, 0, 3, 0][i], j],
  ),
  moved(
    'first column everywhere',
    (x) => t.broadcastTo(t.slice(x, [0, 0], [rows, 1]), SHAPE),
    ([i]) => [i, 0],
  ),
  {
    name: 'mean of columns',
    run: (x) => t.broadcastTo(t.mean(x, { axis: 0, keepDims: true }), SHAPE),
    reference: (x) => spread(reduce((v) => v.reduce((a, b) => a + b, 0) / v.length, x, [0], true)),
  },
  {
    name: 'largest of rows',
    run: (x) => t.broadcastTo(t.max(x, { axis: 1, keepDims: true }), SHAPE),
    reference: (x) => spread(reduce((v) => Math.max(...v), x, [1], true)),
  },
  { name: 'softmax', run: (x) => t.softmax(x), reference: (x) => alongAxis(softmax, x, 1) },
  {
    name: 'running mean',
    run: (x) => t.mul(t.cumsum(x, 0), 0.25),
    reference: (x) =>
      alongAxis((v) => v.map((_, i) => v.slice(0, i + 1).reduce((a, b) => a + b, 0) / 4), x, 0),
  },
  {
    name: 'product with the transpose',
    run: (x, y) => t.mul(t.matmul(t.matmul(x, t.transpose(y)), x), 1 / 12),
    reference: (x, y) =>
      build(SHAPE, ([i, j]) => {
        let sum = 0;
        for (let k = 0; k < rows; k++)
          for (let l = 0; l < columns; l++) sum += at(x, [i, l]) * at(y, [k, l]) * at(x, [k, j]);
        return sum / 12;
      }),
  },
];
const spread = (x: Nd): Nd =>
  build(SHAPE, ([i, j]) => at(x, [x.shape[0] === 1 ? 0 : i, x.shape[1] === 1 ? 0 : j]));
function softmax(v: number[]): number[] {
  const powers = v.map(Math.exp);
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}

/** Which instruction, on which two of the values so far (counted from the last). */
type Step = readonly [instruction: number, x: number, y: number];
export interface RandomProgram {
  readonly steps: readonly Step[];
  /** Which values come out, counted from the last. */
  readonly outputs: readonly number[];
}

export const programs: fc.Arbitrary<RandomProgram> = fc.record({
  steps: fc.array(fc.tuple(fc.nat(instructions.length - 1), fc.nat(4), fc.nat(4)), {
    minLength: 1,
    maxLength: 14,
  }),
  outputs: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
});

const last = <T>(values: readonly T[], back: number): T => values[Math.max(0, values.length - 1 - back)];

function execute<T>(
  { steps, outputs }: RandomProgram,
  inputs: readonly T[],
  apply: (i: Instruction, x: T, y: T) => T,
): T[] {
  const values = [...inputs];
  for (const [i, x, y] of steps) values.push(apply(instructions[i], last(values, x), last(values, y)));
  return outputs.map((o) => last(values, o));
}
export const runProgram = (program: RandomProgram, inputs: readonly Tensor[]): Tensor[] =>
  execute(program, inputs, ({ run }, x, y) => run(x, y));
export const referenceProgram = (program: RandomProgram, inputs: readonly Nd[]): Nd[] =>
  execute(program, inputs, ({ reference }, x, y) => reference(x, y));

/** Reads as what it does in a failure report. */
export const describeProgram = ({ steps, outputs }: RandomProgram): string =>
  `${steps.map(([i, x, y]) => `${instructions[i].name}(${x}, ${y})`).join('; ')} → ${outputs.join(', ')}`;
