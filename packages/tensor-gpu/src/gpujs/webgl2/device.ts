import { BackendError, type OutOfMemoryError } from '../../errors.js';
import type { MemoryReport } from '../../executor.js';
import type { Program as Steps, Step } from '../../lower/program.js';
import type { GpuModule } from '../gpu-module.js';
import type { Pass, Plan } from '../plan/pass.js';
import { planStep } from '../plan/plan-step.js';
import type { Device, Image } from '../resident/device.js';
import { type Unit, unitOf } from '../resident/units.js';
import { type Program, ProgramCache } from './programs.js';
import { type PooledTexture, TexturePool } from './textures.js';

/** Numbers in a texture, row by row; the last row may have room left. */
interface GlImage extends Image {
  readonly texture: PooledTexture;
}

/**
 * WebGL2 with the programs gpu.js compiles, drawn by us: gpu.js's own runner keeps a result texture for each kernel for as long
 * as the kernel lives. Here results share pooled textures.
 */
export class WebGl2Device implements Device {
  readonly name = 'webgl2';
  readonly prefersWaiting = false;
  readonly #gl: WebGL2RenderingContext;
  readonly #textures: TexturePool;
  readonly #programs: ProgramCache;
  readonly #framebuffer: WebGLFramebuffer;

  constructor(gpu: GpuModule, gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#textures = new TexturePool(gl);
    this.#programs = new ProgramCache(gpu, gl, this.#textures);
    this.#framebuffer = gl.createFramebuffer();
  }

  group({ steps }: Pick<Steps, 'steps'>): Unit[] {
    return steps.map(unitOf);
  }

  plan(step: Step, lengthOf: (buffer: number) => number): Plan {
    return planStep(step, lengthOf);
  }

  upload(values: Float32Array): Image {
    const gl = this.#gl;
    const image = this.#image(values.length);
    const { width, height } = image.texture;
    const full = Math.floor(values.length / width);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, image.texture.gl);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    const write = (row: number, columns: number, rows: number, part: Float32Array): void =>
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, row, columns, rows, gl.RED, gl.FLOAT, part);
    if (full > 0) write(0, width, full, values.subarray(0, full * width));
    if (full < height && values.length > full * width)
      write(full, values.length - full * width, 1, values.subarray(full * width));
    return image;
  }

  run(pass: Pass, args: readonly Image[]): Image {
    const program = this.#programs.get(pass, args);
    const result = this.#image(pass.length);
    this.#draw(program, args as readonly GlImage[], result.texture);
    return result;
  }

  read(image: Image): Promise<Float32Array> {
    return Promise.resolve(this.readNow(image));
  }

  readonly readNow = (image: Image): Float32Array => {
    const gl = this.#gl;
    const { texture } = image as GlImage;
    this.#target(texture);
    const tight =
      gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_FORMAT) === gl.RED &&
      gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_TYPE) === gl.FLOAT;
    const texels = texture.width * texture.height;
    const out = new Float32Array(tight ? texels : 4 * texels);
    gl.readPixels(0, 0, texture.width, texture.height, tight ? gl.RED : gl.RGBA, gl.FLOAT, out);
    const fault = this.takeFault();
    if (fault) throw fault;
    return tight
      ? out.subarray(0, image.length)
      : Float32Array.from({ length: image.length }, (_, i) => out[4 * i]);
  };

  free(image: Image): void {
    this.#textures.give((image as GlImage).texture);
  }

  flush(): void {
    this.#gl.flush();
  }

  takeFault(): BackendError | OutOfMemoryError | null {
    if (!this.#gl.isContextLost()) return null;
    return new BackendError({
      where: 'webgl2',
      expected: 'a device that answers',
      received: 'a lost WebGL context',
      cure: "await initBackend('webgl2') again; tensors on the device are gone",
    });
  }

  get isLost(): boolean {
    return this.#gl.isContextLost();
  }

  memory(): MemoryReport {
    return this.#textures.report();
  }

  dispose(): void {
    this.#textures.dispose();
  }

  #image(length: number): GlImage {
    return { length, texture: this.#textures.take(length) };
  }

  #target({ gl: texture, width, height }: PooledTexture): void {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    gl.viewport(0, 0, width, height);
    gl.disable(gl.SCISSOR_TEST);
  }

  #draw({ program, vertices, samplers }: Program, args: readonly GlImage[], result: PooledTexture): void {
    const gl = this.#gl;
    gl.useProgram(program);
    this.#target(result);
    gl.bindVertexArray(vertices);
    args.forEach(({ texture }, i) => {
      gl.activeTexture(gl.TEXTURE0 + i);
      gl.bindTexture(gl.TEXTURE_2D, texture.gl);
      gl.uniform1i(samplers[i], i);
    });
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.bindVertexArray(null);
  }
}
