import { add, grad, jit, jvp, mul, stack, sum, type Tensor, tensor, vmap } from '../../src/index.js';
import { bitsOf, expectClose, expectNear, numbersOf } from './compare.js';
import { draw, stream } from './inputs.js';
import { lay, type Layout, plain, rounded, stored } from './layouts.js';
import { type Nd, nd, sizeOf } from './reference/nd.js';
import { arrayOf, type Row } from './row.js';

/** What is expected of a backend. */
export interface Demand {
  /** Largest error as a part of the sum of the magnitudes of the terms. */
  readonly tolerance: number;
  /** All layouts and all ways of compiling, instead of one of each: for the backend whose code depends on them. */
  readonly thorough: boolean;
}

/** Checks of one row; each throws an `Error` that says what differs. They need no test runner, so that pages can run them. */
export interface Check {
  readonly title: string;
  /** `false`: it tests what lies above the backends, and running it on one of them is enough. */
  readonly everyBackend: boolean;
  readonly applies: (row: Row) => boolean;
  readonly run: (row: Row, demand: Demand) => Promise<void>;
}

const seedOf = (row: Row, input: number, example = 0): string => `${row.op} ${row.title} ${input} ${example}`;
const valuesOf = (row: Row, example = 0): Nd[] =>
  row.inputs.map((input, i) => draw(input, seedOf(row, i, example)));
const tensorsOf = (row: Row, values: readonly Nd[], layout: Layout = 'plain'): Tensor[] =>
  values.map((x, i) => lay(x, row.inputs[i].dtype, layout));
const referenceOf = (row: Row, values: readonly Nd[]): readonly Nd[] => arrayOf(row.reference(...values));
const isFloatInput = (row: Row) => row.inputs.map(({ dtype }) => dtype === 'float32');
const hasFloats = (row: Row): boolean =>
  row.inputs.some(({ dtype, shape }) => dtype === 'float32' && sizeOf(shape) > 0);

async function compareAll(
  what: string,
  got: readonly Tensor[],
  row: Row,
  values: readonly Nd[],
  tolerance: number,
): Promise<void> {
  const want = referenceOf(row, values);
  const scales = row.scale ? arrayOf(row.scale(...values)) : [];
  for (const [i, x] of got.entries()) {
    await expectClose(`${what}, result ${i}`, x, want[i], row.tolerance ?? tolerance, scales[i]);
  }
}

/** Fixed factors that make one number of all float results; the others do not count. */
const factorsOf = (row: Row, result: number, shape: readonly number[]): Nd => {
  const random = stream(`${row.op} ${row.title} factors ${result}`);
  return nd(
    shape,
    Array.from({ length: sizeOf(shape) }, () => Math.fround(0.5 + random())),
  );
};
function loss(row: Row, inputs: readonly Tensor[]): Tensor {
  let total: Tensor | null = null;
  arrayOf(row.run(...inputs)).forEach((x, i) => {
    if (x.dtype !== 'float32') return;
    const part = sum(mul(x, plain(factorsOf(row, i, x.shape), 'float32')));
    total = total ? add(total, part) : part;
  });
  return total!;
}
function referenceLoss(row: Row, values: readonly Nd[], counts: readonly boolean[]): number {
  return referenceOf(row, values)
    .map((y, i) =>
      counts[i] ? y.data.reduce((s, v, k) => s + v * factorsOf(row, i, y.shape).data[k], 0) : 0,
    )
    .reduce((a, b) => a + b, 0);
}
/** Which results are float32, and so differentiable. */
const floatResults = (row: Row, inputs: readonly Tensor[]): boolean[] =>
  arrayOf(row.run(...inputs)).map(({ dtype }) => dtype === 'float32');
const differentiable = (row: Row): boolean => !row.rough && !row.special && hasFloats(row);
const returnsFloat = (row: Row): boolean => floatResults(row, tensorsOf(row, valuesOf(row))).some(Boolean);

const moved = (values: readonly Nd[], input: number, by: (k: number) => number): Nd[] =>
  values.map((x, i) =>
    i === input
      ? nd(
          x.shape,
          x.data.map((v, k) => v + by(k)),
        )
      : x,
  );

/** At most this many elements of an input are compared with central differences, evenly spread. */
const SAMPLES = 24;
const sampled = (n: number): number[] =>
  Array.from({ length: Math.min(n, SAMPLES) }, (_, i) => (n <= SAMPLES ? i : Math.floor((i * n) / SAMPLES)));

/** ∂loss/∂input at the sampled elements, by central differences in float64. */
function differences(row: Row, values: readonly Nd[], counts: readonly boolean[], input: number): number[] {
  const { data } = values[input];
  return sampled(data.length).map((k) => {
    const h = 1e-5 * Math.max(1, Math.abs(data[k]));
    const [up, down] = [h, -h].map((d) =>
      referenceLoss(
        row,
        moved(values, input, (j) => (j === k ? d : 0)),
        counts,
      ),
    );
    return (up - down) / (2 * h);
  });
}
async function samplesOf(x: Tensor): Promise<number[]> {
  const values = await numbersOf(x);
  return sampled(values.length).map((k) => values[k]);
}
const floatIndices = (row: Row): number[] => isFloatInput(row).flatMap((is, i) => (is ? [i] : []));
const gradients = (row: Row) =>
  grad((...x: Tensor[]) => loss(row, x), { argnums: floatIndices(row) }) as (...x: Tensor[]) => Tensor[];

