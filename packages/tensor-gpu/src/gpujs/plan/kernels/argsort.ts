import type { KernelStep } from '../../../lower/program.js';
import { type Plan, Temporaries } from '../pass.js';
import { accumulate, indexText, pass, unravel } from '../text.js';
import { add, cellsOf, refOf, thread } from './single.js';

/** Longest rows that are ranked by comparing all pairs; longer ones are sorted by the wasm core. */
export const LONGEST_RANKED_ROW = 2048;

/** Stable order of rows: the rank of every element, then which element has each rank. */
export function argsort(step: KernelStep): Plan {
  const [x] = step.inputs;
  const { descending } = step.params as { descending: boolean };
  const n = x.layout.shape.at(-1)!;
  if (n > LONGEST_RANKED_ROW) return { refused: `argsort of rows longer than ${LONGEST_RANKED_ROW}` };
  const cells = cellsOf(step);
  const ranks = new Temporaries().next();
  const { offset } = x.layout;
  // NaN comes last in both directions: only numbers change places.
  const order = descending
    ? 'wlOrder(other, own) * wlIsNumber(own) * wlIsNumber(other) * -1 + wlIsNumber(other) - wlIsNumber(own)'
    : 'wlOrder(other, own)';
  const rank = pass([refOf(x)], ranks, cells, [
    ...unravel(thread, [cells / n, n], 'i'),
    `const own = a0[${indexText(offset, [
      ['i0', n],
      ['i1', 1],
    ])}];`,
    ...accumulate(n, 'wlNumber(0)', add, (k) => [
      `const other = a0[${indexText(offset, [
        ['i0', n],
        [k, 1],
      ])}];`,
      `const order = ${order};`,
      `const term = wlOr(wlGreater(order, 0), wlAnd(wlEqual(order, 0), wlLess(${k}, i1)));`,
    ]),
    'return total;',
  ]);
  const place = pass([ranks], refOf(step.output), cells, [
    ...unravel(thread, [cells / n, n], 'i'),
    ...accumulate(n, 'wlNumber(0)', add, (k) => [
      `const term = wlEqual(a0[${indexText(0, [
        ['i0', n],
        [k, 1],
      ])}], i1) * ${k};`,
    ]),
    'return total;',
  ]);
  return { passes: [rank, place] };
}
