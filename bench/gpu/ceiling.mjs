// What the device can do at most, as far as a plain kernel shows it: multiply-adds out of registers, and bytes moved by a copy.
const THREADS = 256;
const GROUPS = 4096;
const CHAINS = 8;

const flopsShader = (turns) => `
@group(0) @binding(0) var<storage, read_write> out : array<vec4<f32>>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let x = vec4<f32>(f32(id.x & 7u) * 1e-3 + 0.5);
  ${Array.from({ length: CHAINS }, (_, i) => `var a${i} = x + ${i}.0;`).join(' ')}
  for (var t = 0; t < ${turns}; t++) {
    ${Array.from({ length: CHAINS }, (_, i) => `a${i} = fma(a${i}, x, x);`).join(' ')}
  }
  out[id.x] = ${Array.from({ length: CHAINS }, (_, i) => `a${i}`).join(' + ')};
}`;
const copyShader = `
@group(0) @binding(0) var<storage, read> from_ : array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> to_ : array<vec4<f32>>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>, @builtin(num_workgroups) n : vec3<u32>) {
  let i = id.x + id.y * n.x * ${THREADS}u;
  if (i < arrayLength(&to_)) { to_[i] = from_[i]; }
}`;

/** Best of five runs: GFLOP/s of multiply-adds (two operations each) and GB/s of a copy. */
export async function ceiling(device, { small }) {
  const make = (code, ...buffers) => {
    const pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
    });
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    return async (x, y = 1) => {
      const start = performance.now();
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      return (performance.now() - start) / 1000;
    };
  };
  const best = async (run, ...groups) => {
    const times = [];
    for (let i = 0; i < 6; i++) times.push(await run(...groups));
    return Math.min(...times.slice(1));
  };
  const buffer = (size) => device.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
  const groups = small ? 4 : GROUPS;
  const turns = small ? 16 : 4096;
  const out = buffer(groups * THREADS * 16);
  const seconds = await best(make(flopsShader(turns), out), groups);
  const bytes = small ? 2 ** 16 : 2 ** 27;
  const [from, to] = [buffer(bytes), buffer(bytes)];
  const rows = Math.ceil(bytes / 16 / THREADS / 32768);
  const copying = await best(make(copyShader, from, to), Math.ceil(bytes / 16 / THREADS / rows), rows);
  for (const b of [out, from, to]) b.destroy();
  return {
    gflops: (groups * THREADS * CHAINS * 4 * 2 * turns) / seconds / 1e9,
    gigabytes: (2 * bytes) / copying / 1e9,
  };
}
