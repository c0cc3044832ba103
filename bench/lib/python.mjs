// Contestants in other languages: a process that answers "name repeats" with the seconds it took, so that it can be interleaved.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts `command script` with one thread; null where the language or its packages are missing. */
export async function startPeer(command, script, env = {}) {
  const child = spawn(command, [new URL(`../${script}`, import.meta.url).pathname], {
    env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.on('error', () => {});
  const hello = await lines.next();
  if (hello.done) return null;
  const ask = async (line) => {
    child.stdin.write(`${line}\n`);
    return (await lines.next()).value;
  };
  return {
    version: hello.value,
    /** Sends a line and answers the line that comes back. */
    ask,
    contestant: (name, label = hello.value.split(' ')[0]) => ({
      name: label,
      run: async (repeats) => Number(await ask(`${name} ${repeats}`)),
    }),
    close: () => child.kill(),
  };
}

export const startPython = (script, env) => startPeer(process.env.PYTHON ?? '/usr/bin/python3', script, env);
