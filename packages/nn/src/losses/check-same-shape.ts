import { ShapeError, type Tensor } from '@weightloom/tensor-gpu';

/** Refuses targets of another shape than the outputs: broadcasting here is almost always a mistake. */
export function checkSameShape(where: string, outputs: Tensor, targets: Tensor): void {
  const [expected, received] = [outputs, targets].map((t) => `[${t.shape.join(', ')}]`);
  if (expected !== received)
    throw new ShapeError({ where, expected: `targets of shape ${expected}`, received });
}
