/**
 * The program of a worker, as text: it must run without this package's files, in Node and in a page. It takes jobs from
 * shared words, spins a little between them and then sleeps.
 *
 * Words of the control block, per thread `t`: job code at `2 + 2t`, state at `3 + 2t`; word 0 counts dispatches. Arguments
 * are float64 at 24 per thread. Codes: 0 compile (address, bytes), 1 emitted loop (number, parameters), 2 sgemm, 3 sgemmBatched.
 */
export const workerSource = `
const start = ({ memory, core, words, numbers, thread }) => {
  const { sgemm, sgemmBatched } = new WebAssembly.Instance(core, { env: { memory } }).exports;
  const loops = [];
  const at = 24 * thread;
  let seen = 0;
  Atomics.store(words, 3 + 2 * thread, -1);
  for (;;) {
    let spins = 0;
    let now = Atomics.load(words, 0);
    while (now === seen) {
      if (++spins > 20000) Atomics.wait(words, 0, seen);
      now = Atomics.load(words, 0);
    }
    seen = now;
    const code = Atomics.load(words, 2 + 2 * thread);
    if (code < 0) continue;
    const a = numbers.subarray(at, at + 24);
    try {
      if (code === 0) {
        const bytes = new Uint8Array(memory.buffer, a[0], a[1]).slice();
        loops.push(new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports.run);
      } else if (code === 1) loops[a[0]](a[1]);
      else if (code === 2) sgemm(...a.subarray(0, 17));
      else sgemmBatched(...a.subarray(0, 20));
      Atomics.store(words, 3 + 2 * thread, seen);
    } catch (error) {
      Atomics.store(words, 3 + 2 * thread, -2);
    }
  }
};
if (typeof require === 'function') require('node:worker_threads').parentPort.once('message', start);
else self.onmessage = (event) => start(event.data);
`;
