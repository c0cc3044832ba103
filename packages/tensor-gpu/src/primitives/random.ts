import { reshape } from './movement.js';
import { bind, type Primitive } from './primitive.js';

export type Draw = 'bits' | 'uniform' | 'normal';

/**
 * Counter-based draws (Threefry-2x32, 20 rounds): keys `[K, 2]` int32 → `[K, n]`. `bits` gives raw int32, `uniform` float32 in
 * [0, 1) with 24 bits, `normal` Box-Muller in float64 rounded to float32. Always computed by the wasm core.
 */
export const drawPrimitive: Primitive<{ draw: Draw; n: number }> = {
  name: 'draw',
  kind: 'kernel',
  infer: ([keys], { draw, n }) => ({
    shape: [keys.shape[0], n],
    dtype: draw === 'bits' ? 'int32' : 'float32',
  }),
  vjp: null,
  jvp: null,
  batch: ({ inputs: [keys], size, params }) => {
    const [, k] = keys.shape;
    return reshape(bind(drawPrimitive, [reshape(keys, [size * k, 2])], params), [size, k, params.n]);
  },
};

/** Keys `[K, 2]` hashed with two words: `threefry(key, (c0, c1))`. */
export const foldPrimitive: Primitive<{ c0: number; c1: number }> = {
  name: 'foldKey',
  kind: 'kernel',
  infer: ([keys]) => ({ shape: keys.shape, dtype: 'int32' }),
  vjp: null,
  jvp: null,
  batch: ({ inputs: [keys], size, params }) => {
    const [, k] = keys.shape;
    return reshape(bind(foldPrimitive, [reshape(keys, [size * k, 2])], params), [size, k, 2]);
  },
};
