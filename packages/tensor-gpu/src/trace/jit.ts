import { backendGeneration, currentExecutor } from '../backend.js';
import { DisposedError, TraceError } from '../errors.js';
import type { Executable } from '../executor.js';
import { lower } from '../lower/lower.js';
import { type Program, writesOf } from '../lower/program.js';
import { zerosLike } from '../primitives/movement.js';
import type { Aval, Primitive } from '../primitives/primitive.js';
import { bytesPerElement, isFloat } from '../tensor/dtype.js';
import { contiguous } from '../tensor/layout.js';
import { scoped } from '../tensor/scope.js';
import { sizeOf } from '../tensor/shape.js';
import { fromHost, Tensor } from '../tensor/tensor.js';
import { materialize } from './eager.js';
import { execute } from './execute.js';
import { GradTrace, vjp } from './grad.js';
import { GraphBuilder } from './graph.js';
import { keyOf } from './key-of.js';
import { innermost, type Trace, withTrace } from './trace.js';
import { flatten, type TreeDef } from './tree.js';

/** Thrown inside when a function closes over a traced value: it cannot be compiled on its own and is inlined. */
class ClosesOverTrace extends Error {}

/** Records operations into a graph instead of computing. */
class GraphTrace implements Trace {
  readonly name = 'jit';
  active = true;
  readonly level: number;
  readonly builder = new GraphBuilder();

  constructor(level: number) {
    this.level = level;
  }

  input(aval: Aval): Tensor {
    return this.#wrap(this.builder.input(aval, contiguous(aval.shape)));
  }

  idOf(t: Tensor): number {
    if (t.trace === this) return t.payload as number;
    if (t.trace) throw new ClosesOverTrace();
    return this.builder.capture(t);
  }

  process<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    const ids = inputs.map((t) => this.idOf(t));
    return this.#wrap(this.builder.apply(primitive as Primitive<unknown>, ids, params));
  }

  #wrap(id: number): Tensor {
    const { shape, dtype } = this.builder.nodes[id];
    return new Tensor(shape, dtype, { trace: this, payload: id });
  }
}

interface Compiled {
  readonly executable: Executable;
  readonly outputs: readonly Aval[];
  readonly result: TreeDef;
  readonly constants: readonly Tensor[];
  readonly report: { readonly nodes: number; readonly flops: number; readonly bytes: number };
}

/** Arguments taken apart: trees (`null` for static ones), leaves, the cache key, and which leaves are donated. */
interface Prepared {
  readonly parts: readonly (ReturnType<typeof flatten> | null)[];
  readonly leaves: readonly (readonly Tensor[])[];
  readonly flat: readonly Tensor[];
  readonly key: string;
  readonly donated: readonly boolean[];
}

export interface JitOptions {
  /** Positions of arguments whose buffers the call may take over; using them afterwards throws. */
  readonly donate?: readonly number[];
  /** Positions of arguments that are part of the program: plain values, compared by JSON (functions by identity). */
  readonly static?: readonly number[];
  /** The name in messages; default: the function's. */
  readonly name?: string;
}

/** A compiled function. */
export interface Jitted<A extends readonly unknown[], R> {
  (...args: A): R;
  /** Compiles for these arguments (without running) and tells what was planned. */
  explain(...args: A): JitExplanation;
  /** Number of programs compiled so far: one per set of shapes, dtypes, tree structures and static values. */
  readonly cacheSize: () => number;
}

export interface JitExplanation {
  readonly backend: string;
  /** Recorded operations before fusion. */
  readonly operations: number;
  /** One line a step, in order. */
  readonly steps: readonly string[];
  /** Multiply-adds count two. */
  readonly flops: number;
  /** Bytes read and written by the steps. */
  readonly bytes: number;
  readonly toString: () => string;
}

const identities = new WeakMap<object, number>();
let identityCount = 0;
const staticKey = (value: unknown): string => {
  if (typeof value === 'function' || (typeof value === 'object' && value !== null && !isPlainData(value))) {
    if (!identities.has(value)) identities.set(value, ++identityCount);
    return `#${identities.get(value)}`;
  }
  return keyOf(value);
};
const isPlainData = (value: object): boolean => {
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === null || proto === Object.prototype || Array.isArray(value);
};

const asTensor = (leaf: Tensor | number): Tensor =>
  typeof leaf === 'number' ? fromHost(new Float32Array([leaf]), [], 'float32') : leaf;