/** A direction in the space of the float inputs. */
const directionOf = (row: Row, values: readonly Nd[]): Nd[] =>
  values.map((x, i) => {
    const random = stream(`${row.op} ${row.title} direction ${i}`);
    return nd(
      x.shape,
      x.data.map(() => (isFloatInput(row)[i] ? Math.fround(random() - 0.5) : 0)),
    );
  });
const along = (values: readonly Nd[], direction: readonly Nd[], h: number): Nd[] =>
  values.map((x, i) =>
    nd(
      x.shape,
      x.data.map((v, k) => v + h * direction[i].data[k]),
    ),
  );

/** Runs `f` over examples stacked on axis 0 of the inputs in `mapped`; the others are those of example 0. */
const EXAMPLES = 3;
function batches(row: Row): boolean[][] {
  const n = row.inputs.length;
  if (n <= 1) return [[true]];
  const all = row.inputs.map(() => true);
  return n > 3 ? [all, all.map((_, i) => i === 1)] : [all, ...all.map((_, k) => all.map((_, i) => i === k))];
}
function stackExamples(row: Row, mapped: readonly boolean[]): { stacked: Tensor[]; examples: Nd[][] } {
  const examples = Array.from({ length: EXAMPLES }, (_, e) =>
    valuesOf(row).map((x, i) => (mapped[i] ? valuesOf(row, e)[i] : x)),
  );
  const stacked = row.inputs.map(({ dtype }, i) =>
    mapped[i] ? stack(examples.map((values) => plain(values[i], dtype))) : plain(examples[0][i], dtype),
  );
  return { stacked, examples };
}
const exampleOf = (x: Nd, e: number): Nd => {
  const shape = x.shape.slice(1);
  return nd(shape, x.data.slice(e * sizeOf(shape), (e + 1) * sizeOf(shape)));
};
const ofDType = (x: Nd, dtype: Tensor['dtype']): Tensor =>
  dtype === 'bfloat16' || dtype === 'float16' ? stored(x, dtype) : tensor([...x.data], x.shape, dtype);
const asNd = async (x: Tensor): Promise<Nd> => nd(x.shape, await numbersOf(x));

