import type { KernelStep } from '../../../lower/program.js';
import type { Plan } from '../pass.js';
import { accumulate, indexText, unravel } from '../text.js';
import { add, around, single, thread } from './single.js';

/** Rows by number; the numbers are checked before. */
export function gather(step: KernelStep): Plan {
  const [x, index] = step.inputs;
  const [batch, n, d] = x.layout.shape;
  const m = index.layout.shape[1];
  return single(step, (values, indices) => [
    ...unravel(thread, [batch, m, d], 'i'),
    `const row = ${indices}[${indexText(index.layout.offset, [
      ['i0', m],
      ['i1', 1],
    ])}];`,
    `return ${values}[${indexText(x.layout.offset, [
      ['i0', n * d],
      ['row', d],
      ['i2', 1],
    ])}];`,
  ]);
}

/** Kernels cannot scatter: each cell adds up the updates that name its row. */
export function scatterAdd(step: KernelStep): Plan {
  const [index, updates] = step.inputs;
  const { n } = step.params as { n: number };
  const [batch, m, d] = updates.layout.shape;
  return single(step, (indices, values) => [
    ...unravel(thread, [batch, n, d], 'i'),
    ...accumulate(m, 'wlNumber(0)', add, (k) => [
      `const value = ${values}[${indexText(updates.layout.offset, [
        ['i0', m * d],
        [k, d],
        ['i2', 1],
      ])}];`,
      `const hit = wlEqual(${indices}[${indexText(index.layout.offset, [
        ['i0', m],
        [k, 1],
      ])}], i1);`,
      'const term = wlSelect(hit, value, wlNumber(0));',
    ]),
    'return total;',
  ]);
}

/** Position of an extremum along an axis. */
export function arg(step: KernelStep): Plan {
  const [x] = step.inputs;
  const { axis, kind } = step.params as { axis: number; kind: 'max' | 'min' };
  const [outer, n, inner] = around(x.layout.shape, axis);
  const sign = kind === 'max' ? '' : '-';
  const at = (k: string): string =>
    indexText(x.layout.offset, [
      ['i0', n * inner],
      [k, inner],
      ['i1', 1],
    ]);
  return single(step, (values) => [
    ...unravel(thread, [outer, inner], 'i'),
    `let best = ${sign}${values}[${at('0')}];`,
    'let place = 0;',
    `for (let k = 1; k < ${n}; k++) {`,
    `  const v = ${sign}${values}[${at('k')}];`,
    '  if (wlBeats(v, best) != 0) {',
    '    best = v;',
    '    place = k;',
    '  }',
    '}',
    'return place;',
  ]);
}
