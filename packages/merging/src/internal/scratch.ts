/** An array that is used again for every block; it grows to the longest, and holds whatever was there before. */
export function float64Scratch(): (length: number) => Float64Array {
  let array = new Float64Array(0);
  return (length) => {
    if (array.length < length) array = new Float64Array(length);
    return array.subarray(0, length);
  };
}

/** As {@link float64Scratch}, of float32. */
export function float32Scratch(): (length: number) => Float32Array {
  let array = new Float32Array(0);
  return (length) => {
    if (array.length < length) array = new Float32Array(length);
    return array.subarray(0, length);
  };
}
