import type { Apply } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { type ConvOptions, reshape, type Tensor, transpose, unfold2d } from '@weightloom/tensor-gpu';

/** What a layer saw and gave, and how to make equations of it. */
export interface LayerRecord {
  readonly path: string;
  readonly input: Tensor;
  /** Before the activation. */
  readonly output: Tensor;
  readonly hasBias: boolean;
  /** Inputs (of any number of channels) as one row per equation: for a convolution, the windows. */
  readonly rows: (input: Tensor) => Tensor;
  /** Outputs as one row per equation. */
  readonly outputs: (output: Tensor) => Tensor;
}

/** Runs a model and records its linear layers and convolutions, in their order. */
export function recordLayers(apply: Apply, params: StateDict, x: Tensor): LayerRecord[] {
  const windows = new Map<
    string,
    { readonly kernel: readonly [number, number]; readonly options: ConvOptions }
  >();
  const records: LayerRecord[] = [];
  apply(params, x, {
    conv: (path, _, weight, __, options) => {
      windows.set(path, { kernel: [weight.shape[2]!, weight.shape[3]!], options });
      return undefined;
    },
    tap: (path, input, output) => {
      const weight = params[`${path}.weight`];
      if (!weight || weight.rank < 2) return;
      const window = windows.get(path);
      const flat = (t: Tensor): Tensor => reshape(t, [t.size / t.shape.at(-1)!, t.shape.at(-1)!]);
      records.push({
        path,
        input,
        output,
        hasBias: `${path}.bias` in params,
        rows: window ? (t) => byPosition(unfold2d(t, window.kernel, window.options)) : flat,
        outputs: window ? byPosition : flat,
      });
    },
  });
  return records;
}

/** `[N, C, …] → [N · …, C]`. */
const byPosition = (t: Tensor): Tensor => {
  const [n, c] = t.shape as [number, number];
  const flat = reshape(t, [n, c, t.size / (n * c)]);
  return reshape(transpose(flat, [0, 2, 1]), [t.size / c, c]);
};
