export const modes = ['webasm', 'webgpu', 'webgl2'];

const LENGTH = 2 ** 24 + 8;

/** Reads the element behind the one before: the same element, by arithmetic. */
export default async function run(GPU, mode) {
  const kernel = new GPU({ mode }).createKernel(
    'function(a) { const i = this.thread.x - 1; return a[i + 1]; }',
    { output: [LENGTH], ...(mode === 'webgl2' ? { precision: 'single' } : {}) },
  );
  const a = Float32Array.from({ length: LENGTH }, (_, i) => i % 4096);
  const out = await kernel(a);
  let wrong = 0;
  for (let i = 1; i < LENGTH; i++) if (out[i] !== a[i]) wrong++;
  return { expected: 0, received: wrong };
}
