import type { KernelStep } from '../../lower/program.js';
import { argsort } from './kernels/argsort.js';
import { cumsum } from './kernels/cumsum.js';
import { concat, embed } from './kernels/joins.js';
import { dot, dotSum } from './kernels/products.js';
import { arg, gather, scatterAdd } from './kernels/rows.js';
import { fold, unfold } from './kernels/windows.js';
import type { Plan } from './pass.js';

/** Kernel steps by name. Inputs are contiguous, but for those of `dot` and `dotSum`; the output is contiguous. */
export const kernelPlanners: Partial<Record<string, (step: KernelStep) => Plan>> = {
  dot,
  dotSum,
  gather,
  scatterAdd,
  arg,
  cumsum,
  argsort,
  unfold,
  fold,
  embed,
  concat,
};
