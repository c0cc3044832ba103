import type { AxisSpec, PermutationSpec } from '../permutation-spec.js';
import { refuseName } from './refuse-name.js';
import type { Shapes } from './resolve-spec.js';

/** Numbers in names by their value. */
const byName = new Intl.Collator('en', { numeric: true });

/**
 * The spec of a residual network in torchvision's names, with basic blocks or bottlenecks: a block with `downsample` starts a new
 * stream, others add to the one they read.
 */
export function resnetAxes(params: Shapes): PermutationSpec {
  const names = Object.keys(params);
  const blocks = [...new Set(names.flatMap((name) => /^layer\d+\.\d+(?=\.)/.exec(name) ?? []))].sort(
    byName.compare,
  );
  const streams = new Map<string, { input: string; output: string }>();
  let stream = 'stem';
  for (const block of blocks) {
    const output = names.some((name) => name.startsWith(`${block}.downsample.`)) ? `${block}.stream` : stream;
    streams.set(block, { input: stream, output });
    stream = output;
  }
  const lastConv = (block: string) => (`${block}.conv3.weight` in params ? 3 : 2);
  const tensors: Record<string, readonly AxisSpec[] | null> = {};
  for (const [name, { shape }] of Object.entries(params)) {
    const [, block, module, number = '', kind = ''] =
      /^(?:(layer\d+\.\d+)\.)?(conv|bn|downsample\.|fc)(\d*)\.(\w+)$/.exec(name) ?? [];
    if (module === undefined)
      return refuseName(name, shape, 'a part of a residual network in names of torchvision');
    checkNorm(name, module + number, params, shape);
    if (kind === 'num_batches_tracked') {
      tensors[name] = null;
      continue;
    }
    if (module === 'fc') {
      tensors[name] = kind === 'bias' ? [null] : [null, stream];
      continue;
    }
    const { input, output } = block === undefined ? { input: '', output: 'stem' } : streams.get(block)!;
    const at = Number(number);
    const isInner = block !== undefined && module !== 'downsample.' && at < lastConv(block);
    const outGroup = isInner ? `${block}.inner${at}` : output;
    const before = block !== undefined && module === 'conv' && at > 1 ? `${block}.inner${at - 1}` : input;
    tensors[name] = shape.length === 4 ? [outGroup, before === '' ? null : before, null, null] : [outGroup];
  }
  return { tensors };
}

/** Group norm has the same names without statistics, and channels cannot move between its groups. */
function checkNorm(name: string, module: string, params: Shapes, shape: readonly number[]): void {
  if (!/bn\d|downsample\.1/.test(module) || !name.endsWith('.weight')) return;
  if (name.replace(/weight$/, 'running_mean') in params) return;
  refuseName(name, shape, 'batch norm with its running statistics (group norm binds channels together)');
}
