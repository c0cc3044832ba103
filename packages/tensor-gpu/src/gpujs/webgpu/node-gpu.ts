import { BackendError } from '../../errors.js';

/** What the npm package `webgpu` (Dawn for Node) exports. */
interface DawnModule {
  readonly create: (options: readonly string[]) => GPU;
  readonly globals: Record<string, unknown>;
}

/** Not a literal, so that bundlers leave the optional package alone. */
const PACKAGE = 'webgpu';
const importPackage = (): Promise<DawnModule> => import(/* @vite-ignore */ PACKAGE) as Promise<DawnModule>;

/** Dawn's instances: devices end the process when theirs is collected before them. */
const kept: GPU[] = [];

const isNode = (): boolean => typeof process !== 'undefined' && process.versions?.node !== undefined;

/**
 * Calls `acquire` where `navigator.gpu` exists. Node has none of its own: there the package `webgpu` serves, and `navigator.gpu`
 * stands only during the call, because libraries take a global `navigator` for a browser.
 *
 * @throws {BackendError} in Node when the package is not installed or does not load
 */
export async function withNodeGpu<T>(acquire: () => Promise<T>, load = importPackage): Promise<T> {
  if (!isNode() || (globalThis.navigator as Navigator | undefined)?.gpu) return acquire();
  const dawn = await load().catch((error: unknown) => {
    throw refusal(error);
  });
  const gpu = dawn.create([]);
  kept.push(gpu);
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { gpu } });
  try {
    return await acquire();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}

function refusal(error: unknown): BackendError {
  const { code, message } = error as { code?: string; message?: string };
  const absent = code === 'ERR_MODULE_NOT_FOUND' || /Cannot find (package|module)/.test(message ?? '');
  return new BackendError({
    where: "initBackend('webgpu')",
    expected: 'the package `webgpu`, which brings WebGPU to Node',
    received: absent ? 'no such package' : `one that does not load: ${message ?? String(error)}`,
    cure: absent
      ? '`npm install webgpu`, or use the wasm backend'
      : 'its binaries need a newer system; use the wasm backend',
  });
}
