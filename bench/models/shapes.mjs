// Sizes and data shared by all engines.
const random = (seed) => {
  let s = seed >>> 0;
  return () => ((s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5) * 2;
};
/** Pseudo-random values in ±scale. */
export const filled = (n, scale, seed) => {
  const draw = random(seed);
  return Float32Array.from({ length: n }, () => draw() * scale);
};
export const labels = (n, classes) => Int32Array.from({ length: n }, (_, i) => (i * 7) % classes);
const product = (shape) => shape.reduce((a, b) => a * b, 1);
const mlp = (sizes) =>
  Object.fromEntries(
    sizes.slice(1).flatMap((out, i) => [
      [`w${i}`, [out, sizes[i]]],
      [`b${i}`, [out]],
    ]),
  );
const block = (l, d) => ({
  [`${l}ln1`]: [d],
  [`${l}q`]: [d, d],
  [`${l}k`]: [d, d],
  [`${l}v`]: [d, d],
  [`${l}o`]: [d, d],
  [`${l}ln2`]: [d],
  [`${l}f1`]: [4 * d, d],
  [`${l}f2`]: [d, 4 * d],
});
const languageModel = (time) => ({
  batch: 16,
  time,
  width: 128,
  heads: 4,
  vocabulary: 256,
  shapes: { emb: [256, 128], pos: [time, 128], ...block('a', 128), ...block('b', 128), head: [256, 128] },
});
export const problems = {
  'mlp-small': { batch: 64, input: [64, 64], classes: 10, shapes: mlp([64, 128, 10]), layers: 2 },
  'mlp-large': { batch: 128, input: [128, 784], classes: 10, shapes: mlp([784, 512, 512, 10]), layers: 3 },
  cnn: {
    batch: 64,
    input: [64, 1, 8, 8],
    classes: 10,
    shapes: { c1: [16, 1, 3, 3], c2: [16, 16, 3, 3], w: [10, 1024], b: [10] },
  },
  transformer: languageModel(64),
  'gpt-tiny': languageModel(128),
};
/** Start values of every parameter; layer norms start at 1. */
export const startOf = ({ shapes }) =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [
      name,
      {
        shape,
        data: name.includes('ln')
          ? new Float32Array(product(shape)).fill(1)
          : filled(
              product(shape),
              shape.length === 1 ? 0 : Math.min(0.3, 1 / Math.sqrt(product(shape.slice(1)))),
              i + 1,
            ),
      },
    ]),
  );
export const RATE = 0.05;
