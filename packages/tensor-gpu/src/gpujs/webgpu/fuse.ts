import type { KernelStep, MapStep, Program, Step } from '../../lower/program.js';
import { isContiguous } from '../../tensor/layout.js';
import { sizeOf } from '../../tensor/shape.js';
import type { GpuModule } from '../gpu-module.js';
import { refOf } from '../plan/kernels/single.js';
import { planMap } from '../plan/loops.js';
import { keyOf, MAX_ARGS, type Pass } from '../plan/pass.js';
import { argNames } from '../plan/text.js';
import { type Unit, unitOf } from '../resident/units.js';
import { attentionPass, matchAttention } from './attention.js';
import { type Epilogue, isTiled, nameOfShader, productShader } from './matmul.js';
import { translateParts } from './shader.js';
import { matchSoftmax, type Softmax, softmaxPass } from './softmax.js';
import type { Dispatch } from './tiles.js';
import { type Uses, usesOf } from './uses.js';

/** Float arithmetic that reads the product cell by cell, and writes one result. */
function follows(step: Step, product: KernelStep): step is MapStep {
  if (step.kind !== 'map' || step.outputs.length !== 1) return false;
  const whole = sizeOf(product.output.layout.shape);
  return (
    sizeOf(step.shape) === whole &&
    step.outputs[0].target.dtype === 'float32' &&
    step.nodes.every(({ dtype }) => dtype === 'float32' || dtype === 'bool') &&
    step.inputs
      .filter((o) => o.buffer === product.output.buffer)
      .every(({ layout }) => isContiguous(layout) && layout.offset === 0)
  );
}

/**
 * The steps of a program, those put together that one kernel computes, so that what lies between them is never in memory:
 * attention; a softmax; and products whose only user is elementwise arithmetic (bias, activation, a scaled update of weights).
 */
export function fuse(
  gpu: GpuModule,
  program: Pick<Program, 'steps' | 'outputs'>,
  dispatch: Dispatch,
): Unit[] {
  const { maxGroups } = dispatch;
  const { steps } = program;
  const uses = usesOf(program);
  /** The unit at its last step; `null` at the others. */
  const fused = new Map<Step, Unit | null>();
  const put = (unit: Unit): void => {
    for (const step of unit.steps) fused.set(step, null);
    fused.set(unit.steps.at(-1)!, unit);
  };
  for (const step of steps) {
    const softmax = matchSoftmax(step, uses);
    if (softmax) put(attentionUnit(gpu, softmax, uses, maxGroups) ?? softmaxUnit(gpu, softmax, maxGroups));
  }
  for (const step of steps) {
    if (!isTiled(step, dispatch) || fused.has(step)) continue;
    const [user, ...others] = uses.readersOf(step.output.buffer);
    if (!user || others.length > 0 || fused.has(user) || !follows(user, step)) continue;
    const pass = fusedPass(gpu, step, user, dispatch);
    if (pass) put({ steps: [step, user], passes: [pass] });
  }
  return steps.flatMap((step) => {
    const unit = fused.get(step);
    return unit === undefined ? [unitOf(step)] : unit === null ? [] : [unit];
  });
}

const softmaxUnit = (gpu: GpuModule, found: Softmax, maxGroups: number): Unit => ({
  label: `${found.isLog ? 'logSoftmax' : 'softmax'} [${found.shape.join()}]`,
  steps: found.steps,
  passes: [softmaxPass(gpu, found, maxGroups)],
});

function attentionUnit(gpu: GpuModule, softmax: Softmax, uses: Uses, maxGroups: number): Unit | null {
  const found = matchAttention(softmax, uses);
  const pass = found && attentionPass(gpu, found, maxGroups);
  if (!pass) return null;
  const operands = [...found.scores.inputs, found.weighted.inputs[1]];
  const label = `attention ${operands.map((o) => `[${o.layout.shape.join()}]`).join(' ')}`;
  return { label, steps: found.steps, passes: [pass] };
}

/** gpu.js translates the arithmetic; where it reads the product it gets the cell at hand. */
function fusedPass(gpu: GpuModule, product: KernelStep, map: MapStep, dispatch: Dispatch): Pass | null {
  const plan = planMap(map);
  if ('refused' in plan || plan.passes.length !== 1) return null;
  const [{ source, args: mapArgs, length, result }] = plan.passes;
  const { args, nameOf } = argNames(product.inputs.map(refOf));
  const own = keyOf(refOf(product.output));
  const further = mapArgs.filter((ref) => keyOf(ref) !== own);
  if (args.length + further.length > MAX_ARGS) return null;
  const { body, functions } = translateParts(gpu, source, mapArgs.length, length);
  const arrays = further.map((_, i) => `further${i}`);
  const reading = mapArgs.map((ref, i) => {
    const value = keyOf(ref) === own ? 'product' : `${arrays[further.indexOf(ref)]}[x]`;
    return `fn get_user_a${i}(z : i32, y : i32, x : i32) -> f32 { return ${value}; }`;
  });
  const epilogue: Epilogue = {
    declarations: [
      'var<private> threadGid : vec3<u32>;',
      'var<private> product : f32;',
      ...reading,
      functions,
      `fn finish(data_index : i32) {\n${body}\n}`,
    ].join('\n'),
    store: (value, cell) =>
      `product = ${value}; threadGid = vec3<u32>(u32${cell}, 0u, 0u); finish(i32(threadGid.x));`,
  };
  const [left, right] = product.inputs.map((o) => nameOf(refOf(o)));
  const bindings = [...args.map(nameOf), ...arrays, 'result'];
  const shader = productShader(product, dispatch, [left, right], bindings, epilogue);
  return { source: nameOfShader(shader), length, args: [...args, ...further], result, shader };
}
