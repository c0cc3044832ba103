import type { Pass } from '../plan/pass.js';
import type { Image } from './device.js';

/** Kernels kept at most; the oldest go first. */
export const MAX_KERNELS = 2048;

/** Compiled kernels by source and lengths; a pass that runs again finds its kernel without comparing sources. */
export class KernelTable<K> {
  readonly #compile: (pass: Pass, args: readonly Image[]) => K;
  readonly #kernels = new Map<string, K>();
  readonly #known = new WeakMap<Pass, { readonly lengths: readonly number[]; readonly kernel: K }>();

  constructor(compile: (pass: Pass, args: readonly Image[]) => K) {
    this.#compile = compile;
  }

  get(pass: Pass, args: readonly Image[]): K {
    const known = this.#known.get(pass);
    if (known?.lengths.every((n, i) => n === args[i].length)) return known.kernel;
    const lengths = args.map((a) => a.length);
    const key = `${pass.length} ${lengths.join()} ${pass.source}`;
    let kernel = this.#kernels.get(key);
    if (kernel === undefined) {
      kernel = this.#compile(pass, args);
      if (this.#kernels.size >= MAX_KERNELS) this.#kernels.delete(this.#kernels.keys().next().value!);
      this.#kernels.set(key, kernel);
    }
    this.#known.set(pass, { lengths, kernel });
    return kernel;
  }
}
