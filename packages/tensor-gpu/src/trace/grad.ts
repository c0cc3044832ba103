import { DTypeError, TraceError } from '../errors.js';
import { add, constantLike } from '../primitives/elementwise.js';
import { zerosLike } from '../primitives/movement.js';
import { bind, type Primitive } from '../primitives/primitive.js';
import { isFloat } from '../tensor/dtype.js';
import { scoped } from '../tensor/scope.js';
import { showShape } from '../tensor/shape.js';
import { fromHost, Tensor } from '../tensor/tensor.js';
import { type Trace, withTrace } from './trace.js';
import { flatten } from './tree.js';

/** One recorded operation: how a cotangent of its output becomes cotangents of its inputs. */
interface TapeEntry {
  readonly output: number;
  readonly inputs: readonly number[];
  pull(ct: Tensor): readonly (Tensor | null)[];
}

/** What this transform knows of a value: the value one level below and its place on the tape. */
interface Tracked {
  readonly primal: Tensor;
  readonly index: number;
}

/** Reverse mode: records what happens to tracked values, then walks back. Values flow through it, so Python-style control flow works. */
export class GradTrace implements Trace {
  readonly name = 'grad';
  active = true;
  readonly level: number;
  readonly #tape: TapeEntry[] = [];
  #count = 0;

  constructor(level: number) {
    this.level = level;
  }

  track(primal: Tensor): Tensor {
    const payload: Tracked = { primal, index: this.#count++ };
    return new Tensor(primal.shape, primal.dtype, { trace: this, payload });
  }

  concrete(t: Tensor): Tensor {
    return (t.payload as Tracked).primal;
  }

  /** The value one level below; values of outer levels are themselves. */
  below(t: Tensor): Tensor {
    return t.trace === this ? (t.payload as Tracked).primal : t;
  }

  indexOf(t: Tensor): number {
    return t.trace === this ? (t.payload as Tracked).index : -1;
  }

  process<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    const primals = inputs.map((t) => this.below(t));
    const out = bind(primitive, primals, params);
    const { vjp } = primitive;
    if (!vjp || !isFloat(out.dtype)) return out;
    const indices = inputs.map((t) => (isFloat(t.dtype) ? this.indexOf(t) : -1));
    if (indices.every((i) => i < 0)) return out;
    const needs = indices.map((i) => i >= 0);
    return this.record(out, indices, (ct) => vjp({ ct, inputs: primals, out, params, needs }));
  }

  /** Tracks `out` with a reverse rule of its own. */
  record(out: Tensor, indices: readonly number[], pull: TapeEntry['pull']): Tensor {
    const tracked = this.track(out);
    this.#tape.push({ output: this.indexOf(tracked), inputs: indices, pull });
    return tracked;
  }

  /** Cotangents of the tracked values `wanted`, given those of some outputs. */
  backward(seeds: readonly (readonly [number, Tensor])[], wanted: readonly number[]): (Tensor | null)[] {
    const cotangents = new Map<number, Tensor>();
    const collect = (index: number, ct: Tensor): void => {
      const sum = cotangents.get(index);
      cotangents.set(index, sum ? add(sum, ct) : ct);
    };
    for (const [index, ct] of seeds) collect(index, ct);
    for (let i = this.#tape.length - 1; i >= 0; i--) {
      const { output, inputs, pull } = this.#tape[i];
      const ct = cotangents.get(output);
      if (!ct) continue;
      cotangents.delete(output);
      pull(ct).forEach((part, k) => {
        if (part && inputs[k] >= 0) collect(inputs[k], part);
      });
    }
    return wanted.map((index) => cotangents.get(index) ?? null);
  }
}

const asTensor = (leaf: Tensor | number): Tensor =>
  typeof leaf === 'number' ? fromHost(new Float32Array([leaf]), [], 'float32') : leaf;

/** Runs `f` on tracked float leaves of its arguments. */
function trackArguments(trace: GradTrace, args: readonly unknown[], where: string, which: readonly number[]) {
  const parts = args.map((arg) => flatten(arg, where));
  const leaves = parts.map(({ leaves }) => leaves.map(asTensor));
  const tracked = leaves.map((list, i) =>
    which.includes(i) ? list.map((t) => (isFloat(t.dtype) ? trace.track(t) : t)) : list,
  );
  const build = (i: number): unknown =>
    // Arguments that are not differentiated pass as they came, numbers included.
    which.includes(i) ? parts[i].def.build(tracked[i]) : args[i];
  return { parts, leaves, tracked, values: args.map((_, i) => build(i)) };
}

/**
 * `vjp(f, ...primals) → [f(...primals), pull]`, where `pull(cotangent)` gives one cotangent tree per argument. Float leaves get
 * cotangents, other leaves `null`. `f` may return any tree of tensors.
 *
 * @throws {TraceError} when `f` returns something else than tensors and numbers
 */
