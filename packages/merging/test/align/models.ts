import { cnn, gpt, gpt2, llama, mlp, type Model, resnet, vit } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import {
  abs,
  generator,
  key,
  max,
  mul,
  normal,
  randomInt,
  sub,
  tensor,
  type Tensor,
} from '@weightloom/tensor-gpu';
import { autoSpec, type AutoSpecOptions, type Permutations, type PermutationSpec } from '../../src/index.js';
import { resolveSpec } from '../../src/align/internal/resolve-spec.js';

const image = [1, 8, 8] as const;
const language = { vocabulary: 20, context: 12, width: 16, heads: 4, layers: 2 };

export interface Sample {
  readonly model: Model;
  readonly params: StateDict;
  readonly inputs: Tensor;
  readonly spec: PermutationSpec;
  /** Number of units by group. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** A model of each kind that `autoSpec` knows, with vectors that differ from unit to unit. */
export const samples: Readonly<Record<string, () => Sample>> = {
  mlp: () => sample(mlp({ sizes: [8, 16, 16, 5] }), normal(key(5), [60, 8])),
  'cnn with batch norm': () =>
    sample(
      cnn({ input: image, channels: [8, 12], hidden: [16], classes: 5, norm: 'batch' }),
      normal(key(5), [60, 64]),
    ),
  resnet: () =>
    sample(resnet({ input: image, classes: 5, widths: [8, 12], blocks: 2 }), normal(key(5), [60, 64])),
  gpt: () => sample(gpt(language), randomInt(key(3), [6, 10], 0, 20), { heads: 4 }),
  gpt2: () => sample(gpt2(language), randomInt(key(3), [6, 10], 0, 20), { heads: 4 }),
  'llama with shared keys': () =>
    sample(llama({ ...language, kvHeads: 2, hidden: 24 }), randomInt(key(3), [6, 10], 0, 20), {
      heads: 4,
      kvHeads: 2,
    }),
  vit: () =>
    sample(vit({ input: image, patch: 4, classes: 5, width: 16, heads: 4 }), normal(key(5), [60, 64]), {
      heads: 4,
    }),
};

function sample(model: Model, inputs: Tensor, options: AutoSpecOptions = {}): Sample {
  const params: StateDict = Object.fromEntries(
    Object.entries(model.init(key(1))).map(([name, t], i) => [name, spread(name, t, i)]),
  );
  const spec = autoSpec(params, options);
  const { groups } = resolveSpec('sample', params, spec);
  return {
    model,
    params,
    inputs,
    spec,
    sizes: Object.fromEntries([...groups].map(([name, { size }]) => [name, size])),
  };
}

/** Norms and biases start equal in all units; here they differ. */
function spread(name: string, t: Tensor, seed: number): Tensor {
  if (t.rank !== 1) return /\.(attention|self_attn|attn|mlp)\.|embed|wte|wpe/.test(name) ? mul(t, 5) : t; // transformers start small
  if (!/running_var|norm.*weight|bn\d.*weight|ln_.*weight|downsample\.1\.weight/.test(name)) {
    return abs(mul(normal(key(seed + 9), t.shape), 0.3)); // above 0, so that no unit is dead
  }
  return tensor(Array.from({ length: t.size }, (_, k) => 0.5 + ((k * 7919 + seed * 31) % 100) / 100));
}

/** Random permutations of all groups. */
export function draw(sizes: Readonly<Record<string, number>>, seed: number): Permutations {
  const random = generator(key(seed));
  return Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, random.permutation(size)]));
}

/** Greatest difference of two tensors. */
export const difference = async (x: Tensor, y: Tensor): Promise<number> =>
  (await max(abs(sub(x, y))).data())[0]!;

/** Greatest difference of two models. */
export async function farthest(a: StateDict, b: StateDict): Promise<number> {
  const all = await Promise.all(Object.keys(a).map((name) => difference(a[name]!, b[name]!)));
  return Math.max(...all);
}
