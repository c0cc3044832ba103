import type { RawTensor } from '@weightloom/checkpoint';
import { inv, tensor } from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { patternLookup } from '../format/match-modules.js';
import type { OtherAdapter } from '../peft/peft-adapter.js';
import { frobenius, type Matrix, matrix, multiply, rowsOf } from './multiply.js';
import { describe, showShape } from './text.js';
import { finiteValues } from './values.js';
import { addDelta, blockAffine, type DeltaRows, scale, type WeightEdit } from './weight-edits.js';

type Factors = ReadonlyMap<string, RawTensor>;
interface Context {
  /** Take the change out again. */
  readonly reverse: boolean;
  readonly path: string;
  readonly factors: Factors;
  readonly shape: readonly number[];
  readonly where: string;
}

/** What a layer of LoHa, LoKr, (IA)³ or MiSS does to the weight and the bias of the base. */
export function otherEdits(
  adapter: OtherAdapter,
  context: Context,
): { weight: WeightEdit; bias?: WeightEdit } {
  switch (adapter.config.peftType) {
    case 'LOHA':
      return { weight: addDelta(sized(lohaRows(context, signed(adapter, context)), context)) };
    case 'LOKR':
      return { weight: addDelta(sized(lokrRows(context, signed(adapter, context)), context)) };
    case 'IA3':
      return ia3Edits(adapter, context);
    case 'MISS':
      return { weight: missEdit(adapter, context) };
  }
}

const signed = (adapter: OtherAdapter, { path, reverse }: Context): number =>
  scalingOf(adapter, path) * (reverse ? -1 : 1);

const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

function sized(delta: DeltaRows & { readonly rows: number }, { shape, where }: Context): DeltaRows {
  const columns = size(shape.slice(1));
  if (delta.rows === shape[0] && delta.columns === columns) return delta;
  const received = `an update of ${delta.rows} × ${delta.columns}`;
  throw new AdapterError({
    where,
    expected: `an update of ${shape[0]} × ${columns} for ${showShape(shape)}`,
    received,
  });
}

function scalingOf(adapter: OtherAdapter, path: string): number {
  const { values } = adapter.config;
  const own = (key: string, pattern: string): number => {
    const patterns = (values[pattern] ?? {}) as Record<string, number>;
    const value = patternLookup(patterns, pattern)(path) ?? values[key] ?? 8;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new AdapterError({ where: key, expected: 'a number', received: describe(value) });
  };
  return own('alpha', 'alpha_pattern') / own('r', 'rank_pattern');
}

function factor({ factors, where }: Context, name: string): RawTensor {
  const found = factors.get(name);
  if (found) return found;
  throw new AdapterError({ where, expected: name, received: [...factors.keys()].join(', ') });
}

/** A factor as a matrix: all axes after the first together. */
function matrixOf(context: Context, name: string): Matrix {
  const raw = factor(context, name);
  return matrix(finiteValues(raw, `${context.where}: ${name}`), raw.shape[0]!, size(raw.shape.slice(1)));
}

/** `ΔW = s · (W₁ₐ W₁ᵦ) ⊙ (W₂ₐ W₂ᵦ)`; with a core per kernel position, each product is a Tucker decomposition. */
function lohaRows(context: Context, scaling: number): DeltaRows & { rows: number } {
  const parts = [1, 2].map((i) => {
    const [a, b] = [matrixOf(context, `hada_w${i}_a`), matrixOf(context, `hada_w${i}_b`)];
    return context.factors.has(`hada_t${i}`)
      ? tucker(factor(context, `hada_t${i}`), a, b, context.where)
      : { a, b };
  });
  const [one, two] = parts as [{ a: Matrix; b: Matrix }, { a: Matrix; b: Matrix }];
  return {
    rows: one.a.rows,
    columns: one.b.columns,
    read(begin, end) {
      const x = multiply(rowsOf(one.a, begin, end), one.b).values;
      const y = multiply(rowsOf(two.a, begin, end), two.b).values;
      return x.map((value, i) => scaling * value * y[i]!);
    },
  };
}

