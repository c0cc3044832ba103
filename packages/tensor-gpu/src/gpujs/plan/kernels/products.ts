import type { KernelStep } from '../../../lower/program.js';
import type { Plan } from '../pass.js';
import { accumulate, indexText, unravel } from '../text.js';
import { add, single, thread } from './single.js';

/** Σ over `terms` products; `terms` are the inner axis, and for `dotSum` the stack too. */
function product(step: KernelStep, stacked: boolean): Plan {
  const [a, b] = step.inputs;
  const [batch, m, k] = a.layout.shape;
  const n = b.layout.shape[2];
  const [sa, rowA, columnA] = a.layout.strides;
  const [sb, rowB, columnB] = b.layout.strides;
  return single(step, (left, right) => [
    ...(stacked ? unravel(thread, [m, n], 'i') : unravel(thread, [batch, m, n], 'i')),
    ...accumulate(stacked ? batch * k : k, 'wlNumber(0)', add, (at) => {
      const [stack, row, column, inner] = stacked ? ['r0', 'i0', 'i1', 'r1'] : ['i0', 'i1', 'i2', at];
      const x = indexText(a.layout.offset, [
        [stack, sa],
        [row, rowA],
        [inner, columnA],
      ]);
      const y = indexText(b.layout.offset, [
        [stack, sb],
        [inner, rowB],
        [column, columnB],
      ]);
      return [
        ...(stacked ? unravel(at, [batch, k], 'r') : []),
        `const term = ${left}[${x}] * ${right}[${y}];`,
      ];
    }),
    'return total;',
  ]);
}

/** A stack of matrix products; the operands are strided. */
export const dot = (step: KernelStep): Plan => product(step, false);
/** The sum of a stack of matrix products. */
export const dotSum = (step: KernelStep): Plan => product(step, true);
