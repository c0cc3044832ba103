// A Python contestant: a process that answers "name repeats" with the seconds it took, so that it can be interleaved.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts `script` with one thread; null where Python or its packages are missing. */
export async function startPython(script) {
  const env = { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
  const child = spawn(
    process.env.PYTHON ?? '/usr/bin/python3',
    [new URL(`../${script}`, import.meta.url).pathname],
    { env, stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.on('error', () => {});
  const hello = await lines.next();
  if (hello.done) return null;
  return {
    version: hello.value,
    contestant: (name) => ({
      name: hello.value.split(' ')[0],
      async run(repeats) {
        child.stdin.write(`${name} ${repeats}\n`);
        return Number((await lines.next()).value);
      },
    }),
    close: () => child.kill(),
  };
}