/** `out[p, r, k, l] = Σ_ij t[i, j, k, l] · a[i, p] · b[j, r]` as a product of `aᵀ` and a matrix. */
function tucker(core: RawTensor, a: Matrix, b: Matrix, where: string): { a: Matrix; b: Matrix } {
  const t = finiteValues(core, `${where}: core`);
  const [ranks, inner] = [core.shape[0]!, core.shape[1]!];
  const kernel = size(core.shape.slice(2));
  const right = new Float32Array(ranks * b.columns * kernel);
  for (let i = 0; i < ranks; i++) {
    for (let j = 0; j < inner; j++) {
      for (let r = 0; r < b.columns; r++) {
        const weight = b.values[j * b.columns + r]!;
        const to = (i * b.columns + r) * kernel;
        const from = (i * inner + j) * kernel;
        for (let k = 0; k < kernel; k++) right[to + k]! += t[from + k]! * weight;
      }
    }
  }
  const left = new Float32Array(a.values.length);
  for (let i = 0; i < a.rows; i++)
    for (let p = 0; p < a.columns; p++) left[p * a.rows + i] = a.values[i * a.columns + p]!;
  return { a: matrix(left, a.columns, a.rows), b: matrix(right, ranks, b.columns * kernel) };
}

/** `ΔW = s · W₁ ⊗ W₂`, each stored whole or as a product. */
function lokrRows(context: Context, scaling: number): DeltaRows & { rows: number } {
  const { factors, shape } = context;
  const product = (name: string): Matrix =>
    multiply(matrixOf(context, `${name}_a`), matrixOf(context, `${name}_b`));
  const w1 = factors.has('lokr_w1') ? matrixOf(context, 'lokr_w1') : product('lokr_w1');
  const w2 = factors.has('lokr_w2') ? matrixOf(context, 'lokr_w2') : secondOf();
  // Of a kernel, w2 holds [out₂, in₂ · k…]: columns of the result run over in₁, then in₂ · k….
  const kernel = size(shape.slice(2));
  const inner = w2.columns;
  return {
    rows: w1.rows * w2.rows,
    columns: w1.columns * inner,
    read(begin, end) {
      const columns = w1.columns * inner;
      const out = new Float32Array((end - begin) * columns);
      for (let row = begin; row < end; row++) {
        const [i1, i2] = [Math.floor(row / w2.rows), row % w2.rows];
        for (let j = 0; j < w1.columns; j++) {
          const weight = scaling * w1.values[i1 * w1.columns + j]!;
          const at = (row - begin) * columns + j * inner;
          for (let k = 0; k < inner; k++) out[at + k] = weight * w2.values[i2 * inner + k]!;
        }
      }
      return out;
    },
  };

  function secondOf(): Matrix {
    if (!factors.has('lokr_t2')) return product('lokr_w2');
    const { a, b } = tucker(
      factor(context, 'lokr_t2'),
      matrixOf(context, 'lokr_w2_a'),
      matrixOf(context, 'lokr_w2_b'),
      context.where,
    );
    const whole = multiply(a, b);
    return matrix(whole.values, whole.rows, (whole.columns / kernel) * kernel);
  }
}

