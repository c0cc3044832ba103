/// <reference lib="webworker" />
/** The worker of the benchmark: one engine on one backend, so that none can slow down another. */
import { serveJob } from '../jobs/serve-job.js';
import type { Contestant, Engine } from './engine.js';
import { type BenchRequest, measureEngine, type Measurement } from './measure.js';

serveJob<BenchRequest, readonly Measurement[]>(async (request, { onProgress }) =>
  measureEngine(await load(request.contestant), request, onProgress),
);

/** Loads an engine, and no other. */
async function load({ engine, backend }: Contestant): Promise<Engine> {
  switch (engine) {
    case 'weightloom':
      return (await import('./engines/weightloom.js')).weightloomEngine(backend);
    case 'tfjs':
      return (await import('./engines/tfjs.js')).tfjsEngine(backend);
    case 'jax-js':
      return (await import('./engines/jax-js.js')).jaxEngine(backend);
  }
}
