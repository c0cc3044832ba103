// Speed of the WebAssembly core of tensor-gpu on one thread: median and best of 9 rounds.
// Run `node bench/sgemm-core.mjs` after an install (which compiles the core).
import { readFileSync } from 'node:fs';
import os from 'node:os';

const generated = new URL('../packages/tensor-gpu/src/wasm/core.generated.ts', import.meta.url);
const base64 = /coreBase64 =\s*'([^']+)'/.exec(readFileSync(generated, 'utf8'))[1];
const memory = new WebAssembly.Memory({ initial: 2048 });
const { exports: core } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(base64, 'base64')), {
  env: { memory },
});
const floats = new Float32Array(memory.buffer);
for (let i = 0; i < floats.length; i++) floats[i] = ((i * 2654435761) % 2 ** 32) / 2 ** 31 - 1;
const [A, B, C, W] = [1, 33, 65, 97].map((megabytes) => megabytes << 20);

/** Milliseconds of one call: [median, best] of 9 rounds that each last about 10 ms. */
function time(call) {
  let reps = 1;
  for (;;) {
    const start = performance.now();
    for (let r = 0; r < reps; r++) call();
    if (performance.now() - start > 10) break;
    reps *= 2;
  }
  const rounds = Array.from({ length: 9 }, () => {
    const start = performance.now();
    for (let r = 0; r < reps; r++) call();
    return (performance.now() - start) / reps;
  }).sort((a, b) => a - b);
  return [rounds[4], rounds[0]];
}

function report(name, unit, perCall, call) {
  const [median, best] = time(call);
  const rate = (ms) => (perCall / ms / 1e6).toPrecision(3);
  console.log(`${name.padEnd(34)} ${rate(median).padStart(8)} ${unit}   best ${rate(best)}`);
}

console.log(`${os.cpus()[0].model}, Node ${process.version}`);
const sizes = [
  [64, 128, 64],
  [64, 10, 128],
  [128, 64, 64],
  [128, 512, 784],
  [512, 512, 512],
  [1024, 1024, 1024],
  [1, 1024, 1024],
  [1024, 1, 1024],
];
for (const [M, N, K] of sizes) {
  for (const [layout, rsA, csA, rsB, csB] of [
    ['A B', K, 1, N, 1],
    ['A Bᵀ', K, 1, 1, K],
    ['Aᵀ B', 1, M, N, 1],
  ]) {
    // Once against a plain loop, at one element.
    core.sgemm(0, M, N, K, A, rsA, csA, B, rsB, csB, C, N, 0, 1, 0, 0, W);
    let want = 0;
    for (let k = 0; k < K; k++)
      want += floats[A / 4 + (M - 1) * rsA + k * csA] * floats[B / 4 + k * rsB + (N - 1) * csB];
    const got = floats[C / 4 + M * N - 1];
    if (!(Math.abs(got - want) < 1e-3)) throw new Error(`${M}×${N}×${K} ${layout}: ${got} is not ${want}`);
    report(`sgemm ${M}×${N}×${K} ${layout}`, 'GFLOP/s', 2 * M * N * K, () =>
      core.sgemm(0, M, N, K, A, rsA, csA, B, rsB, csB, C, N, 0, 1, 0, 0, W),
    );
  }
}

const n = 1 << 20;
floats.fill(0, C / 4, C / 4 + n);
report('copy 32 MB (read + write)', 'GB/s', 2 * 2 ** 25, () => core.copy(2 ** 25, A, B));
report('copy 256 KB (read + write)', 'GB/s', 2 * 2 ** 18, () => core.copy(2 ** 18, A, B));
report('transpose2d 1024×1024', 'GB/s', 8 * n, () => core.transpose2d(1024, 1024, A, 1024, C, 1024));
report('threefry2x32', 'Gword/s', 2 * n, () => core.threefry2x32(1, 2, 0, n, A));
report('bitsToUniform', 'Gvalue/s', n, () => core.bitsToUniform(n, A, C, 0, 1));
report('bitsToNormal', 'Gvalue/s', n, () => core.bitsToNormal(n, A, C));
for (const name of ['f32ToBf16', 'bf16ToF32', 'f32ToF16', 'f16ToF32', 'f64ToF32']) {
  report(name, 'Gvalue/s', n, () => core[name](n, B, C));
}
core.bitsToUniform(n, A, B, -1, 1);
report('argsortRows 1M', 'Gvalue/s', n, () => core.argsortRows(1, n, B, C, W, 0));
report('argsortRows 1024×1024', 'Gvalue/s', n, () => core.argsortRows(1024, 1024, B, C, W, 0));
report('argsortRows 16K×64', 'Gvalue/s', n, () => core.argsortRows(1 << 14, 64, B, C, W, 0));
report('argsortRows 64K×16', 'Gvalue/s', n, () => core.argsortRows(1 << 16, 16, B, C, W, 0));
report('cumsumRows 1024×1024 axis 1', 'Gvalue/s', n, () => core.cumsumRows(1024, 1024, 1, B, C, 0));
report('cumsumRows 1024×1024 axis 0', 'Gvalue/s', n, () => core.cumsumRows(1, 1024, 1024, B, C, 0));
report('argReduce 1024×1024 axis 1', 'Gvalue/s', n, () => core.argReduce(1024, 1024, 1, B, C, 0));
report('argReduce 1024×1024 axis 0', 'Gvalue/s', n, () => core.argReduce(1, 1024, 1024, B, C, 0));
report('argReduce 64K×16 axis 1', 'Gvalue/s', n, () => core.argReduce(1 << 16, 16, 1, B, C, 0));
const windows = 8 * 16 * 9 * 64 * 64;
report('unfold2d 8×16×64×64, 3×3', 'Gvalue/s', windows, () =>
  core.unfold2d(8, 16, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 64, 64, 0, A, B),
);
report('fold2d 8×16×64×64, 3×3', 'Gvalue/s', windows, () =>
  core.fold2d(8, 16, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 64, 64, B, A),
);
report('unfold2d 64×1×8×8, 3×3', 'Gvalue/s', 64 * 9 * 64, () =>
  core.unfold2d(64, 1, 8, 8, 3, 3, 1, 1, 1, 1, 1, 1, 8, 8, 0, A, B),
);
const rows = new Int32Array(memory.buffer, A, 1 << 14).map((v) => (v >>> 0) % 16384);
new Int32Array(memory.buffer, A, 1 << 14).set(rows);
report('gatherRows 16K of 64', 'Gvalue/s', n, () => core.gatherRows(1, 1 << 14, 64, B, 0, A, 0, C));
report('scatterAddRows 16K of 64', 'Gvalue/s', n, () =>
  core.scatterAddRows(1, 1 << 14, 1 << 14, 64, A, 0, B, C, 0),
);
