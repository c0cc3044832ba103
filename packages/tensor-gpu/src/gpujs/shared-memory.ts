/** Pages of 64 KiB a kernel of gpu.js declares at most, unless it needs more from the start. */
const MOST_PAGES = 4096;

const functions = Math as unknown as Readonly<Record<string, WebAssembly.ImportValue>>;

/** Where a kernel's arguments and its result lie, as gpu.js planned it. */
interface Entry {
  readonly sizeSignature: string;
  readonly shared: false;
  readonly layout: { readonly outputOffset: number };
  readonly cells: number;
  readonly run: unknown;
  readonly runSimd: unknown;
  readonly f32: Float32Array;
  readonly i32: Int32Array;
}

/** The parts of a WebAssembly kernel of gpu.js that make its module and give it a memory. */
export interface WasmKernel {
  readonly threadDim: readonly number[];
  /** Names of functions of `Math`. */
  readonly usedMathImports: Iterable<string>;
  computeLayout(args: readonly unknown[]): Entry['layout'];
  _assembleModule(
    layout: Entry['layout'],
    cells: number,
    shared: boolean,
  ): { readonly bytes: Uint8Array<ArrayBuffer>; readonly initial: number };
  _instantiate(key: string, args: readonly unknown[]): void;
  _active: Entry | null;
}

/**
 * One memory for all kernels that run one after another: gpu.js gives each its own, and a browser has room for about a hundred,
 * because it sets gigabytes of addresses aside for each. Arguments are copied in and results out at every call, so nothing is lost.
 */
export class SharedMemory {
  readonly #memory = new WebAssembly.Memory({ initial: 64, maximum: MOST_PAGES });
  readonly #views = { f32: new Float32Array(this.#memory.buffer), i32: new Int32Array(this.#memory.buffer) };

  /** Lets a kernel compute here, before its first call; one for which this memory is too small keeps its own. */
  adopt(kernel: WasmKernel): void {
    const own = kernel._instantiate.bind(kernel);
    kernel._instantiate = (key, args) => {
      const layout = kernel.computeLayout(args);
      const cells = kernel.threadDim.reduce((n, d) => n * d, 1);
      const { bytes, initial } = kernel._assembleModule(layout, cells, false);
      if (initial > MOST_PAGES) return own(key, args);
      this.#grow(initial);
      const env: Record<string, WebAssembly.ImportValue> = { memory: this.#memory };
      for (const name of kernel.usedMathImports) env[`math_${name}`] = functions[name];
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
      const views = this.#views;
      kernel._active = {
        sizeSignature: key,
        shared: false,
        layout,
        cells,
        run: exports['run'],
        runSimd: exports['run_simd'] ?? null,
        // Views end when the memory grows.
        get f32() {
          return views.f32;
        },
        get i32() {
          return views.i32;
        },
      };
    };
  }

  #grow(pages: number): void {
    const missing = pages - this.#memory.buffer.byteLength / 65_536;
    if (missing <= 0) return;
    this.#memory.grow(missing);
    this.#views.f32 = new Float32Array(this.#memory.buffer);
    this.#views.i32 = new Int32Array(this.#memory.buffer);
  }
}
