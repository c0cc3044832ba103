/** Rows up to this length have their sizes and indices packed into one float64: 31 bits and 22 bits. */
const PACKED_LENGTH = 2 ** 22;

/**
 * The ascending rank of each `|value|`, from 0; of equal ones the first in order ranks lower. Compared as float32.
 *
 * @returns one rank per value
 */
export function rankRow(values: Float64Array): Uint32Array {
  const sizes = Float32Array.from(values, Math.abs);
  return sizes.length <= PACKED_LENGTH ? rankPacked(sizes) : rankLong(sizes);
}

/** Sorts plain numbers, which is several times faster than sorting indices by a function. */
function rankPacked(sizes: Float32Array): Uint32Array {
  const bits = new Uint32Array(sizes.buffer);
  const packed = Float64Array.from(bits, (value, i) => value * PACKED_LENGTH + i).sort();
  const ranks = new Uint32Array(sizes.length);
  packed.forEach((value, rank) => (ranks[value % PACKED_LENGTH] = rank));
  return ranks;
}

function rankLong(sizes: Float32Array): Uint32Array {
  const order = Uint32Array.from(sizes, (_, i) => i).sort((a, b) => sizes[a]! - sizes[b]! || a - b);
  const ranks = new Uint32Array(sizes.length);
  order.forEach((index, rank) => (ranks[index] = rank));
  return ranks;
}