export const checks: readonly Check[] = [
  {
    title: 'agrees with the reference',
    everyBackend: true,
    applies: () => true,
    run: async (row, { tolerance }) => {
      const values = valuesOf(row);
      await compareAll('plain inputs', arrayOf(row.run(...tensorsOf(row, values))), row, values, tolerance);
    },
  },
  {
    title: 'agrees with the reference on views',
    everyBackend: true,
    applies: (row) => row.inputs.some(({ shape }) => shape.length > 0),
    run: async (row, { tolerance, thorough }) => {
      const values = valuesOf(row);
      for (const layout of thorough
        ? (['transposed', 'strided', 'reversed'] as const)
        : (['strided'] as const)) {
        await compareAll(
          `${layout} inputs`,
          arrayOf(row.run(...tensorsOf(row, values, layout))),
          row,
          values,
          tolerance,
        );
      }
    },
  },
  {
    title: 'computes in float32 on inputs stored in 16 bits',
    everyBackend: false,
    applies: (row) =>
      row.inputs.length > 0 && isFloatInput(row).every(Boolean) && !row.special && !row.rough && !row.wide,
    run: async (row, { tolerance }) => {
      for (const format of ['bfloat16', 'float16'] as const) {
        const values = valuesOf(row).map((x) => rounded(x, format));
        await compareAll(
          format,
          arrayOf(row.run(...values.map((x) => stored(x, format)))),
          row,
          values,
          tolerance,
        );
      }
    },
  },
  {
    title: 'gives the same bits compiled',
    everyBackend: false,
    applies: (row) => row.inputs.length > 0 && !row.concrete,
    // Of plain inputs: a compiled function first copies views into row-major order, so its sums may run in another order.
    run: async (row) => {
      const inputs = tensorsOf(row, valuesOf(row));
      const compiled = arrayOf(jit((...x: Tensor[]) => row.run(...x) as Tensor)(...inputs));
      for (const [i, eager] of arrayOf(row.run(...inputs)).entries()) {
        const [got, want] = [await bitsOf(compiled[i]), await bitsOf(eager)];
        got.forEach((bits, k) => {
          if (bits !== want[k])
            throw new Error(`result ${i}: bits ${bits} at position ${k}, eager ${want[k]}`);
        });
      }
    },
  },
  {
    title: 'has the gradient of central differences',
    everyBackend: true,
    applies: differentiable,
    run: async (row, { thorough }) => {
      const values = valuesOf(row);
      const inputs = tensorsOf(row, values);
      if (!returnsFloat(row)) return;
      const counts = floatResults(row, inputs);
      const eager = thorough ? gradients(row)(...inputs) : null;
      const compiled = jit((...x: Tensor[]) => gradients(row)(...x))(...tensorsOf(row, values, 'transposed'));
      for (const [k, input] of floatIndices(row).entries()) {
        const want = differences(row, values, counts, input);
        if (eager) expectNear(`input ${input}`, await samplesOf(eager[k]), want);
        expectNear(`input ${input}, compiled, transposed`, await samplesOf(compiled[k]), want);
      }
    },
  },
  {
    title: 'has the directional derivative of central differences',
    everyBackend: false,
    applies: differentiable,
    run: async (row) => {
      const values = valuesOf(row);
      const direction = directionOf(row, values);
      const inputs = tensorsOf(row, values);
      const counts = floatResults(row, inputs);
      const tangents = row.inputs.map(({ dtype }, i) => plain(direction[i], dtype));
      const [, derivative] = jvp((...x: Tensor[]) => [...arrayOf(row.run(...x))], inputs, tangents);
      const [up, down] = [1e-5, -1e-5].map((h) => referenceOf(row, along(values, direction, h)));
      for (const [i, got] of derivative.entries()) {
        if (!counts[i]) continue;
        const want = Array.from(up[i].data, (v, k) => (v - down[i].data[k]) / 2e-5);
        expectNear(`result ${i}`, await numbersOf(got), want);
      }
    },
  },
  {
    title: 'has the second derivative of central differences',
    everyBackend: false,
    applies: differentiable,
    run: async (row) => {
      const values = valuesOf(row);
      const direction = directionOf(row, values);
      const inputs = tensorsOf(row, values);
      if (!returnsFloat(row)) return;
      const counts = floatResults(row, inputs);
      const which = floatIndices(row);
      const floats = which.map((i) => inputs[i]);
      const whole = (x: readonly Tensor[]): Tensor[] =>
        inputs.map((t, i) => (which.includes(i) ? x[which.indexOf(i)] : t));
      const tangents = which.map((i) => plain(direction[i], 'float32'));
      const dot = (x: readonly Tensor[]): Tensor =>
        x.map((g, k) => sum(mul(g, tangents[k]))).reduce((a, b) => add(a, b));
      const slope = (...x: Tensor[]): Tensor => dot(gradients(row)(...whole(x)));
      const overReverse = dot(
        (grad(slope, { argnums: which.map((_, k) => k) }) as (...x: Tensor[]) => Tensor[])(...floats),
      );
      const overForward = jvp(slope, floats, tangents)[1];
      const h = 5e-5;
      const [up, middle, down] = [h, 0, -h].map((d) =>
        referenceLoss(row, along(values, direction, d), counts),
      );
      const want = (up - 2 * middle + down) / h ** 2;
      // What one direction gives is a sum with cancellation; its terms are of the size of the values.
      const room = 1e-3 * Math.abs(want) + 1e-4 * Math.max(1, Math.abs(middle));
      for (const [how, got] of [
        ['reverse over reverse', overReverse],
        ['forward over reverse', overForward],
      ] as const) {
        const [value] = await numbersOf(got);
        if (!(Math.abs(value - want) <= room))
          throw new Error(`${how}: ${value}, central differences give ${want}`);
      }
    },
  },
  {
    title: 'is the same batched as one by one',
    everyBackend: false,
    applies: (row) => row.inputs.length > 0 && !row.unbatched,
    run: async (row, { tolerance }) => {
      for (const mapped of batches(row)) {
        const { stacked, examples } = stackExamples(row, mapped);
        const inAxes = mapped.map((is) => (is ? 0 : null));
        const results = vmap((...x: Tensor[]) => [...arrayOf(row.run(...x))], { inAxes })(...stacked);
        const plains = await Promise.all(results.map(asNd));
        for (const [e, values] of examples.entries()) {
          const parts = plains.map((x, i) => ofDType(exampleOf(x, e), results[i].dtype));
          await compareAll(`example ${e}, batched inputs ${mapped.join()}`, parts, row, values, tolerance);
        }
      }
    },
  },
  {
    title: 'has the same gradients batched as one by one',
    everyBackend: false,
    applies: (row) => differentiable(row) && !row.unbatched,
    run: async (row) => {
      if (!returnsFloat(row)) return;
      for (const mapped of batches(row)) {
        const { stacked, examples } = stackExamples(row, mapped);
        const inAxes = mapped.map((is) => (is ? 0 : null));
        const results = vmap((...x: Tensor[]) => gradients(row)(...x), { inAxes })(...stacked);
        for (const [e, values] of examples.entries()) {
          const alone = gradients(row)(...tensorsOf(row, values));
          for (const [k, result] of results.entries()) {
            const got = exampleOf(await asNd(result), e);
            expectNear(
              `gradient ${k}, example ${e}, batched inputs ${mapped.join()}`,
              [...got.data],
              await numbersOf(alone[k]),
            );
          }
        }
      }
    },
  },
];