/**
 * Compiles `fn`: it is traced once per set of shapes, dtypes and static values, differentiated and fused as a whole, and
 * runs from one plan afterwards. Numbers and keys in the arguments are traced, so a changing learning rate never compiles
 * again. Strings and booleans inside arguments are part of the program.
 *
 * `fn` must be pure: it runs only while tracing. Called with values of an outer transform it becomes part of it.
 *
 * @throws {TraceError} on host reads inside `fn`
 * @throws {DisposedError} when an argument was donated before, or one buffer is donated twice
 */
export function jit<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: JitOptions = {},
): Jitted<A, R> {
  const name = options.name ?? (fn.name || 'a compiled function');
  const donate = options.donate ?? [];
  const fixed = options.static ?? [];
  const cache = new Map<string, Compiled | 'inline'>();
  const backwards = new Map<string, Jitted<[Tensor[], unknown], (Tensor | null)[]>>();
  let copying: Jitted<A, R> | null = null;
  let generation = backendGeneration();
  for (const i of donate) {
    if (fixed.includes(i)) {
      throw new TraceError({
        where: name,
        expected: 'donated arguments to be traced',
        received: `argument ${i} is static too`,
      });
    }
  }

  const prepare = (args: A): Prepared => {
    const parts = args.map((arg, i) => (fixed.includes(i) ? null : flatten(arg, `${name}: argument ${i}`)));
    const leaves = parts.map((p) => p?.leaves.map(asTensor) ?? []);
    const flat = leaves.flat();
    const key = `${currentExecutor().name} ${args
      .map((arg, i) => {
        const part = parts[i];
        if (!part) return `static ${staticKey(arg)}`;
        return `${part.def.key} ${leaves[i].map((t) => `${t.dtype}[${t.shape.join()}]`).join()}`;
      })
      .join(' | ')}`;
    const donated = leaves.flatMap((list, i) => list.map(() => donate.includes(i)));
    return { parts, leaves, flat, key, donated };
  };

  const compile = (args: A, prepared: Prepared): Compiled | 'inline' => {
    if (generation !== backendGeneration()) {
      cache.clear();
      generation = backendGeneration();
    }
    const known = cache.get(prepared.key);
    if (known) return known;
    const made = trace(fn, args, prepared, name);
    cache.set(prepared.key, made);
    return made;
  };

  const run = (...args: A): R => {
    const prepared = prepare(args);
    const outer = innermost(prepared.flat);
    if (outer instanceof GradTrace) return throughGrad(outer, fn, forward(), backwards, args, prepared) as R;
    if (outer) return fn(...args);
    checkDonations(prepared.flat, prepared.donated, name);
    const compiled = compile(args, prepared);
    if (compiled === 'inline') return fn(...args);
    return scoped(
      () => {
        const inputs = [...prepared.flat.map(materialize), ...compiled.constants];
        const flags = [...prepared.donated, ...compiled.constants.map(() => false)];
        const results = execute(compiled.executable, inputs, flags, compiled.outputs, name);
        prepared.flat.forEach((t, i) => {
          if (prepared.donated[i] && t !== inputs[i]) t.storage!.discard(`donated to ${name}`);
        });
        return compiled.result.build(results) as R;
      },
      (result) => flatten(result).leaves,
    );
  };

  const jitted = run as Jitted<A, R>;
  /** The same function without donation: inside `grad` its arguments are needed again. */
  const forward = (): Jitted<A, R> =>
    donate.length === 0 ? jitted : (copying ??= jit(fn, { static: fixed, name }));
  Object.defineProperty(jitted, 'cacheSize', { value: () => cache.size });
  jitted.explain = (...args: A): JitExplanation => {
    const compiled = compile(args, prepare(args));
    if (compiled === 'inline') {
      throw new TraceError({
        where: `${name}.explain`,
        expected: 'a function that compiles on its own',
        received: 'one that closes over a traced value',
      });
    }
    const steps = compiled.executable.describe();
    const { nodes, flops, bytes } = compiled.report;
    const backend = currentExecutor().name;
    const text = [
      `${name}: ${nodes} operations in ${steps.length} steps on ${backend}, ${flops} flops, ${bytes} bytes`,
      ...steps.map((s, i) => `${String(i + 1).padStart(4)}  ${s}`),
    ].join('\n');
    return { backend, operations: nodes, steps, flops, bytes, toString: () => text };
  };
  return jitted;
}