/** (IA)³ rescales outputs (and the bias) of a layer, or inputs of feedforward layers. */
function ia3Edits(adapter: OtherAdapter, context: Context): { weight: WeightEdit; bias?: WeightEdit } {
  const { shape, where } = context;
  const { values } = adapter.config;
  const raw = factor(context, 'ia3_l');
  const l = finiteValues(raw, `${where}: ia3_l`);
  const feedforward = values.feedforward_modules;
  const names = Array.isArray(feedforward) ? (feedforward as string[]) : [];
  if (typeof feedforward === 'string') {
    throw new AdapterError({
      where: 'feedforward_modules',
      expected: 'a list of names',
      received: describe(feedforward),
    });
  }
  const overInputs = names.some((name) => context.path === name || context.path.endsWith(`.${name}`));
  const conv1d = values.fan_in_fan_out === true && shape.length === 2;
  const axis = overInputs === conv1d ? 'row' : 'column';
  const expected = axis === 'row' ? shape[0]! : shape[1]!;
  if (l.length !== expected) {
    throw new AdapterError({
      where: `${where}: ia3_l`,
      expected: `${expected} factors for ${showShape(shape)}`,
      received: String(l.length),
    });
  }
  if (context.reverse && l.includes(0)) {
    throw new AdapterError({
      where: `${where}: ia3_l`,
      expected: 'factors other than 0',
      received: '0, which forgets the base',
    });
  }
  const factors = context.reverse ? l.map((value) => 1 / value) : l;
  return { weight: scale(factors, axis), bias: overInputs ? undefined : scale(factors, 'column') };
}

/** MiSS (once Bone): `ΔW[o, i] = b[i mod r, o]`; its variant bat multiplies blocks of the base. */
function missEdit(adapter: OtherAdapter, context: Context): WeightEdit {
  const { shape, where } = context;
  const raw = factor(context, 'miss_block');
  const values = finiteValues(raw, `${where}: miss_block`);
  const [out, inputs] = shape as [number, number];
  const fits = (expected: string, ok: boolean): void => {
    if (!ok || shape.length !== 2) {
      throw new AdapterError({
        where: `${where}: miss_block`,
        expected,
        received: `${showShape(raw.shape)} for ${showShape(shape)}`,
      });
    }
  };
  if (adapter.config.values.init_weights === 'bat') {
    const r = raw.shape.at(-1)!;
    const ok = raw.shape.length === 3 && raw.shape[1] === r && raw.shape[0]! * r === out && inputs % r === 0;
    fits('[out / r, r, r] with in and out divisible by r', ok);
    const blocks = Array.from({ length: raw.shape[0]! }, (_, i) => {
      const offset = matrix(values.subarray(i * r * r, (i + 1) * r * r), r, r);
      const factor = matrix(
        offset.values.map((value, at) => value + (at % (r + 1) === 0 ? 1 : 0)),
        r,
        r,
      );
      return context.reverse ? inverseOf(factor, offset, `${where}: block ${i}`) : { factor, offset };
    });
    return blockAffine(blocks);
  }
  const [r, width] = raw.shape as [number, number];
  const sign = context.reverse ? -1 : 1;
  fits('[r, out], or [r, mini_r] with out divisible by mini_r', raw.shape.length === 2 && out % width === 0);
  return addDelta({
    columns: inputs,
    read(begin, end) {
      const rows = new Float32Array((end - begin) * inputs);
      for (let o = begin; o < end; o++) {
        for (let i = 0; i < inputs; i++)
          rows[(o - begin) * inputs + i] = sign * values[(i % r) * width + (o % width)]!;
      }
      return rows;
    },
  });
}

/** `W' ↦ (W' - b)(I + b)⁻¹`; refused where so much would be lost that nothing of the base comes back. */
function inverseOf(factor: Matrix, offset: Matrix, where: string): { factor: Matrix; offset: Matrix } {
  const r = factor.rows;
  let inverse: Matrix | undefined;
  try {
    using found = inv(tensor(factor.values, [r, r]));
    inverse = matrix(found.dataSync() as Float32Array, r, r);
  } catch (error) {
    if (!(error instanceof Error && error.name === 'LinAlgError')) throw error;
  }
  const condition = inverse ? frobenius(factor.values) * frobenius(inverse.values) : Infinity;
  if (!inverse || condition > 1e7) {
    const received = `a condition number of ${condition.toExponential(1)}`;
    throw new AdapterError({ where, expected: 'I + b to be invertible', received, cure: 'keep the base' });
  }
  const moved = multiply(offset, inverse);
  return { factor: inverse, offset: { ...moved, values: moved.values.map((value) => -value) } };
}
