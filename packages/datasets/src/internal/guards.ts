/** Pixels along one side of a digit. */
export const SIDE = 8;
/** Pixels of one digit. */
export const PIXELS = SIDE * SIDE;

/** @throws {RangeError} unless `images` holds whole 8×8 images of finite numbers */
export function checkImages(where: string, images: Float32Array): void {
  if (images.length % PIXELS !== 0) {
    throw new RangeError(
      `${where}: images has ${images.length} values, expected a multiple of ${PIXELS} (8×8 pixels)`,
    );
  }
  const bad = images.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) {
    throw new RangeError(
      `${where}: images[${bad}] (image ${Math.floor(bad / PIXELS)}) is ${images[bad]}, expected a finite number`,
    );
  }
}

/** @throws {RangeError} unless `value` is finite, and at least `minimum` */
export function checkNumber(where: string, name: string, value: number, minimum = -Infinity): void {
  if (Number.isFinite(value) && value >= minimum) return;
  const wanted = minimum === -Infinity ? 'a finite number' : `a finite number of at least ${minimum}`;
  throw new RangeError(`${where}: ${name} is ${value}, expected ${wanted}`);
}
