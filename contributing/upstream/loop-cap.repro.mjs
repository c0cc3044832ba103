export const modes = ['webasm', 'cpu', 'webgpu', 'webgl2'];

export default async function run(GPU, mode) {
  const kernel = new GPU({ mode }).createKernel(
    'function(a, n) { let s = 0; for (let i = 0; i < n; i++) { s += a[0]; } return s; }',
    { output: [1] },
  );
  const [sum] = await kernel(new Float32Array([1]), 5000);
  return { expected: 5000, received: sum };
}
