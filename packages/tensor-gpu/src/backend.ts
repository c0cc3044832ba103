import { BackendError } from './errors.js';
import type { BackendName, Executor } from './executor.js';
import { WasmExecutor } from './wasm/executor.js';

const makers = new Map<BackendName, () => Executor>([['wasm', () => new WasmExecutor()]]);
const made = new Map<BackendName, Executor>();
let current: BackendName = 'wasm';

/** @internal Adds a way to make a backend. */
export function registerBackend(name: BackendName, make: () => Executor): void {
  makers.set(name, make);
}

/** @internal Whether a backend is registered and, if it was used already, still answers. */
export const isUsable = (name: BackendName): boolean => makers.has(name) && made.get(name)?.isLost !== true;

/** @internal Forgets the executor of a backend whose device is lost; what was compiled for it compiles again. */
export function dropExecutor(name: BackendName): void {
  if (made.delete(name)) generation++;
}

let passedOver: readonly PassedOver[] = [];
/** @internal Notes which backends an automatic choice could not use. */
export function notePassedOver(backends: readonly PassedOver[]): void {
  passedOver = backends;
}

/** @internal The executor of a backend, made on first use. */
export function executorOf(name: BackendName): Executor {
  const known = made.get(name);
  if (known) return known;
  const make = makers.get(name);
  if (!make) {
    throw new BackendError({
      where: 'setBackend',
      expected: `one of ${[...makers.keys()].join(', ')}`,
      received: name,
      cure:
        name.startsWith('gpujs') || name.startsWith('web') ? `await initBackend('${name}') first` : undefined,
    });
  }
  const executor = make();
  made.set(name, executor);
  return executor;
}

/** @internal */
export const currentExecutor = (): Executor => executorOf(current);

/** Makes later operations run on `name`. Tensors of another backend are refused, not moved: read them and make them anew. */
export function setBackend(name: BackendName): void {
  executorOf(name);
  current = name;
}

/**
 * Shares the work of the `wasm` backend among `count` threads (worker threads in Node; in pages that are cross-origin
 * isolated). Results do not change by a bit. Tensors that live in the backend are gone, so call it first.
 *
 * @param count - from 1 to 64, the calling thread included; default of the backend: 1
 @throws
 */
export function setThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > 64) {
    throw new BackendError({
      where: 'setThreads',
      expected: 'a whole number from 1 to 64',
      received: String(count),
    });
  }
  const executor = new WasmExecutor(count);
  resetBackend();
  makers.set('wasm', () => new WasmExecutor(count));
  made.set('wasm', executor);
}

/** Backends that can be chosen now. All but `wasm` appear after `initBackend`. */
export const availableBackends = (): BackendName[] => [...makers.keys()];

/** What really computes: the backend's name, and the operations it handed to the wasm core because it cannot express them. */
export interface BackendReport {
  readonly name: BackendName;
  readonly handedToWasm: readonly string[];
  /** Backends that `initBackend('auto')` would have preferred, and why it could not use them. */
  readonly passedOver: readonly PassedOver[];
}

/** A backend that could not be used. */
export interface PassedOver {
  readonly name: BackendName;
  readonly reason: string;
}

/** Which backend runs now. */
export function backendReport(): BackendReport {
  const executor = currentExecutor();
  return { name: executor.name, handedToWasm: [...executor.handedOver].sort(), passedOver };
}

let generation = 0;
/** @internal Counts resets: what was compiled under an older number is gone. */
export const backendGeneration = (): number => generation;

/** Gives back all memory of all backends. Every tensor that lives in one is gone; compiled functions compile again. */
export function resetBackend(): void {
  for (const executor of made.values()) executor.dispose?.();
  made.clear();
  generation++;
}
