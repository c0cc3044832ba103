import { BackendError } from '../../errors.js';

const [UNIFORM, STORAGE, COPY_SRC, COPY_DST] = [0x40, 0x80, 0x04, 0x08];
const TEXTURE_COPY_DST = 0x02;

/** Pixels in a row of the canvas; rows of a copy start at multiples of 256 bytes. */
const WIDTH = 2048;
const MAX_ROWS = 4096;
/** Three words of 32 bits make four pixels of 24; the last four of a canvas keep the checksum. */
const MAX_WORDS = ((WIDTH * MAX_ROWS - 4) / 4) * 3;
const THREADS = 64;

/** What the checksum of no words is, so that an empty canvas has a wrong one. */
const SEED = 0x9e3779b9;

/** Opaque pixels keep their colours exactly, so each carries three bytes. `check` adds up word i times 2i + 1. */
const shader = `
struct Part { first: u32, count: u32, threads: u32, row: u32 }
@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> pixels: array<u32>;
@group(0) @binding(2) var<storage, read_write> check: atomic<u32>;
@group(0) @binding(3) var<uniform> part: Part;
fn put(pixel: u32, bits: u32) { pixels[pixel] = (bits & 0xffffffu) | 0xff000000u; }
fn word(i: u32) -> u32 {
  if (i >= part.count) { return 0u; }
  return words[part.first + i];
}
@compute @workgroup_size(${THREADS})
fn pack(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = id.x + id.y * part.row;
  if (t >= part.threads) { return; }
  let a = word(3u * t);
  let b = word(3u * t + 1u);
  let c = word(3u * t + 2u);
  put(4u * t, a);
  put(4u * t + 1u, (a >> 24u) | (b << 8u));
  put(4u * t + 2u, (b >> 16u) | (c << 16u));
  put(4u * t + 3u, c >> 8u);
  atomicAdd(&check, a * (6u * t + 1u) + b * (6u * t + 3u) + c * (6u * t + 5u));
}
@compute @workgroup_size(1)
fn seal() {
  let total = atomicLoad(&check) + ${SEED}u;
  put(4u * part.threads, total);
  put(4u * part.threads + 1u, total >> 24u);
  atomicStore(&check, 0u);
}`;

/** The canvas numbers are shown on, and the plain one that gives its pixels back. */
interface Screen {
  readonly shown: OffscreenCanvas;
  readonly context: GPUCanvasContext;
  readonly flat: OffscreenCanvasRenderingContext2D;
  readonly pixels: GPUBuffer;
}

/**
 * Reads buffers at once, which WebGPU itself does not offer: a kernel writes the words as opaque pixels of a canvas, and the
 * canvas is asked for its pixels. A checksum travels with them, because some browsers change pixels for privacy.
 */
export class PixelReader {
  readonly #device: GPUDevice;
  readonly #pack: GPUComputePipeline;
  readonly #seal: GPUComputePipeline;
  readonly #layout: GPUBindGroupLayout;
  readonly #check: GPUBuffer;
  readonly #part: GPUBuffer;
  #screen: Screen | null = null;

  /** Whether there are canvases that show what WebGPU computes: in pages and workers, not in Node. */
  static get isSupported(): boolean {
    return typeof OffscreenCanvas !== 'undefined';
  }

