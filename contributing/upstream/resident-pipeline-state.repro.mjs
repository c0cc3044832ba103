export const modes = ['webgpu'];

/** A pipeline whose argument is the result of its last call: state that should stay on the device. */
export default async function run(GPU, mode) {
  const gpu = new GPU({ mode });
  const decay = gpu.createKernel('function(w) { return w[this.thread.x] * 0.5; }', {
    output: [64],
    pipeline: true,
    immutable: true,
  });
  const step = gpu.createPipeline((w) => decay(w));
  const first = await step(new Float32Array(64).fill(8));
  await step(first);
  const handle = await decay(new Float32Array(64).fill(8));
  const kinds = [step.executorKind];
  try {
    await step(handle);
    kinds.push(step.executorKind);
  } catch (error) {
    kinds.push(error.message.split('\n')[0]);
  }
  return {
    expected: ['fused-encoder', 'fused-encoder', 'a handle on the device'],
    received: [...kinds, first instanceof Float32Array ? 'numbers on the host' : 'a handle on the device'],
  };
}
