/** What every engine is given: data that is the same for all, and answers computed here in float64, by none of them. */

const random = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 2 * (state / 2 ** 32 - 0.5);
  };
};

/** Pseudo-random numbers in ±scale. */
export function filled(size: number, scale: number, seed: number): Float32Array<ArrayBuffer> {
  const draw = random(seed);
  return Float32Array.from({ length: size }, () => scale * draw());
}

/** Two square matrices. */
export const factors = (n: number): readonly [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>] => [
  filled(n * n, 1, 1),
  filled(n * n, 1, 2),
];

/** Places of a product that are checked: enough to find a wrong tile, few enough to be quick. */
const CHECKED = 97;

/** Largest error of a product over the places checked, relative to √n, the size its entries have. */
export function productError(n: number, product: ArrayLike<number>): number {
  const [a, b] = factors(n);
  let largest = 0;
  for (let i = 0; i < CHECKED; i++) {
    const place = Math.floor((i * (n * n - 1)) / (CHECKED - 1));
    const [row, column] = [Math.floor(place / n), place % n];
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a[row * n + k]! * b[k * n + column]!;
    largest = Math.max(largest, Math.abs(product[place]! - sum) / Math.sqrt(n));
  }
  return product.length === n * n ? largest : Infinity;
}

/** A multilayer perceptron 784-256-10 on a batch of 128, trained by plain gradient descent. */
export const perceptron = { batch: 128, sizes: [784, 256, 10], learningRate: 0.1 } as const;

export const parameterNames = ['w0', 'b0', 'w1', 'b1'] as const;
export type ParameterName = (typeof parameterNames)[number];

/** Start values: weights `[out, in]`, biases `[out]`. */
export function startParameters(): Record<
  ParameterName,
  { readonly values: Float32Array<ArrayBuffer>; readonly shape: number[] }
> {
  const [inputs, hidden, classes] = perceptron.sizes;
  const weight = (out: number, size: number, seed: number) => ({
    values: filled(out * size, 1 / Math.sqrt(size), seed),
    shape: [out, size],
  });
  const bias = (out: number) => ({ values: new Float32Array(out), shape: [out] });
  return {
    w0: weight(hidden, inputs, 3),
    b0: bias(hidden),
    w1: weight(classes, hidden, 4),
    b1: bias(classes),
  };
}

export const inputs = (): Float32Array<ArrayBuffer> => filled(perceptron.batch * perceptron.sizes[0], 1, 5);

/** Labels as rows with a single one. */
export function oneHotTargets(): Float32Array<ArrayBuffer> {
  const { batch, sizes } = perceptron;
  const out = new Float32Array(batch * sizes[2]);
  for (let i = 0; i < batch; i++) out[i * sizes[2] + ((i * 7) % sizes[2])] = 1;
  return out;
}

/** The loss before each of `steps` steps. */
export function referenceLosses(steps: number): number[] {
  const [size, hidden, classes] = perceptron.sizes;
  const { batch, learningRate } = perceptron;
  const start = startParameters();
  const [w0, b0, w1, b1] = parameterNames.map((name) => Float64Array.from(start[name].values)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [x, y] = [inputs(), oneHotTargets()];
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const [g0, h0, g1, h1] = [w0, b0, w1, b1].map(({ length }) => new Float64Array(length)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    let loss = 0;
    for (let i = 0; i < batch; i++) {
      const row = x.subarray(i * size, (i + 1) * size);
      const inner = Float64Array.from({ length: hidden }, (_, j) => {
        let sum = b0[j]!;
        for (let k = 0; k < size; k++) sum += w0[j * size + k]! * row[k]!;
        return Math.max(0, sum);
      });
      const logits = Array.from({ length: classes }, (_, c) => {
        let sum = b1[c]!;
        for (let j = 0; j < hidden; j++) sum += w1[c * hidden + j]! * inner[j]!;
        return sum;
      });
      const top = Math.max(...logits);
      const total = logits.reduce((sum, z) => sum + Math.exp(z - top), 0);
      const back = new Float64Array(hidden);
      for (let c = 0; c < classes; c++) {
        const target = y[i * classes + c]!;
        loss -= (target * (logits[c]! - top - Math.log(total))) / batch;
        const d = (Math.exp(logits[c]! - top) / total - target) / batch;
        h1[c]! += d;
        for (let j = 0; j < hidden; j++) {
          g1[c * hidden + j]! += d * inner[j]!;
          back[j]! += d * w1[c * hidden + j]!;
        }
      }
      for (let j = 0; j < hidden; j++) {
        if (inner[j] === 0) continue;
        h0[j]! += back[j]!;
        for (let k = 0; k < size; k++) g0[j * size + k]! += back[j]! * row[k]!;
      }
    }
    losses.push(loss);
    for (const [p, g] of [
      [w0, g0],
      [b0, h0],
      [w1, g1],
      [b1, h1],
    ] as const)
      g.forEach((value, i) => (p[i]! -= learningRate * value));
  }
  return losses;
}