  constructor(device: GPUDevice) {
    this.#device = device;
    const types: GPUBufferBindingType[] = ['read-only-storage', 'storage', 'storage', 'uniform'];
    this.#layout = device.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: 0x04, buffer: { type } })),
    });
    const layout = device.createPipelineLayout({ bindGroupLayouts: [this.#layout] });
    const module = device.createShaderModule({ code: shader });
    const pipeline = (entryPoint: string): GPUComputePipeline =>
      device.createComputePipeline({ layout, compute: { module, entryPoint } });
    this.#pack = pipeline('pack');
    this.#seal = pipeline('seal');
    this.#check = device.createBuffer({ size: 4, usage: STORAGE });
    this.#part = device.createBuffer({ size: 16, usage: UNIFORM | COPY_DST });
  }

  /** @throws {BackendError} when the pixels are not those that were written */
  read(buffer: GPUBuffer, length: number): Float32Array {
    const words = new Uint32Array(length);
    for (let first = 0; first < length; first += MAX_WORDS)
      this.#readPart(buffer, first, words.subarray(first, first + MAX_WORDS));
    return new Float32Array(words.buffer);
  }

  dispose(): void {
    this.#check.destroy();
    this.#part.destroy();
    this.#screen?.pixels.destroy();
  }

  #readPart(buffer: GPUBuffer, first: number, words: Uint32Array): void {
    const threads = Math.ceil(words.length / 3);
    const rows = Math.ceil((4 * threads + 2) / WIDTH);
    const { shown, context, flat, pixels } = this.#ofRows(rows);
    const limit = this.#device.limits.maxComputeWorkgroupsPerDimension;
    const groups = Math.ceil(threads / THREADS);
    const columns = Math.min(groups, limit);
    const part = Uint32Array.of(first, words.length, threads, columns * THREADS);
    this.#device.queue.writeBuffer(this.#part, 0, part);
    const resources = [buffer, pixels, this.#check, this.#part];
    const bindings = this.#device.createBindGroup({
      layout: this.#layout,
      entries: resources.map((resource, binding) => ({ binding, resource: { buffer: resource } })),
    });
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, bindings);
    pass.setPipeline(this.#pack);
    pass.dispatchWorkgroups(columns, Math.ceil(groups / columns));
    pass.setPipeline(this.#seal);
    pass.dispatchWorkgroups(1);
    pass.end();
    const texture = context.getCurrentTexture();
    encoder.copyBufferToTexture({ buffer: pixels, bytesPerRow: 4 * WIDTH }, { texture }, [WIDTH, rows]);
    this.#device.queue.submit([encoder.finish()]);
    flat.drawImage(shown, 0, 0);
    const colours = new Uint32Array(flat.getImageData(0, 0, WIDTH, rows).data.buffer);
    if (unpack(colours, words) !== sealOf(colours, threads)) throw unreadable('pixels that were changed');
  }

  #ofRows(rows: number): Screen {
    if (this.#screen && this.#screen.shown.height >= rows) return this.#screen;
    this.#screen?.pixels.destroy();
    const height = 2 ** Math.ceil(Math.log2(rows));
    const shown = new OffscreenCanvas(WIDTH, height);
    const context = shown.getContext('webgpu') as GPUCanvasContext | null;
    const flat = new OffscreenCanvas(WIDTH, height).getContext('2d', { willReadFrequently: true });
    if (!context || !flat) throw unreadable('none');
    context.configure({
      device: this.#device,
      format: 'rgba8unorm',
      usage: TEXTURE_COPY_DST,
      alphaMode: 'opaque',
    });
    const pixels = this.#device.createBuffer({ size: 4 * WIDTH * height, usage: STORAGE | COPY_SRC });
    return (this.#screen = { shown, context, flat, pixels });
  }
}

/** Puts the words together again; their checksum. */
function unpack(colours: Uint32Array, words: Uint32Array): number {
  let check = SEED;
  const end = words.length;
  for (let i = 0, p = 0; i < end; i += 3, p += 4) {
    const [b, c] = [colours[p + 1] & 0xffffff, colours[p + 2] & 0xffffff];
    const first = (colours[p] & 0xffffff) | (b << 24);
    const second = (b >>> 8) | (c << 16);
    const third = (c >>> 16) | (colours[p + 3] << 8);
    words[i] = first;
    if (i + 1 < end) words[i + 1] = second;
    if (i + 2 < end) words[i + 2] = third;
    check += Math.imul(first, 2 * i + 1) + Math.imul(second, 2 * i + 3) + Math.imul(third, 2 * i + 5);
    check >>>= 0;
  }
  return check;
}

const sealOf = (colours: Uint32Array, threads: number): number =>
  ((colours[4 * threads] & 0xffffff) | (colours[4 * threads + 1] << 24)) >>> 0;

const unreadable = (received: string): BackendError =>
  new BackendError({
    where: 'Tensor.dataSync',
    expected: 'a canvas that shows what webgpu computed, to read it at once',
    received,
    cure: 'use `await t.data()`',
  });
