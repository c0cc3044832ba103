import { BackendError } from '../../errors.js';

interface NodeProcess {
  getBuiltinModule?(id: string): {
    Worker: new (source: string, options: object) => { postMessage(message: unknown): void; unref(): void };
  };
}

/** Starts a worker from source text and sends it one message; in Node it does not keep the process alive. */
export function spawnWorker(source: string, message: unknown): void {
  const node = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.('node:worker_threads');
  if (node) {
    const worker = new node.Worker(source, { eval: true, stdout: false, stderr: false });
    worker.postMessage(message);
    worker.unref();
    return;
  }
  if (typeof Worker === 'undefined' || typeof SharedArrayBuffer === 'undefined') {
    throw new BackendError({
      where: 'wasm threads',
      expected: 'worker threads and SharedArrayBuffer',
      received: 'a host without them',
      cure: 'serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or use one thread',
    });
  }
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  new Worker(url).postMessage(message);
}
