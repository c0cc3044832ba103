export const modes = ['webasm in a page'];

/** How many of 200 small kernels, all kept, run one after another. */
export default async function run(GPU) {
  const gpu = new GPU({ mode: 'webasm' });
  const kernels = [];
  try {
    while (kernels.length < 200) {
      const kernel = gpu.createKernel(`function(a) { return a[this.thread.x] + ${kernels.length}; }`, {
        output: [8],
      });
      kernel(new Float32Array(8));
      kernels.push(kernel);
    }
  } catch (error) {
    return { expected: '200 kernels', received: `${kernels.length} kernels, then ${error.message}` };
  }
  return { expected: '200 kernels', received: `${kernels.length} kernels` };
}
