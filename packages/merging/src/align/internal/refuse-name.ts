/** A name that the spec found from names cannot place. */
export function refuseName(name: string, shape: readonly number[], why: string): never {
  throw new RangeError(
    `autoSpec: expected ${why}, received ${JSON.stringify(name)} of shape [${shape.join(', ')}]; write a permutation spec`,
  );
}
