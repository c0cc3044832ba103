import { reshape } from './movement.js';
import { bind, type Primitive } from './primitive.js';
import type { Tensor } from '../tensor/tensor.js';
import { windowCount, type WindowParams } from '../tensor/window.js';

const foldBatch = (t: Tensor): Tensor => reshape(t, [t.shape[0] * t.shape[1], ...t.shape.slice(2)]);
const splitBatch = (t: Tensor, size: number): Tensor =>
  reshape(t, [size, t.shape[0] / size, ...t.shape.slice(1)]);

/** Windows as columns (im2col): `[B, C, H, W] → [B, C·kh·kw, oh·ow]`. */
export const unfoldPrimitive: Primitive<WindowParams> = {
  name: 'unfold',
  kind: 'kernel',
  infer: ([x], params) => {
    const [oh, ow] = windowCount(params);
    return { shape: [x.shape[0], x.shape[1] * params.kernel[0] * params.kernel[1], oh * ow], dtype: x.dtype };
  },
  vjp: ({ ct, params }) => [fold(ct, params)],
  jvp: ({ tangents: [t], params }) => t && unfold(t, { ...params, fill: 0 }),
  batch: ({ inputs: [x], size, params }) => splitBatch(unfold(foldBatch(x), params), size),
};
export const unfold = (x: Tensor, params: WindowParams): Tensor => bind(unfoldPrimitive, [x], params);

/** The transpose of unfold (col2im): overlapping windows add up. */
export const foldPrimitive: Primitive<WindowParams> = {
  name: 'fold',
  kind: 'kernel',
  infer: ([x], { input, kernel }) => ({
    shape: [x.shape[0], x.shape[1] / (kernel[0] * kernel[1]), ...input],
    dtype: x.dtype,
  }),
  vjp: ({ ct, params }) => [unfold(ct, { ...params, fill: 0 })],
  jvp: ({ tangents: [t], params }) => t && fold(t, params),
  batch: ({ inputs: [x], size, params }) => splitBatch(fold(foldBatch(x), params), size),
};
export const fold = (x: Tensor, params: WindowParams): Tensor => bind(foldPrimitive, [x], params);
