import type { KernelStep } from '../../../lower/program.js';
import { type Pass, type Plan, type Ref, Temporaries } from '../pass.js';
import { indexText, pass, unravel } from '../text.js';
import { around, refOf, thread } from './single.js';

/** Running sums: sums of blocks, their running sums, and what is missing within a block. */
const SCAN_BLOCK = 128;

function scanPasses(
  source: Ref,
  offset: number,
  dims: readonly [number, number, number],
  reverse: boolean,
  result: Ref,
  temporaries: Temporaries,
): Pass[] {
  const [outer, n, inner] = dims;
  const at = (k: string): string =>
    indexText(offset, [
      ['i0', n * inner],
      [reverse ? `(${n - 1} - ${k})` : k, inner],
      ['i2', 1],
    ]);
  const blocks = Math.ceil(n / SCAN_BLOCK);
  const own = (from: string, last: string): string[] => [
    'let total = wlNumber(0);',
    `for (let j = 0; j < ${Math.min(SCAN_BLOCK, n)}; j++) {`,
    `  const k = ${from} + j;`,
    `  if (k <= ${last}) {`,
    `    total = total + a0[${at('k')}];`,
    '  }',
    '}',
  ];
  const place = reverse ? `const p = ${n - 1} - i1;` : 'const p = i1;';
  if (blocks === 1) {
    const lines = [...unravel(thread, dims, 'i'), place, ...own('0', 'p'), 'return total;'];
    return [pass([source], result, outer * n * inner, lines)];
  }
  const [sums, before] = [temporaries.next(), temporaries.next()];
  const blockSums = pass([source], sums, outer * blocks * inner, [
    ...unravel(thread, [outer, blocks, inner], 'i'),
    `const first = i1 * ${SCAN_BLOCK};`,
    ...own('first', String(n - 1)),
    'return total;',
  ]);
  const running = scanPasses(sums, 0, [outer, blocks, inner], false, before, temporaries);
  const finish = pass([source, before], result, outer * n * inner, [
    ...unravel(thread, dims, 'i'),
    place,
    `const block = wlQuotient(p, ${SCAN_BLOCK});`,
    `const first = block * ${SCAN_BLOCK};`,
    ...own('first', 'p'),
    `if (block > 0) {`,
    `  total = total + a1[${indexText(0, [
      ['i0', blocks * inner],
      ['(block - 1)', inner],
      ['i2', 1],
    ])}];`,
    '}',
    'return total;',
  ]);
  return [blockSums, ...running, finish];
}

/** Running sum along an axis. */
export function cumsum(step: KernelStep): Plan {
  const [x] = step.inputs;
  const { axis, reverse } = step.params as { axis: number; reverse: boolean };
  const dims = around(x.layout.shape, axis);
  return {
    passes: scanPasses(refOf(x), x.layout.offset, dims, reverse, refOf(step.output), new Temporaries()),
  };
}