function trace<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  args: A,
  prepared: Prepared,
  name: string,
): Compiled | 'inline' {
  try {
    return withTrace(
      (level) => new GraphTrace(level),
      (graph) => {
        const inputs = prepared.leaves.map((list) => list.map((t) => graph.input(t)));
        const values = args.map((arg, i) => prepared.parts[i]?.def.build(inputs[i]) ?? arg);
        const result = flatten(fn(...(values as unknown as A)), `${name}: the result`);
        const outputs = result.leaves.map((leaf) => graph.idOf(asTensor(leaf)));
        const { nodes, constants } = graph.builder;
        const donated = [...prepared.donated, ...constants.map(() => false)];
        const program = lower({ nodes, outputs, constants }, donated);
        return {
          executable: currentExecutor().prepare(program),
          outputs: outputs.map((id) => nodes[id]),
          result: result.def,
          constants,
          report: estimate(program, nodes.filter((n) => n.source.kind === 'apply').length),
        };
      },
    );
  } catch (error) {
    if (error instanceof ClosesOverTrace) return 'inline';
    throw error;
  }
}

/**
 * Inside `grad`: forward and backward are each one compiled program; the backward one computes what it needs of the forward
 * pass anew.
 */
function throughGrad<A extends readonly unknown[], R>(
  outer: GradTrace,
  fn: (...args: A) => R,
  forward: Jitted<A, R>,
  backwards: Map<string, Jitted<[Tensor[], unknown], (Tensor | null)[]>>,
  args: A,
  { parts, flat, key }: Prepared,
): unknown {
  const rebuild = (leaves: readonly Tensor[]): A => {
    let at = 0;
    return args.map((arg, i) => {
      const part = parts[i];
      return part ? part.def.build(part.leaves.map(() => leaves[at++])) : arg;
    }) as unknown as A;
  };
  let backward = backwards.get(key);
  if (!backward) {
    const pull = (leaves: Tensor[], ct: unknown): (Tensor | null)[] =>
      vjp((list: Tensor[]) => fn(...rebuild(list)) as unknown, leaves)[1](ct)[0] as (Tensor | null)[];
    backwards.set(key, (backward = jit(pull, { name: 'backward' })));
  }
  const run = backward;
  const primals = flat.map((t) => outer.below(t));
  const { leaves, def } = flatten(forward(...rebuild(primals)));
  const outs = leaves.map(asTensor);
  const indices = flat.map((t) => outer.indexOf(t));
  const results = outs.map((out, o) =>
    isFloat(out.dtype)
      ? outer.record(out, indices, (ct) =>
          run(primals, def.build(outs.map((t, i) => (i === o ? ct : zerosLike(t))))),
        )
      : out,
  );
  return def.build(results);
}

function checkDonations(leaves: readonly Tensor[], donated: readonly boolean[], name: string): void {
  const seen = new Set<unknown>();
  leaves.forEach((t, i) => {
    if (!donated[i] || !t.storage) return;
    t.use(name);
    if (seen.has(t.storage)) {
      throw new DisposedError({
        where: name,
        expected: 'every donated buffer once',
        received: 'one that is donated twice',
        cure: 'copy() one of the two',
      });
    }
    seen.add(t.storage);
  });
  leaves.forEach((t, i) => {
    if (!donated[i] && seen.has(t.storage)) {
      throw new DisposedError({
        where: name,
        expected: 'a donated buffer in no other argument',
        received: 'one that is also passed undonated',
        cure: 'copy() it first',
      });
    }
  });
}

/** Work of a program: multiply-adds of products count two, every other element operation one. */
function estimate({ buffers, steps }: Program, nodes: number): Compiled['report'] {
  let flops = 0;
  let bytes = 0;
  for (const step of steps) {
    for (const o of [...step.inputs, ...writesOf(step)]) {
      bytes += Math.min(sizeOf(o.layout.shape), buffers[o.buffer].length) * bytesPerElement(o.dtype);
    }
    if (step.kind !== 'kernel') flops += sizeOf(step.shape) * step.nodes.filter((n) => 'args' in n).length;
    else if (step.name === 'dot')
      flops += 2 * sizeOf(step.output.layout.shape) * step.inputs[0].layout.shape[2];
    else flops += sizeOf(step.output.layout.shape);
  }
  return { nodes, flops, bytes };
}
