import type { Apply } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { conv2d, type ConvOptions, reshape, type Tensor, tensor, transpose } from '@weightloom/tensor-gpu';

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
        rows: window ? (t) => byPosition(windowsOf(t, window.kernel, window.options)) : flat,
        outputs: window ? byPosition : flat,
      });
    },
  });
  return records;
}

/** `[N, C, H, W] → [N · H · W, C]`. */
const byPosition = (t: Tensor): Tensor => {
  const [n, c, h, w] = t.shape as [number, number, number, number];
  return reshape(transpose(t, [0, 2, 3, 1]), [n * h * w, c]);
};

/** The windows a convolution sees, `[N, C · kh · kw, h, w]`: a convolution that copies each place of the window. */
function windowsOf(t: Tensor, [kh, kw]: readonly [number, number], options: ConvOptions): Tensor {
  const [channels, places] = [t.shape[1]!, kh * kw];
  const copies = new Float32Array(channels * places * places);
  for (let k = 0; k < channels * places; k++) copies[k * places + (k % places)] = 1;
  return conv2d(t, tensor(copies, [channels * places, 1, kh, kw]), null, { ...options, groups: channels });
}
