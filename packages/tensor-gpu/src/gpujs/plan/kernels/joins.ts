import type { KernelStep } from '../../../lower/program.js';
import { sizeOf } from '../../../tensor/shape.js';
import { MAX_ARGS, type Pass, type Plan, type Ref, Temporaries } from '../pass.js';
import { argNames, indexText, pass, unravel } from '../text.js';
import { around, refOf, single, thread } from './single.js';

/** Zeros with the input in a box: each cell looks whether it lies in the box. */
export function embed(step: KernelStep): Plan {
  const [x] = step.inputs;
  const { starts, sizes, steps } = step.params as { starts: number[]; sizes: number[]; steps: number[] };
  const { shape } = step.output.layout;
  const strides = sizes.map((_, a) => sizeOf(sizes.slice(a + 1)));
  return single(step, (values) => [
    ...unravel(thread, shape, 'i'),
    ...shape.flatMap((_, a) => [
      `const d${a} = ${steps[a] > 0 ? `i${a} - ${starts[a]}` : `${starts[a]} - i${a}`};`,
      `const q${a} = wlQuotient(d${a}, ${Math.abs(steps[a])});`,
      `if (d${a} < 0 || q${a} >= ${sizes[a]} || q${a} * ${Math.abs(steps[a])} != d${a}) { return wlNumber(0); }`,
    ]),
    `return ${values}[${indexText(
      x.layout.offset,
      sizes.map((_, a) => [`q${a}`, strides[a]] as const),
    )}];`,
  ]);
}

/** Joins at most as many parts as a kernel may have inputs; more are joined in groups first. */
function concatPasses(
  parts: readonly { ref: Ref; offset: number; size: number }[],
  outer: number,
  inner: number,
  result: Ref,
  temporaries: Temporaries,
): Pass[] {
  if (parts.length > MAX_ARGS) {
    const passes: Pass[] = [];
    const groups = Array.from({ length: Math.ceil(parts.length / MAX_ARGS) }, (_, g) => {
      const group = parts.slice(g * MAX_ARGS, (g + 1) * MAX_ARGS);
      if (group.length === 1) return group[0];
      const ref = temporaries.next();
      passes.push(...concatPasses(group, outer, inner, ref, temporaries));
      return { ref, offset: 0, size: group.reduce((n, p) => n + p.size, 0) };
    });
    return [...passes, ...concatPasses(groups, outer, inner, result, temporaries)];
  }
  const total = parts.reduce((n, p) => n + p.size, 0);
  const { args, nameOf } = argNames(parts.map((p) => p.ref));
  const lines = unravel(thread, [outer, total, inner], 'i');
  let at = 0;
  for (const { ref, offset, size } of parts) {
    const index = indexText(offset, [
      ['i0', size * inner],
      [at === 0 ? 'i1' : `(i1 - ${at})`, inner],
      ['i2', 1],
    ]);
    at += size;
    lines.push(
      at === total
        ? `return ${nameOf(ref)}[${index}];`
        : `if (i1 < ${at}) { return ${nameOf(ref)}[${index}]; }`,
    );
  }
  return [pass(args, result, outer * total * inner, lines)];
}

/** Joins along an axis. */
export function concat(step: KernelStep): Plan {
  const { axis } = step.params as { axis: number };
  const [outer, , inner] = around(step.output.layout.shape, axis);
  const parts = step.inputs
    .map((x) => ({ ref: refOf(x), offset: x.layout.offset, size: x.layout.shape[axis] }))
    .filter(({ size }) => size > 0);
  return { passes: concatPasses(parts, outer, inner, refOf(step.output), new Temporaries()) };
}
