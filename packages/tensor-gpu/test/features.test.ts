import { expect, it } from 'vitest';
import { jit, ones, type Tensor, vjp } from '../src/index.js';
import { rows } from './conformance/cases.js';
import { draw } from './conformance/inputs.js';
import { lay } from './conformance/layouts.js';
import { arrayOf, type Row } from './conformance/row.js';

const inputsOf = (row: Row): Tensor[] =>
  row.inputs.map((input, i) => lay(draw(input, `${row.op} features ${i}`), input.dtype, 'plain'));

/** Whether a cotangent of ones comes back as something else than zeros. */
function hasGradient(row: Row): boolean {
  const inputs = inputsOf(row);
  if (!inputs.some((t) => t.dtype === 'float32')) return false;
  try {
    const [value, pull] = vjp((...xs: Tensor[]) => [...arrayOf(row.run(...xs))], ...inputs);
    const grads = pull(value.map((v) => ones(v.shape, v.dtype))) as (Tensor | null)[];
    return grads.some((g) => g?.dataSync().some((v) => v !== 0));
  } catch {
    return false;
  }
}

/** Whether the compiled operation draws random numbers, which the wasm core does for every backend. */
function draws(row: Row): boolean {
  try {
    return jit((...xs: Tensor[]) => [...arrayOf(row.run(...xs))])
      .explain(...inputsOf(row))
      .steps.some((s) => s.startsWith('draw'));
  } catch {
    return false;
  }
}

it('FEATURES.md tells what the conformance table tests', async () => {
  const ops = [...new Set(rows.map((r) => r.op))].sort((a, b) => (a < b ? -1 : 1));
  const lines = ops.map((op) => {
    const own = rows.filter((r) => r.op === op);
    const smooth = own.filter((r) => !r.rough && !r.special);
    const gradient = smooth.some(hasGradient) ? '✓' : '–';
    const batched = own.some((r) => !r.unbatched) ? '✓' : '–';
    const kernels = draws(own[0]) ? 'wasm core' : '✓';
    return `| \`${op}\` | ✓ | ${kernels} | ${kernels} | ${kernels} | ${gradient} | ${batched} | ${own.length} |`;
  });
  const text = [
    '# Features',
    '',
    'Written by `test/features.test.ts` from the conformance table, which runs every case below on every backend against float64',
    'references, compares derivatives with central differences, batched with single runs, and compiled with plain ones.',
    '',
    '- **webgpu**, **webgl2**: in Chromium, on software adapters; **gpu.js**: the reference backends `gpujs-wasm` and `gpujs-cpu`. Random',
    '  draws are made by the wasm core on every backend; so are casts to bfloat16, float16 and int8, and integers beyond 2^24, which',
    '  float32 kernels cannot hold.',
    '- **derivatives**: `grad`, `vjp` and `jvp`. A dash: the derivative is zero, or there is none.',
    '- **vmap**: a dash: the operation takes no batched input.',
    '',
    '| operation | wasm | webgpu | webgl2 | gpu.js | derivatives | vmap | cases |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot('../FEATURES.md');
});
