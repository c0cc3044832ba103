/** A sliding window over `[B, C, H, W]`; pairs are (height, width); padding is before and after. */
export interface WindowParams {
  readonly input: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: readonly [readonly [number, number], readonly [number, number]];
  /** What stands outside the image. */
  readonly fill: number;
}

/** Number of window positions along each axis. */
export const windowCount = ({ input, kernel, stride, dilation, padding }: WindowParams): [number, number] => {
  const count = (i: 0 | 1): number =>
    Math.floor((input[i] + padding[i][0] + padding[i][1] - dilation[i] * (kernel[i] - 1) - 1) / stride[i]) +
    1;
  return [count(0), count(1)];
};
