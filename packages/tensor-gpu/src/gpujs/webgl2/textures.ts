import { OutOfMemoryError } from '../../errors.js';
import type { MemoryReport } from '../../executor.js';
import { Pool, type Pooled } from '../resident/pool.js';

/** A texture of one float32 a texel. */
export interface PooledTexture extends Pooled {
  readonly gl: WebGLTexture;
  readonly width: number;
  readonly height: number;
}

/** Float textures within the limits of a device. */
export class TexturePool {
  readonly #gl: WebGL2RenderingContext;
  readonly #side: number;
  readonly #pool: Pool<PooledTexture>;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#side = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    this.#pool = new Pool(({ gl: texture }) => gl.deleteTexture(texture));
  }

  /** Width and height of the texture that holds `length` numbers, nearly a square as gpu.js has it. */
  sizeOf(length: number): readonly [number, number] {
    if (length > this.#side ** 2) {
      throw new OutOfMemoryError({
        where: 'webgl2',
        expected: `arrays of at most ${this.#side ** 2} elements: textures of this device have at most ${this.#side} texels a side`,
        received: `one of ${length} elements (${length * 4} bytes); ${this.#pool.used} bytes are in use`,
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
    const size = `${width} ${height}`;
    return this.#pool.take(size, () => ({
      gl: this.#create(width, height),
      width,
      height,
      size,
      bytes: width * height * 4,
    }));
  }

  give(texture: PooledTexture): void {
    this.#pool.give(texture);
  }

  report(): MemoryReport {
    return this.#pool.report();
  }

  dispose(): void {
    this.#pool.dispose();
  }

  #create(width: number, height: number): WebGLTexture {
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
        received: `none; ${this.#pool.used} bytes are in use`,
        cure: 'dispose tensors, donate the state of a training loop, or use smaller batches',
      });
    }
    return texture;
  }
}
