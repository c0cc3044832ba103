import { mlp } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { key, type Tensor, tensor } from '@weightloom/tensor-gpu';
import golden from './golden/align.json' with { type: 'json' };

/** The multilayer perceptron of the golden numbers of alignment. */
export const goldenModel = mlp({ sizes: golden.sizes });

const fill = (values: Record<string, number[]>): StateDict =>
  Object.fromEntries(
    Object.entries(goldenModel.init(key(0))).map(([name, t]) => [
      name,
      tensor(Float32Array.from(values[name]!), t.shape),
    ]),
  );

/** Its two sets of weights. */
export const goldenPair = (): [a: StateDict, b: StateDict] => [fill(golden.a), fill(golden.b)];

/** The inputs they are compared on. */
export const goldenInputs = (): Tensor => tensor(Float32Array.from(golden.inputs), [50, golden.sizes[0]!]);
