import type { KernelStep } from '../../../lower/program.js';
import { windowCount, type WindowParams } from '../../../tensor/window.js';
import type { Plan } from '../pass.js';
import { indexText, numberText, unravel } from '../text.js';
import { single, thread } from './single.js';

/** Windows as columns. */
export function unfold(step: KernelStep): Plan {
  const [x] = step.inputs;
  const [, channels] = x.layout.shape;
  const w = step.params as WindowParams;
  const [oh, ow] = windowCount(w);
  const [h, width] = w.input;
  return single(step, (image) => [
    ...unravel(thread, [x.layout.shape[0], channels, ...w.kernel, oh, ow], 'i'),
    `const y = i4 * ${w.stride[0]} + i2 * ${w.dilation[0]} - ${w.padding[0][0]};`,
    `const z = i5 * ${w.stride[1]} + i3 * ${w.dilation[1]} - ${w.padding[1][0]};`,
    `if (y >= 0 && y < ${h} && z >= 0 && z < ${width}) {`,
    `  return ${image}[${indexText(x.layout.offset, [
      ['i0', channels * h * width],
      ['i1', h * width],
      ['y', width],
      ['z', 1],
    ])}];`,
    '}',
    `return ${numberText(w.fill)};`,
  ]);
}

/** Columns back to images: each cell adds up the windows it lies in. */
export function fold(step: KernelStep): Plan {
  const [x] = step.inputs;
  const [batch, channels, h, width] = step.output.layout.shape;
  const w = step.params as WindowParams;
  const [kh, kw] = w.kernel;
  const [oh, ow] = windowCount(w);
  const column = oh * ow;
  return single(step, (columns) => [
    ...unravel(thread, [batch, channels, h, width], 'i'),
    'let total = wlNumber(0);',
    `for (let p = 0; p < ${kh}; p++) {`,
    `  const y = i2 + ${w.padding[0][0]} - p * ${w.dilation[0]};`,
    `  const row = wlQuotient(y, ${w.stride[0]});`,
    `  if (y >= 0 && row < ${oh} && row * ${w.stride[0]} == y) {`,
    `    for (let q = 0; q < ${kw}; q++) {`,
    `      const z = i3 + ${w.padding[1][0]} - q * ${w.dilation[1]};`,
    `      const place = wlQuotient(z, ${w.stride[1]});`,
    `      if (z >= 0 && place < ${ow} && place * ${w.stride[1]} == z) {`,
    `        total = total + ${columns}[${indexText(x.layout.offset, [
      ['i0', channels * kh * kw * column],
      ['i1', kh * kw * column],
      ['p', kw * column],
      ['q', column],
      ['row', ow],
      ['place', 1],
    ])}];`,
    '      }',
    '    }',
    '  }',
    '}',
    'return total;',
  ]);
}
