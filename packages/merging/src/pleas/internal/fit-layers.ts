import type { StateDict } from '@weightloom/state-dict';
import {
  add,
  concat,
  dispose,
  matmul,
  mul,
  ones,
  take,
  type Tensor,
  tensor,
  tidy,
  transpose,
} from '@weightloom/tensor-gpu';
import type { ActivationSource } from '../../align/activation-matching.js';
import { batchesOf } from '../../align/internal/batches-of.js';
import type { ResolvedSpec } from '../../align/internal/resolve-spec.js';
import { unitIndex } from '../../align/internal/unit-index.js';
import type { GroupUse, Permutations } from '../../align/permutation-spec.js';
import { pacer } from '../../internal/pacer.js';
import { type JoinedUnits, unitsOf } from './join-units.js';
import { type LayerRecord, recordLayers } from './record-layers.js';
import { type Blocks, solveBlocks } from './solve-blocks.js';

/** `XᵀX` and `XᵀY` of a layer, summed in float64; with a bias, `X` has a last column of ones. */
interface NormalEquations {
  readonly gram: Float64Array;
  readonly target: Float64Array;
}

/** Solves every linear layer and convolution of a merged model anew, by least squares. */
export async function fitLayers(
  merged: StateDict,
  parents: readonly [StateDict, StateDict],
  spec: ResolvedSpec,
  choice: {
    readonly permutations: Permutations;
    readonly separate: Readonly<Record<string, Int32Array>>;
    readonly ridge: number;
  },
  { apply, inputs, batchSize = 256, onProgress, signal }: ActivationSource,
): Promise<StateDict> {
  const units = unitsOf(spec, choice.permutations, choice.separate);
  const equations = new Map<string, NormalEquations>();
  const batches = batchesOf('pleas', inputs, batchSize);
  const pace = pacer(signal);
  for (const [i, batch] of batches.entries()) {
    await pace();
    const products = tidy(() => {
      const x = batch();
      const [a, b] = parents.map((params) => recordLayers(apply, params, x)) as [
        LayerRecord[],
        LayerRecord[],
      ];
      return a.map((layer, at) => ({ path: layer.path, ...normalEquations(layer, b[at]!, spec, units) }));
    });
    for (const { path, gram, target } of products) {
      const known = equations.get(path);
      const sums = known ?? { gram: new Float64Array(gram.size), target: new Float64Array(target.size) };
      equations.set(path, sums);
      (await gram.data()).forEach((value, k) => (sums.gram[k]! += value));
      (await target.data()).forEach((value, k) => (sums.target[k]! += value));
      dispose([gram, target]);
    }
    onProgress?.({ done: i + 1, total: batches.length, label: 'pleas: least squares' });
  }
  const out: StateDict = Object.assign(Object.create(null) as StateDict, merged);
  for (const [path, { gram, target }] of equations) {
    const [name, biasName] = [`${path}.weight`, `${path}.bias`];
    const hasBias = biasName in merged;
    const outputs = merged[name]!.shape[0]!;
    const columns = merged[name]!.size / outputs;
    const blocks = blocksOf(name, columns, outputs, spec, units);
    const { weight, bias } = solveBlocks(gram, target, blocks, {
      columns,
      outputs,
      hasBias,
      ridge: choice.ridge,
    });
    out[name] = tensor(weight, merged[name]!.shape);
    if (hasBias) out[biasName] = tensor(bias, [outputs]);
  }
  return out;
}

function normalEquations(
  a: LayerRecord,
  b: LayerRecord,
  spec: ResolvedSpec,
  units: ReadonlyMap<string, JoinedUnits>,
): { gram: Tensor; target: Tensor } {
  const uses = spec.tensors.get(`${a.path}.weight`)!;
  const features = joinFeatures(
    a.input,
    b.input,
    uses.find(({ axis }) => axis === 1),
    units,
  );
  const rows = a.rows(features);
  const targets = a.outputs(
    joinFeatures(
      a.output,
      b.output,
      uses.find(({ axis }) => axis === 0),
      units,
    ),
  );
  const x = a.hasBias ? concat([rows, ones([rows.shape[0]!, 1])], 1) : rows;
  return { gram: matmul(transpose(x), x), target: matmul(transpose(x), targets) };
}

/** What merged and separate units show, of `[N, C, …]` or `[…, C]`. */
function joinFeatures(
  a: Tensor,
  b: Tensor,
  use: (GroupUse & { readonly group: string }) | undefined,
  units: ReadonlyMap<string, JoinedUnits>,
): Tensor {
  if (!use) return mul(add(a, b), 0.5);
  const { size, merged, apart } = units.get(use.group)!;
  const axis = a.rank === 4 ? 1 : a.rank - 1;
  const pick = (t: Tensor, chosen: Int32Array): Tensor => take(t, tensor(unitIndex(chosen, size, use)), axis);
  const parts = [
    ...(merged[0].length > 0 ? [mul(add(pick(a, merged[0]), pick(b, merged[1])), 0.5)] : []),
    ...(apart[0].length > 0 ? [pick(a, apart[0]), pick(b, apart[1])] : []),
  ];
  return parts.length === 1 ? parts[0]! : concat(parts, axis);
}

/** Which columns each row of a weight may use. */
function blocksOf(
  name: string,
  columns: number,
  outputs: number,
  spec: ResolvedSpec,
  units: ReadonlyMap<string, JoinedUnits>,
): Blocks {
  const uses = spec.tensors.get(name)!;
  const split = (axis: number, length: number): [number, number] => {
    const use = uses.find((other) => other.axis === axis);
    if (!use) return [length, length];
    const { merged, apart } = units.get(use.group)!;
    const each = length / (merged[0].length + 2 * apart[0].length);
    return [merged[0].length * each, (merged[0].length + apart[0].length) * each];
  };
  return { rows: split(0, outputs), columns: split(1, columns) };
}
