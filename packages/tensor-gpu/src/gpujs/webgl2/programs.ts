import { BackendError } from '../../errors.js';
import { asGpuFunctions, type GlKernel, type GpuModule } from '../gpu-module.js';
import { functionsOf } from '../plan/functions.js';
import type { Pass } from '../plan/pass.js';
import type { Image } from '../resident/device.js';
import { KernelTable } from '../resident/kernel-table.js';
import type { TexturePool } from './textures.js';

/** A linked program, its corners as a vertex array, and where its arguments are bound. */
export interface Program {
  readonly program: WebGLProgram;
  readonly vertices: WebGLVertexArrayObject;
  readonly samplers: readonly (WebGLUniformLocation | null)[];
}

/** Compiled programs by source and lengths. */
export class ProgramCache {
  readonly #gpu: GpuModule;
  readonly #gl: WebGL2RenderingContext;
  readonly #textures: TexturePool;
  readonly #programs = new KernelTable((pass, args) => this.#link(pass, args));
  /** A texture of one texel that stands for others while gpu.js compiles. */
  readonly #stand: WebGLTexture;
  readonly #corners: WebGLBuffer;

  constructor(gpu: GpuModule, gl: WebGL2RenderingContext, textures: TexturePool) {
    this.#gpu = gpu;
    this.#gl = gl;
    this.#textures = textures;
    this.#stand = textures.take(1).gl;
    this.#corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#corners);
    // Positions, then texture coordinates.
    gl.bufferData(
      gl.ARRAY_BUFFER,
      new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1, 0, 0, 1, 0, 0, 1, 1, 1]),
      gl.STATIC_DRAW,
    );
  }

  get(pass: Pass, args: readonly Image[]): Program {
    return this.#programs.get(pass, args);
  }

  #link({ source, length }: Pass, args: readonly Image[]): Program {
    const gl = this.#gl;
    const kernel = this.#build(
      source,
      length,
      args.map((a) => a.length),
    );
    const { program } = kernel;
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new BackendError({
        where: 'webgl2',
        expected: 'a program this device links',
        received: gl.getProgramInfoLog(program) ?? 'no reason',
      });
    }
    const vertices = gl.createVertexArray();
    gl.bindVertexArray(vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#corners);
    this.#attribute(program, 'aPos', 0);
    this.#attribute(program, 'aTexCoord', 32);
    gl.bindVertexArray(null);
    gl.useProgram(program);
    gl.uniform2f(gl.getUniformLocation(program, 'ratio'), 1, 1);
    const samplers = kernel.kernelArguments.map(({ id }) => gl.getUniformLocation(program, id));
    return { program, vertices, samplers };
  }

  /** Attributes a driver removed for want of use have no place. */
  #attribute(program: WebGLProgram, name: string, offset: number): void {
    const gl = this.#gl;
    const at = gl.getAttribLocation(program, name);
    if (at < 0) return;
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 2, gl.FLOAT, false, 0, offset);
  }

  #build(source: string, length: number, lengths: readonly number[]): GlKernel {
    const gl = this.#gl;
    const kernel = new this.#gpu.WebGL2Kernel(source, {
      output: [length],
      // gpu.js sizes its canvas to the largest kernel; nothing is drawn there.
      canvas: { width: 1, height: 1 },
      context: gl,
      pipeline: true,
      immutable: true,
      precision: 'single',
      // Without it small kernels are `lowp`, which may be 10 bits on telephones.
      tactic: 'precision',
      functions: asGpuFunctions(functionsOf(source)),
      // A result texture of its own is never drawn to.
      texture: { texture: this.#stand },
    });
    gl.bindVertexArray(null);
    kernel.build(
      ...lengths.map((n) => {
        const [width, height] = this.#textures.sizeOf(n);
        const size = Int32Array.of(width, height);
        return {
          type: 'ArrayTexture(1)',
          texture: this.#stand,
          size,
          dimensions: [n, 1, 1],
          output: [n],
          context: gl,
        };
      }),
    );
    gl.deleteFramebuffer(kernel.framebuffer);
    gl.deleteBuffer(kernel.buffer);
    return kernel;
  }
}
