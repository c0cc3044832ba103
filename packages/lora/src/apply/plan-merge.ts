import type { RawTensor } from '@weightloom/checkpoint';
import { type ChunkedMethod, type ChunkedTensor, productWorkspace } from '@weightloom/state-dict';
import { AdapterError } from '../adapter-error.js';
import { scalings } from '../format/lora-adapter.js';
import { savedMatcher } from '../format/match-modules.js';
import { indicesFor } from '../format/parse-lora-adapter.js';
import { changesBase } from '../internal/changes-base.js';
import { loraWeightEdit, squareOrientation } from '../internal/layer-edits.js';
import { otherEdits } from '../internal/other-edits.js';
import { listNames, nearest, quote, showShape } from '../internal/text.js';
import { finiteValues } from '../internal/values.js';
import { addDelta, keep, replaceRows, type WeightEdit } from '../internal/weight-edits.js';
import { isLora, type OtherAdapter, type PeftAdapter } from '../peft/peft-adapter.js';
import type { LoraAdapter } from '../format/lora-adapter.js';

export interface MergeOptions {
  /** What the update is multiplied by (default 1); not for DoRA and other methods that are no sums. */
  readonly weight?: number;
  /** From the adapter's module path to the base's (default: the same). */
  readonly rename?: (path: string) => string;
  /** Whether a square weight is stored `[in, out]` (default: as the configuration says); other shapes tell by themselves. */
  readonly fanInFanOut?: (path: string) => boolean;
  /**
   * The base is the one that the adapter's start has changed (PiSSA, OLoRA, LoftQ, CorDA and LoRA-GA subtract from it); by default
   * such adapters are refused.
   */
  readonly changedBase?: boolean;
}

/** What a merge needs to know of the base: shapes by name. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** What happens to one tensor of the base. */
export interface TensorEdit {
  /** Stands in for the base's tensor before the edits. */
  readonly replacement?: RawTensor;
  /** In order. */
  readonly edits: readonly WeightEdit[];
}

/** What a merge does, by name of the tensor in the base; nothing has been computed yet. */
export interface MergePlan {
  readonly edits: ReadonlyMap<string, TensorEdit>;
  /** Tensors the base does not have. */
  readonly added: ReadonlyMap<string, RawTensor>;
}

/**
 * Finds out what an adapter does to which tensor of a base, and checks that everything fits.
 *
 * @throws {AdapterError} naming all modules the base does not have (with the nearest it has), and shapes that differ
 */
