/** Work of one engine that can be done again and again. */
export interface Work {
  /** Does it so many times, and resolves when the last is really done. */
  run(repeats: number): Promise<void>;
  dispose(): void;
}

/** A product of two square matrices that stay where the engine has them. */
export interface ProductWork extends Work {
  /** The product, row by row. */
  result(): Promise<ArrayLike<number>>;
}

/** Steps of training; each goes on from the one before. */
export interface TrainingWork extends Work {
  /** Does one step and gives the loss before it. */
  step(): Promise<number>;
}

/** One engine on one backend. */
export interface Engine {
  product(n: number): ProductWork;
  training(): TrainingWork;
}

/** What can be compared: an engine and the kind of machinery it runs on. */
export interface Contestant {
  readonly name: string;
  readonly engine: 'weightloom' | 'tfjs' | 'jax-js';
  readonly backend: string;
  /** The adapter it depends on, if any. */
  readonly gpu?: 'webgpu' | 'webgl2';
}
