import type { AxisSpec, PermutationSpec } from '../permutation-spec.js';
import { refuseName } from './refuse-name.js';
import type { Shapes } from './resolve-spec.js';

const byName = new Intl.Collator('en', { numeric: true });

/** Modules by name, but what extracts features before what classifies them. */
function inOrder(a: string, b: string): number {
  const rank = (path: string) => (/^(classifier|fc|head)/.test(path) ? 1 : 0);
  return rank(a) - rank(b) || byName.compare(a, b);
}

/** The spec of layers in a row: linear layers and convolutions, each followed by its norm. */
export function chainAxes(params: Shapes): PermutationSpec {
  const moduleOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));
  const paths = [...new Set(Object.keys(params).map(moduleOf))].sort(inOrder);
  const isLayer = (path: string) => (params[`${path}.weight`]?.shape.length ?? 0) >= 2;
  const last = paths.filter(isLayer).at(-1);
  const tensors: Record<string, readonly AxisSpec[] | null> = {};
  let group: { readonly name: string | null; readonly size: number } | undefined; // what the layer before gives
  for (const path of paths) {
    if (isLayer(path)) {
      const name = `${path}.weight`;
      const { shape } = params[name]!;
      const [outputs, inputs] = shape as [number, number];
      const input: AxisSpec = group ? inputAxis(name, shape, inputs, group) : null;
      group = { name: path === last ? null : path, size: outputs };
      tensors[name] = [group.name, input, ...shape.slice(2).map(() => null)];
    } else if (isBareNorm(params, path)) {
      const name = `${path}.weight`;
      refuseName(
        name,
        params[name]!.shape,
        'batch norm with its running statistics (group norm binds channels together)',
      );
    }
    for (const name of Object.keys(params).filter(
      (other) => moduleOf(other) === path && !(other in tensors),
    )) {
      tensors[name] = vectorAxes(name, params[name]!.shape, group);
    }
  }
  return { tensors };
}

const isBareNorm = (params: Shapes, path: string): boolean =>
  `${path}.weight` in params && !(`${path}.running_mean` in params);

function inputAxis(
  name: string,
  shape: readonly number[],
  inputs: number,
  { name: group, size }: { readonly name: string | null; readonly size: number },
): AxisSpec {
  if (inputs === size) return group;
  const block = inputs / size;
  // Pixels of a channel lie together once images are flattened.
  if (shape.length === 2 && Number.isInteger(block) && group !== null) return { group, block };
  return refuseName(name, shape, `a layer that takes the ${size} outputs of the one before`);
}

function vectorAxes(
  name: string,
  shape: readonly number[],
  group: { readonly name: string | null; readonly size: number } | undefined,
): readonly AxisSpec[] | null {
  if (shape.length === 0 || name.endsWith('num_batches_tracked')) return null;
  if (shape.length === 1 && group?.size === shape[0]) return [group.name];
  return refuseName(name, shape, 'weights, biases and batch norm of layers in a row');
}
