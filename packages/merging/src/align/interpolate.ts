import { type StateDict, zipTensors } from '@weightloom/state-dict';
import { add, cast, mul, sub, type Tensor } from '@weightloom/tensor-gpu';
import { checkNumber } from '../internal/check-number.js';

export interface InterpolateOptions {
  /** Which tensors move, by name; the others stay as in `a`. Default all. */
  readonly filter?: (name: string) => boolean;
  /** Allow `t` outside 0 to 1; default false. */
  readonly extrapolate?: boolean;
}

/**
 * A point on the line between two models: `a + t (b - a)`; exactly `a` at 0 and `b` at 1.
 *
 * Whole numbers and masks are taken from `a`. Computes in float32, inside `jit` and `grad` too, and keeps dtypes.
 *
 * @param b - same names and shapes as `a`
 * @throws {RangeError} for `t` that is not finite, or outside 0 to 1 without `extrapolate`; `StateDictError` and `ShapeError`
 *   naming the tensor that does not fit
 */
export function interpolate(
  a: StateDict,
  b: StateDict,
  t: number,
  { filter = () => true, extrapolate = false }: InterpolateOptions = {},
): StateDict {
  checkNumber('interpolate', 't', t, ...(extrapolate ? [] : [0, 1]));
  return zipTensors(
    [a, b],
    ([from, to], name) => {
      if (t === 0 || !isFloat(from!) || !filter(name)) return from!;
      return t === 1 ? to! : cast(add(from!, mul(sub(to!, from!), t)), from!.dtype);
    },
    'interpolate',
  );
}

const isFloat = ({ dtype }: Tensor): boolean => ['float32', 'float16', 'bfloat16'].includes(dtype);
