import { backendGeneration, currentExecutor } from '../backend.js';
import type { Executable } from '../executor.js';
import { lower } from '../lower/lower.js';
import type { Aval, Primitive } from '../primitives/primitive.js';
import { applyView, isContiguous, type Layout } from '../tensor/layout.js';
import { Tensor } from '../tensor/tensor.js';
import { execute } from './execute.js';
import { GraphBuilder } from './graph.js';

interface EagerPlan {
  readonly executable: Executable;
  readonly outputs: readonly Aval[];
}

/** One-op graphs by backend, operation, parameters and layouts; the oldest go first. */
const plans = new Map<string, EagerPlan>();
const MAX_PLANS = 2048;
let generation = 0;

const layoutKey = (layout: Layout): string =>
  isContiguous(layout) && layout.offset === 0
    ? layout.shape.join()
    : `${layout.shape.join()}@${layout.offset}:${layout.strides.join()}`;

/** An eager call: a graph of one operation, compiled once per layout. Views cost nothing: they share their storage. */
export function runEager<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
  if (primitive.kind === 'view') {
    const [x] = inputs;
    const layout = applyView(x.layout, primitive.view!(params));
    if (layout) return new Tensor(layout.shape, x.dtype, { storage: x.use(primitive.name), layout });
  }
  const backend = currentExecutor().name;
  const key = `${backend} ${primitive.name} ${params === null ? '' : JSON.stringify(params)} ${inputs
    .map((t) => `${t.dtype}${layoutKey(t.layout)}`)
    .join(' ')}`;
  if (generation !== backendGeneration()) {
    plans.clear();
    generation = backendGeneration();
  }
  let plan = plans.get(key);
  if (!plan) {
    plan = compile(primitive, inputs, params);
    if (plans.size >= MAX_PLANS) plans.delete(plans.keys().next().value!);
    plans.set(key, plan);
  }
  return execute(
    plan.executable,
    inputs,
    inputs.map(() => false),
    plan.outputs,
    primitive.name,
  )[0];
}

function compile<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): EagerPlan {
  const builder = new GraphBuilder();
  const ids = inputs.map((t) => builder.input(t, t.layout));
  const output = builder.apply(primitive as Primitive<unknown>, ids, params);
  const { nodes, constants } = builder;
  const program = lower(
    { nodes, outputs: [output], constants },
    inputs.map(() => false),
  );
  return { executable: currentExecutor().prepare(program), outputs: [nodes[output]] };
}

/** The same values in a storage of their own, in row-major order. */
export function materialize(t: Tensor): Tensor {
  if (isContiguous(t.layout) && t.layout.offset === 0 && t.storage!.length === t.size) return t;
  return copyOf(t);
}

/** A fresh copy of a concrete tensor. */
export function copyOf(t: Tensor): Tensor {
  const builder = new GraphBuilder();
  const id = builder.input(t, t.layout);
  const program = lower({ nodes: builder.nodes, outputs: [id], constants: [] }, [false]);
  return execute(currentExecutor().prepare(program), [t], [false], [t], 'copy')[0];
}
