import { type BackendName, initBackend, memory, resetBackend, setBackend } from '@weightloom/tensor-gpu';
import { noteOf } from './backends.js';
import { findGpuAdapters } from './gpu-adapters.js';

/** What the reader asks for. */
export type BackendWish = 'auto' | BackendName;

/** What was chosen, and why. */
export interface BackendChoice {
  readonly backend: BackendName;
  readonly why: string;
  /** Set when trials decided: worth remembering, as they take time. */
  readonly isMeasured?: boolean;
}

/** A few steps of the work to choose for. */
export type Trial = (signal: AbortSignal) => Promise<unknown>;

const PATIENCE_MS = 2000; // a GPU that takes longer for a few steps, and twice as long as wasm, has lost

/**
 * Makes the backend ready that the reader asks for; with `auto`, that which does a few steps of this work fastest: a GPU needs large
 * tensors before it gains more than it loses on the way there and back.
 */
export async function chooseBackend(
  wish: BackendWish,
  trial: Trial,
  signal: AbortSignal,
  remembered?: BackendChoice,
): Promise<BackendChoice> {
  if (wish !== 'auto') return use({ backend: wish, why: 'as you chose' });
  if (remembered) {
    try {
      return await use(remembered);
    } catch {
      // The machine has changed since: choose again.
    }
  }
  return use(await measure(trial, signal));
}

async function use(choice: BackendChoice): Promise<BackendChoice> {
  await initBackend(choice.backend);
  setBackend(choice.backend);
  return choice;
}

async function measure(trial: Trial, signal: AbortSignal): Promise<BackendChoice> {
  const adapters = await findGpuAdapters();
  const name = (['webgpu', 'webgl2'] as const).find((own) => adapters[own]?.isSoftware === false);
  if (!name) {
    const software = adapters.webgpu ?? adapters.webgl2;
    const why = software ? `the only GPU here is a program (${software.name})` : 'this browser offers no GPU';
    return { backend: 'wasm', why };
  }
  const onWasm = await time(trial, signal);
  const usesTensors = memory().peak > 0;
  resetBackend();
  if (!usesTensors)
    return { backend: 'wasm', why: 'this example computes without tensors', isMeasured: true };
  const limit = AbortSignal.timeout(Math.max(PATIENCE_MS, 2 * onWasm));
  try {
    await use({ backend: name, why: '' });
    const both = AbortSignal.any([signal, limit]);
    await trial(both); // compiles
    const onGpu = await time(trial, both);
    const figures = `a few steps take ${ms(onGpu)} on ${name} (${noteOf(name, adapters)}), ${ms(onWasm)} on wasm`;
    return { backend: onGpu < onWasm ? name : 'wasm', why: figures, isMeasured: true };
  } catch (error) {
    signal.throwIfAborted();
    const why = limit.aborted
      ? `${name} takes more than twice as long for a few steps`
      : `${name} does not work here (${error instanceof Error ? error.message : String(error)})`;
    return { backend: 'wasm', why, isMeasured: true };
  } finally {
    setBackend('wasm');
    resetBackend();
  }
}

async function time(trial: Trial, signal: AbortSignal): Promise<number> {
  const start = performance.now();
  await trial(signal);
  return performance.now() - start;
}

const ms = (milliseconds: number): string => `${milliseconds.toPrecision(2)} ms`.replace('e+3', '000');
