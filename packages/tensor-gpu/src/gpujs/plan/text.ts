import type { Shape } from '../../tensor/shape.js';
import { distinct, keyOf, type Leaf, type Pass, type Ref } from './pass.js';

/**
 * A number as kernel source. Whole numbers go through a function that makes them floating-point in every mode; large ones
 * are written as a product, for gpu.js prints no exponents in whole literals.
 */
export function numberText(value: number): string {
  const v = Math.fround(value);
  if (Number.isNaN(v)) return 'wlNaN(0)';
  if (v < 0) return `(-${numberText(-v)})`;
  if (v === Infinity) return 'wlInfinity(0.5)';
  if (v >= 2 ** 31) {
    const exponent = Math.floor(Math.log2(v)) + 1;
    const [rest, factors] = [exponent % 30, Math.floor(exponent / 30)];
    return `(${[v / 2 ** exponent, ...new Array<number>(factors).fill(2 ** 30), 2 ** rest].join(' * ')})`;
  }
  return Number.isInteger(v) ? `wlNumber(${v})` : String(v);
}

/** `offset + Σ index_i · stride_i` over index variables. */
export function indexText(
  offset: number,
  terms: readonly (readonly [index: string, stride: number])[],
): string {
  let text = offset === 0 ? '' : String(offset);
  for (const [index, stride] of terms) {
    if (stride === 0) continue;
    const product = Math.abs(stride) === 1 ? index : `${index} * ${Math.abs(stride)}`;
    if (text === '') text = stride < 0 ? `0 - ${product}` : product;
    else text += ` ${stride < 0 ? '-' : '+'} ${product}`;
  }
  return text === '' ? '0' : text;
}

/**
 * Statements that take `from` apart into one index per axis, the last one fastest. Their names are `prefix0`, `prefix1`, …
 * Division in float32 may be off by one on GPUs; `wlQuotient` puts that right.
 */
export function unravel(from: string, sizes: Shape, prefix: string): string[] {
  if (sizes.length === 0) return [];
  const lines: string[] = [];
  let rest = from;
  for (let axis = sizes.length - 1; axis > 0; axis--) {
    if (sizes[axis] === 1) lines.push(`const ${prefix}${axis} = 0;`);
    else {
      lines.push(`const ${prefix}q${axis} = wlQuotient(${rest}, ${sizes[axis]});`);
      lines.push(`const ${prefix}${axis} = ${rest} - ${prefix}q${axis} * ${sizes[axis]};`);
      rest = `${prefix}q${axis}`;
    }
  }
  lines.push(`const ${prefix}0 = ${rest};`);
  return lines;
}

/** An axis of a loop with the stride of every leaf along it. */
export interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/** Joins neighbouring axes that every leaf walks as one; axes of size 1 vanish. */
export function collapse(axes: readonly Axis[]): Axis[] {
  const out: Axis[] = [];
  for (const axis of axes) {
    const outer = out.at(-1);
    if (axis.size === 1) continue;
    if (outer && outer.strides.every((s, i) => s === axis.strides[i] * axis.size)) {
      out[out.length - 1] = { size: outer.size * axis.size, strides: axis.strides };
    } else out.push(axis);
  }
  return out;
}

/** The axes of a shape for some leaves of that shape. */
export const axesOf = (shape: Shape, which: readonly number[], leaves: readonly Leaf[]): Axis[] =>
  collapse(which.map((a) => ({ size: shape[a], strides: leaves.map((l) => l.layout.strides[a]) })));

/** Names `a0, a1, …` of the arrays behind some leaves. */
export function argNames(refs: readonly Ref[]): { args: Ref[]; nameOf: (ref: Ref) => string } {
  const args = distinct(refs);
  const names = new Map(args.map((ref, i) => [keyOf(ref), `a${i}`]));
  return { args, nameOf: (ref) => names.get(keyOf(ref))! };
}

/** A pass from the statements of its kernel. */
export const pass = (args: readonly Ref[], result: Ref, length: number, lines: readonly string[]): Pass => ({
  source: `function(${args.map((_, i) => `a${i}`).join(', ')}) {\n  ${lines.join('\n  ')}\n}`,
  length,
  args,
  result,
});

/** Terms of one float32 accumulation; longer sums run in nested blocks, so that rounding errors do not pile up. */
const BLOCK = 128;

/**
 * Loops over `count` terms in nested blocks: `body('k')` gives statements that leave a term in a `const term`, and
 * `combine(acc, term)` folds it in. The result is in `total`. All bounds are literals: gpu.js cuts other loops at 1000 turns.
 */
export function accumulate(
  count: number,
  neutral: string,
  combine: (acc: string, term: string) => string,
  body: (k: string) => readonly string[],
): string[] {
  let levels = 1;
  while (BLOCK ** levels < count) levels++;
  const name = (level: number): string => (level === 0 ? 'total' : `part${level}`);
  const nest = (level: number, outer: string): string[] => {
    const span = BLOCK ** (levels - 1 - level);
    const turns = level === 0 ? Math.ceil(count / span) : BLOCK;
    const i = `k${level}`;
    const at = outer === '' ? i : `${outer} * ${BLOCK} + ${i}`;
    const lines = [`for (let ${i} = 0; ${i} < ${turns}; ${i}++) {`];
    if (level === levels - 1) {
      const ragged = count % BLOCK ** (levels - 1) !== 0 && level > 0;
      const inner = [...body('k'), `${name(level)} = ${combine(name(level), 'term')};`];
      lines.push(`  const k = ${at};`);
      if (ragged) lines.push(`  if (k < ${count}) {`, ...inner.map((l) => `    ${l}`), '  }');
      else lines.push(...inner.map((l) => `  ${l}`));
    } else {
      lines.push(`  const j${level} = ${at};`, `  let ${name(level + 1)} = ${neutral};`);
      lines.push(...nest(level + 1, `j${level}`));
      lines.push(`  ${name(level)} = ${combine(name(level), name(level + 1))};`);
    }
    lines.push('}');
    return lines.map((l) => (level === 0 ? l : `  ${l}`));
  };
  return [`let total = ${neutral};`, ...nest(0, '')];
}
