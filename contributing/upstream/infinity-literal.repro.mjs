export const modes = ['webgpu', 'webgl2'];

export default async function run(GPU, mode) {
  const kernel = new GPU({ mode }).createKernel('function(a) { return a[this.thread.x] * Infinity; }', {
    output: [2],
  });
  const [x, y] = await kernel(new Float32Array([1, 0.5]));
  return { expected: ['Infinity', 'Infinity'], received: [String(x), String(y)] };
}
