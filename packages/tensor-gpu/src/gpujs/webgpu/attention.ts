import type { KernelStep, MapStep, Operand, Step } from '../../lower/program.js';
import { sameShape, sizeOf } from '../../tensor/shape.js';
import type { GpuModule } from '../gpu-module.js';
import { expressionText } from '../plan/expression.js';
import { refOf } from '../plan/kernels/single.js';
import { MAX_ARGS, type Pass } from '../plan/pass.js';
import { argNames } from '../plan/text.js';
import { attentionShader, MAX_WIDTH, type ScoreArithmetic } from './attention-shader.js';
import { functionsNamed, indexOf, translateParts, unite } from './shader.js';
import type { Softmax } from './softmax.js';
import { isWhole, type Uses } from './uses.js';

/** `softmax(f(q · k)) · v`, whose scores nobody else reads. */
export interface Attention {
  readonly steps: readonly Step[];
  readonly scores: KernelStep;
  /** Scale and masks, if there are any. */
  readonly arithmetic: MapStep | null;
  readonly weighted: KernelStep;
}

const isDot = (step: Step | undefined): step is KernelStep => step?.kind === 'kernel' && step.name === 'dot';

/** Float arithmetic on each score, and on what masks hold at its place. */
function worksOnScores(step: Step | undefined, size: number, keys: number): step is MapStep {
  return (
    step?.kind === 'map' &&
    step.outputs.length === 1 &&
    sizeOf(step.shape) === size &&
    step.shape.at(-1) === keys &&
    step.nodes.every(({ dtype }) => dtype === 'float32' || dtype === 'bool')
  );
}

/** The attention around a softmax, if there is one. */
export function matchAttention(softmax: Softmax, { readersOf, writerOf }: Uses): Attention | null {
  const { isLog, shape, axis, input, output, steps } = softmax;
  const [size, keys] = [sizeOf(shape), shape.at(-1)!];
  if (isLog || axis !== shape.length - 1 || !isWhole(input, size)) return null;
  // The maximum and the centring are the only readers.
  if (readersOf(input.buffer).length !== 2) return null;
  const written = writerOf(input.buffer);
  const arithmetic = worksOnScores(written, size, keys) ? written : null;
  const isProduct = (o: Operand): boolean =>
    isDot(writerOf(o.buffer)) &&
    readersOf(o.buffer).length === 1 &&
    arithmetic!.inputs.filter((p) => p.buffer === o.buffer).length === 1 &&
    isWhole(o, size);
  const product = arithmetic?.inputs.find(isProduct);
  const scores = arithmetic ? product && writerOf(product.buffer) : written;
  const [weighted, ...others] = readersOf(output.buffer);
  if (!isDot(scores) || !isDot(weighted) || others.length > 0) return null;
  const [weights, values] = weighted.inputs;
  const fits =
    weights.buffer === output.buffer &&
    values.buffer !== output.buffer &&
    isWhole(weights, size) &&
    sameShape(weights.layout.shape, scores.output.layout.shape) &&
    weights.layout.shape[2] === keys &&
    Math.max(scores.inputs[0].layout.shape[2], values.layout.shape[2]) <= MAX_WIDTH;
  if (!fits || sizeOf(weighted.output.layout.shape) === 0) return null;
  return {
    steps: [scores, ...(arithmetic ? [arithmetic] : []), ...steps, weighted],
    scores,
    arithmetic,
    weighted,
  };
}

/** One kernel that never writes the scores, or `null` where it would read too many arrays. */
export function attentionPass(gpu: GpuModule, found: Attention, maxGroups: number): Pass | null {
  const { scores, arithmetic, weighted } = found;
  const operands = [...scores.inputs, weighted.inputs[1]];
  const further = arithmetic?.inputs.filter((o) => o.buffer !== scores.output.buffer) ?? [];
  const { args, nameOf } = argNames([...operands, ...further].map(refOf));
  if (args.length > MAX_ARGS) return null;
  const basics = functionsNamed(gpu, ['wlMaximum', 'wlExp', 'wlInfinity']);
  const own = arithmetic && scoreArithmetic(gpu, arithmetic, scores.output.buffer, nameOf);
  const declarations = unite(basics, own?.functions ?? '');
  const shader = attentionShader(
    operands.map((o) => ({ array: nameOf(refOf(o)), layout: o.layout })),
    own,
    { arrays: args.map(nameOf), declarations },
    maxGroups,
  );
  return {
    source: shader.code,
    length: sizeOf(weighted.output.layout.shape),
    args,
    result: refOf(weighted.output),
    shader,
  };
}

/** gpu.js translates the arithmetic; it gets the score at hand, and what the masks hold at its place by integer indices. */
function scoreArithmetic(
  gpu: GpuModule,
  { nodes, inputs, outputs, shape }: MapStep,
  product: number,
  nameOf: (ref: ReturnType<typeof refOf>) => string,
): ScoreArithmetic & { readonly functions: string } {
  const { lines, value } = expressionText(nodes, outputs[0].node, (k) => `a${k}[this.thread.x]`);
  const names = inputs.map((_, k) => `a${k}`);
  const source = `function(${names.join(', ')}) {\n  ${[...lines, `return ${value};`].join('\n  ')}\n}`;
  const { body, functions } = translateParts(gpu, source, inputs.length, sizeOf(shape));
  const masks = inputs.flatMap((o, k) => (o.buffer === product ? [] : [{ ...o, k }]));
  const lead = shape.slice(0, -1);
  return {
    functions,
    declarations: `
var<private> threadGid : vec3<u32>;
var<private> result : array<f32, 1>;
${inputs
  .map(
    (_, k) =>
      `var<private> given${k} : f32;\nfn get_user_a${k}(z : i32, y : i32, x : i32) -> f32 { return given${k}; }`,
  )
  .join('\n')}
fn compute(data_index : i32) {
${body}
}
fn score(${inputs.map((_, k) => `value${k} : f32`).join(', ')}) -> f32 {
  ${inputs.map((_, k) => `given${k} = value${k};`).join(' ')}
  compute(0);
  return result[0];
}`,
    rows: masks.map(({ layout }) => ({
      start: (row) =>
        indexOf(
          row,
          lead.map((n, a) => ({ size: n, stride: layout.strides[a] })),
          layout.offset,
        ),
    })),
    call: (dot, starts, key) => {
      const values = inputs.map((o) => {
        if (o.buffer === product) return dot;
        const m = masks.findIndex((mask) => inputs[mask.k] === o);
        return `${nameOf(refOf(o))}[${starts[m]} + ${key} * ${o.layout.strides.at(-1)!}]`;
      });
      return `score(${values.join(', ')})`;
    },
  };
}
