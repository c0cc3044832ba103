export const modes = ['webgl2'];

/** The precision a small float kernel asks the driver for. */
export default async function run(GPU, mode) {
  const kernel = new GPU({ mode }).createKernel('function(a) { return a[this.thread.x] * 2; }', {
    output: [8],
    precision: 'single',
  });
  kernel(new Float32Array(8));
  const [received] = /precision \w+ float;/.exec(kernel.kernel.compiledFragmentShader);
  return { expected: 'precision highp float;', received };
}
