import { backendGeneration, currentExecutor } from '../backend.js';
import type { Executable } from '../executor.js';
import { lower } from '../lower/lower.js';
import type { Aval, Primitive } from '../primitives/primitive.js';
import { applyView, isContiguous, type Layout } from '../tensor/layout.js';
import { Tensor } from '../tensor/tensor.js';
import { execute } from './execute.js';
import { GraphBuilder } from './graph.js';
import { keyOf } from './key-of.js';

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
  const name = `${primitive.name} ${params === null ? '' : keyOf(params)}`;
  return runPlan(primitive.name, name, inputs, (builder, ids) =>
    builder.apply(primitive as Primitive<unknown>, ids, params),
  );
}

/** Runs the plan of a small graph with one output, made by `record` the first time these layouts come. */
function runPlan(
  where: string,
  name: string,
  inputs: readonly Tensor[],
  record: (builder: GraphBuilder, ids: readonly number[]) => number,
): Tensor {
  if (generation !== backendGeneration()) {
    plans.clear();
    generation = backendGeneration();
  }
  const executor = currentExecutor();
  const layouts = inputs.map((t) => `${t.dtype}${layoutKey(t.layout)}`).join(' ');
  const key = `${executor.name} ${name} ${layouts}`;
  const donated = inputs.map(() => false);
  let plan = plans.get(key);
  if (!plan) {
    const builder = new GraphBuilder();
    const output = record(
      builder,
      inputs.map((t) => builder.input(t, t.layout)),
    );
    const { nodes, constants } = builder;
    const executable = executor.prepare(lower({ nodes, outputs: [output], constants }, donated));
    plan = { executable, outputs: [nodes[output]] };
    if (plans.size >= MAX_PLANS) plans.delete(plans.keys().next().value!);
    plans.set(key, plan);
  }
  return execute(plan.executable, inputs, donated, plan.outputs, where)[0];
}

/** The same values in a storage of their own, in row-major order. */
export function materialize(t: Tensor): Tensor {
  if (isContiguous(t.layout) && t.layout.offset === 0 && t.storage!.length === t.size) return t;
  return copyOf(t);
}

/** A fresh copy of a concrete tensor. */
export const copyOf = (t: Tensor): Tensor => runPlan('copy', 'copy', [t], (_, [id]) => id);