export function planMerge(
  adapter: PeftAdapter,
  shapes: Shapes,
  options: MergeOptions & { readonly reverse?: boolean },
  where: string,
): MergePlan {
  const { rename = (path: string) => path, weight: given = 1, reverse = false } = options;
  const weight = reverse ? -given : given;
  if (!Number.isFinite(weight))
    throw new RangeError(`${where}: expected a finite weight, received ${weight}`);
  const edits = new Map<string, { replacement?: RawTensor; edits: WeightEdit[] }>();
  const added = new Map<string, RawTensor>();
  const missing: string[] = [];
  const editOf = (name: string) => {
    const own = edits.get(name) ?? { edits: [] };
    edits.set(name, own);
    return own;
  };
  const need = (name: string, path: string): readonly number[] | undefined => {
    const shape = edits.get(name)?.replacement?.shape ?? shapes.get(name);
    if (!shape) missing.push(path);
    return shape;
  };

  const unexplained: string[] = [];
  const isSaved = savedMatcher(isLora(adapter) ? adapter.config.modulesToSave : null);
  for (const [name, tensor] of adapter.saved) {
    const own = renamed(name.replace(/\.base_layer\.([^.]+)$/, '.$1'), rename);
    const shape = shapes.get(own);
    if (!shape && isLora(adapter) && !isSaved(name)) unexplained.push(name);
    else if (!shape) added.set(own, tensor);
    else if (sameButRows(shape, tensor.shape)) Object.assign(editOf(own), { replacement: tensor });
    else refuseShape(`${where}: ${quote(own)}`, tensor.shape, shape);
  }
  if (unexplained.length > 0) {
    const near = unexplained
      .slice(0, 6)
      .map((name) => `${quote(name)} → ${quote(nearest(name, [...shapes.keys()], 1).join(''))}`);
    throw new AdapterError({
      where,
      expected: 'whole tensors of modules that the base has or modules_to_save names',
      received: listNames(unexplained, 40),
      cure: `rename them or add their modules to modules_to_save; the nearest are ${near.join(', ')}`,
    });
  }
  if (isLora(adapter)) planLora(adapter);
  else planOther(adapter);
  if (missing.length > 0) refuseMissing(missing, shapes, where);
  for (const own of edits.values()) if (own.edits.length === 0) own.edits.push(keep);
  return { edits, added };

  function planLora(lora: LoraAdapter): void {
    const { config } = lora;
    if (changesBase(config) && options.changedBase !== true) {
      throw new AdapterError({
        where,
        expected: 'an adapter of the original base',
        received: `init_lora_weights ${quote(String(config.initLoraWeights))}, whose factors go with a changed base`,
        cure: 'convert it with toOriginalBase, or pass { changedBase: true } with the changed base',
      });
    }
    const scaling = scalings(config);
    if (config.useDora && given !== 1) {
      throw new AdapterError({
        where,
        expected: 'weight 1 for DoRA, whose change is no sum',
        received: String(given),
      });
    }
    const shapeOf = (path: string) => shapes.get(`${rename(path)}.weight`);
    const square = options.fanInFanOut ?? squareOrientation(lora, shapeOf, where);
    for (const [path, layer] of lora.layers) {
      const name = `${rename(path)}.weight`;
      const shape = need(name, path);
      if (!shape) continue;
      const [out, width] = [layer.b.shape[0]!, layer.a.shape[1]!];
      const fanInFanOut = layer.kind === 'linear' && out === width && square(path);
      const at = `${where}: ${quote(path)}`;
      editOf(name).edits.push(
        loraWeightEdit(layer, { shape, scaling: scaling(path) * weight, config, fanInFanOut, where: at }),
      );
      if (layer.bias) planBias(path, layer.bias, scaling(path) * weight);
    }
    for (const [path, tensor] of lora.tokens) {
      const name = `${rename(path)}.weight`;
      const shape = need(name, path);
      if (!shape) continue;
      const indices = indicesFor(config, path)!;
      if (shape.length !== 2 || shape[1] !== tensor.shape[1] || Math.max(...indices) >= shape[0]!) {
        refuseShape(
          `${where}: ${quote(path)}: trained tokens`,
          [Math.max(...indices) + 1, tensor.shape[1]!],
          shape,
        );
      }
      editOf(name).edits.push(replaceRows(indices, finiteValues(tensor, `${where}: ${quote(path)}`)));
    }
  }

  function planBias(path: string, bias: RawTensor, scaling: number): void {
    const name = `${rename(path)}.bias`;
    const shape = need(name, `${path} (its bias)`);
    if (!shape) return;
    if (shape.length !== 1 || shape[0] !== bias.shape[0])
      refuseShape(`${where}: ${quote(name)}`, bias.shape, shape);
    const values = finiteValues(bias, `${where}: ${quote(path)}: bias of lora_B`).map(
      (value) => value * scaling,
    );
    editOf(name).edits.push(addDelta({ columns: values.length, read: () => values }));
  }

  function planOther(other: OtherAdapter): void {
    if (given !== 1) {
      const received = `${given} for ${other.config.peftType}`;
      throw new AdapterError({ where, expected: 'weight 1 for methods other than LoRA', received });
    }
    for (const [path, factors] of other.modules) {
      const name = `${rename(path)}.weight`;
      const shape = need(name, path);
      if (!shape) continue;
      const own = otherEdits(other, { reverse, path, factors, shape, where: `${where}: ${quote(path)}` });
      editOf(name).edits.push(own.weight);
      if (own.bias && shapes.has(`${rename(path)}.bias`)) editOf(`${rename(path)}.bias`).edits.push(own.bias);
    }
  }
}

/** One method for all tensors of a plan; each is changed as the plan says by its name. */
export function mergeMethod(plan: MergePlan, name: string): ChunkedMethod {
  return {
    name,
    granularity: 'row',
    workspace(tensor) {
      const [first, ...others] = plan.edits.get(tensor.name)!.edits;
      if (first!.rank === undefined || others.length > 0) return 0;
      return productWorkspace(tensor.shape[0]!, columnsOf(tensor), first!.rank);
    },
    begin([tensor]) {
      const { edits } = plan.edits.get(tensor!.name)!;
      const [first, ...others] = edits.map((edit) => edit(columnsOf(tensor!)));
      if (others.length === 0) return first!;
      return chain([first!, ...others]);
    },
  };
}

const columnsOf = ({ shape, size }: ChunkedTensor): number => (shape.length > 1 ? size / shape[0]! : size);

/** Edits one after another; only the first may look at the whole tensor beforehand. */
function chain(programs: readonly ReturnType<WeightEdit>[]): ReturnType<WeightEdit> {
  return {
    passes: programs[0]!.passes,
    emit(block, out) {
      let inputs = block.inputs;
      for (const program of programs) {
        program.emit({ ...block, inputs }, out);
        inputs = [out.slice()];
      }
    },
  };
}

function renamed(name: string, rename: (path: string) => string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? name : `${rename(name.slice(0, dot))}.${name.slice(dot + 1)}`;
}

/** A resized embedding has other rows than the base's; anything else must be the same. */
const sameButRows = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis] || (axis === 0 && a.length === 2));

function refuseShape(where: string, expected: readonly number[], received: readonly number[]): never {
  throw new AdapterError({
    where,
    expected: `a base tensor of shape ${showShape(expected)}`,
    received: showShape(received),
  });
}

function refuseMissing(missing: readonly string[], shapes: Shapes, where: string): never {
  const paths = [...shapes.keys()]
    .filter((name) => name.endsWith('.weight'))
    .map((name) => name.slice(0, -7));
  const near = missing
    .slice(0, 6)
    .map((path) => `${quote(path)} → ${nearest(path, paths, 1).map(quote).join('') || 'none'}`);
  throw new AdapterError({
    where,
    expected: 'a base with every adapted module',
    received: `one without ${listNames(missing, 40)}`,
    cure: `pass { rename } if they have other names; the nearest are ${near.join(', ')}`,
  });
}