export function vjp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...primals: A
): [R, (cotangent: R) => unknown[]] {
  return withTrace(
    (level) => new GradTrace(level),
    (trace) => {
      const { parts, tracked, values } = trackArguments(
        trace,
        primals,
        'vjp',
        primals.map((_, i) => i),
      );
      const result = flatten(f(...(values as unknown as A)), 'vjp: the result of the function');
      const outs = result.leaves.map(asTensor);
      const value = result.def.build(outs.map((t) => trace.below(t))) as R;
      const pull = (cotangent: R): unknown[] => {
        const { leaves, def } = flatten(cotangent, 'vjp: the cotangent');
        if (def.key !== result.def.key) {
          throw new TraceError({
            where: 'vjp',
            expected: `a cotangent of the structure of the result, ${result.def.key}`,
            received: def.key,
          });
        }
        const seeds = outs.flatMap((t, i): [number, Tensor][] =>
          trace.indexOf(t) >= 0 ? [[trace.indexOf(t), asTensor(leaves[i])]] : [],
        );
        const indices = tracked.map((list) => list.map((t) => trace.indexOf(t)));
        const grads = trace.backward(seeds, indices.flat());
        let at = 0;
        return tracked.map((list, a) =>
          parts[a].def.build(list.map((t) => gradOrZero(trace, t, grads[at++]))),
        );
      };
      return [value, pull];
    },
  );
}

const gradOrZero = (trace: GradTrace, t: Tensor, g: Tensor | null): Tensor | null =>
  trace.indexOf(t) < 0 ? null : (g ?? zerosLike(t));

/** Which arguments to differentiate, and whether the function returns `[loss, extra]`. */
export interface GradOptions {
  /** Argument positions; default: the first. One number gives one tree, several give an array of trees. */
  readonly argnums?: number | readonly number[];
  /** The function returns `[loss, extra]`; `extra` is passed on. */
  readonly hasAux?: boolean;
}

type LossResult = Tensor | number | readonly [Tensor | number, unknown];

/**
 * A function giving `[f(...args), ∂f/∂args[0]]`. Float leaves of the differentiated trees get gradients, other leaves `null`.
 * What `f` made on the way is freed at the end, unless it is returned.
 *
 * @throws {TraceError} when `f` does not return a scalar float
 */
export function valueAndGrad<A extends readonly unknown[], R extends LossResult>(
  f: (...args: A) => R,
  options: GradOptions & { readonly argnums: readonly number[] },
): (...args: A) => [R, unknown[]];
export function valueAndGrad<A extends readonly unknown[], R extends LossResult>(
  f: (...args: A) => R,
  options?: GradOptions,
): (...args: A) => [R, A[0]];
export function valueAndGrad<A extends readonly unknown[], R extends LossResult>(
  f: (...args: A) => R,
  { argnums = 0, hasAux = false }: GradOptions = {},
): (...args: A) => [R, unknown] {
  const which = typeof argnums === 'number' ? [argnums] : argnums;
  const run = (...args: A): [R, unknown] =>
    withTrace(
      (level) => new GradTrace(level),
      (trace) => {
        checkArgnums(which, args.length);
        const { parts, tracked, values } = trackArguments(trace, args, 'grad', which);
        const result = f(...(values as unknown as A));
        const loss = asTensor((hasAux ? (result as readonly unknown[])[0] : result) as Tensor | number);
        checkLoss(loss, hasAux);
        const seeds: [number, Tensor][] =
          trace.indexOf(loss) >= 0 ? [[trace.indexOf(loss), constantLike(loss, 1)]] : [];
        const flat = which.flatMap((i) => tracked[i]);
        const grads = trace.backward(
          seeds,
          flat.map((t) => trace.indexOf(t)),
        );
        let at = 0;
        const trees = which.map((i) =>
          parts[i].def.build(tracked[i].map((t) => gradOrZero(trace, t, grads[at++]))),
        );
        const lowered = (tree: unknown): unknown => {
          const { leaves, def } = flatten(tree, 'grad: the result of the function');
          return def.build(leaves.map((t) => (t instanceof Tensor ? trace.below(t) : t)));
        };
        return [lowered(result) as R, typeof argnums === 'number' ? trees[0] : trees];
      },
    );
  return (...args) =>
    scoped(
      () => run(...args),
      (result) => flatten(result).leaves,
    );
}

/** As {@link valueAndGrad}, giving the gradient alone. */
export function grad<A extends readonly unknown[]>(
  f: (...args: A) => LossResult,
  options: GradOptions & { readonly argnums: readonly number[] },
): (...args: A) => unknown[];
export function grad<A extends readonly unknown[]>(
  f: (...args: A) => LossResult,
  options?: GradOptions,
): (...args: A) => A[0];
export function grad<A extends readonly unknown[]>(
  f: (...args: A) => LossResult,
  options: GradOptions = {},
): (...args: A) => unknown {
  const both = valueAndGrad(f, options);
  return (...args) => both(...args)[1];
}

function checkArgnums(which: readonly number[], count: number): void {
  for (const i of which) {
    if (!Number.isInteger(i) || i < 0 || i >= count) {
      throw new TraceError({
        where: 'grad',
        expected: `argnums from 0 to ${count - 1}`,
        received: String(i),
      });
    }
  }
}

function checkLoss(loss: unknown, hasAux: boolean): void {
  const what = hasAux ? 'a function returning [scalar loss, extra]' : 'a function returning a scalar loss';
  if (!(loss instanceof Tensor)) {
    throw new TraceError({ where: 'grad', expected: what, received: typeof loss });
  }
  if (loss.shape.length !== 0) {
    throw new TraceError({
      where: 'grad',
      expected: what,
      received: `shape ${showShape(loss.shape)}`,
      cure: 'reduce it with sum() or mean(), or use vjp()',
    });
  }
  if (!isFloat(loss.dtype)) {
    throw new DTypeError({ where: 'grad', expected: 'a float loss', received: loss.dtype });
  }
}
