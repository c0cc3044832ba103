import { OutOfMemoryError } from '../../errors.js';
import type { MemoryReport } from '../../executor.js';

/** Idle textures are kept up to this many bytes, or up to what is in use where that is more. */
const IDLE_BYTES = 64 * 2 ** 20;

/** A texture of one float32 a texel. */
export interface PooledTexture {
  readonly gl: WebGLTexture;
  readonly width: number;
  readonly height: number;
}

const bytesOf = ({ width, height }: { width: number; height: number }): number => width * height * 4;

/** Textures that are used again: commands run in order, so one may be handed out while earlier commands still read it. */
export class TexturePool {
  readonly #gl: WebGL2RenderingContext;
  readonly #side: number;
  readonly #idle = new Map<string, PooledTexture[]>();
  #count = 0;
  #used = 0;
  #idleBytes = 0;
  #peak = 0;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#side = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  }

  /** Width and height of the texture that holds `length` numbers, nearly a square as gpu.js has it. */
  sizeOf(length: number): readonly [number, number] {
    if (length > this.#side ** 2) {
      throw new OutOfMemoryError({
        where: 'webgl2',
        expected: `arrays of at most ${this.#side ** 2} elements: textures of this device have at most ${this.#side} texels a side`,
        received: `one of ${length} elements (${length * 4} bytes); ${this.#used} bytes are in use`,
        cure: 'work on smaller parts, or use the wasm backend',
      });
    }
    let high = Math.ceil(Math.sqrt(length));
    let low = Math.floor(Math.sqrt(length));
    while (high * low < length) {
      high--;
      low = Math.ceil(length / high);
    }
    return [low, Math.ceil(length / low)];
  }

  take(length: number): PooledTexture {
    const [width, height] = this.sizeOf(Math.max(1, length));
    const bytes = bytesOf({ width, height });
    const known = this.#idle.get(`${width} ${height}`)?.pop();
    if (known) this.#idleBytes -= bytes;
    const texture = known ?? this.#create(width, height);
    this.#used += bytes;
    this.#count++;
    this.#peak = Math.max(this.#peak, this.#used);
    return texture;
  }

  give(texture: PooledTexture): void {
    const bytes = bytesOf(texture);
    const key = `${texture.width} ${texture.height}`;
    const same = this.#idle.get(key) ?? [];
    this.#idle.set(key, same);
    same.push(texture);
    this.#used -= bytes;
    this.#count--;
    this.#idleBytes += bytes;
    if (this.#idleBytes > Math.max(IDLE_BYTES, this.#used))
      this.#shrink(Math.max(IDLE_BYTES, this.#used) / 2);
  }

  report(): MemoryReport {
    return {
      used: this.#used,
      reserved: this.#used + this.#idleBytes,
      peak: this.#peak,
      buffers: this.#count,
    };
  }

  /** Deletes idle textures until at most `room` bytes of them are left. */
  #shrink(room: number): void {
    for (const [key, textures] of this.#idle) {
      while (textures.length > 0 && this.#idleBytes > room) {
        const texture = textures.pop()!;
        this.#idleBytes -= bytesOf(texture);
        this.#gl.deleteTexture(texture.gl);
      }
      if (textures.length === 0) this.#idle.delete(key);
    }
  }

  #create(width: number, height: number): PooledTexture {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
      gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
    for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T])
      gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R32F, width, height);
    if (gl.getError() === gl.OUT_OF_MEMORY) {
      gl.deleteTexture(texture);
      throw new OutOfMemoryError({
        where: 'webgl2',
        expected: `room for ${width * height * 4} bytes on the device`,
        received: `none; ${this.#used} bytes are in use`,
        cure: 'dispose tensors, donate the state of a training loop, or use smaller batches',
      });
    }
    return { gl: texture, width, height };
  }

  dispose(): void {
    this.#shrink(-1);
  }
}
