import type { LoraAdapter, LoraLayer } from '../format/lora-adapter.js';
import { AdapterError } from '../adapter-error.js';
import { orientationOf, orientedFactors } from './lora-factors.js';
import { finiteValues } from './values.js';
import { addProduct, decompose, productRows, scaledBy, type WeightEdit } from './weight-edits.js';

/** What a LoRA layer does to the weight of the base. */
export function loraWeightEdit(
  layer: LoraLayer,
  context: {
    readonly shape: readonly number[];
    readonly scaling: number;
    readonly config: LoraAdapter['config'];
    readonly fanInFanOut: boolean;
    readonly where: string;
  },
): WeightEdit {
  const { shape, scaling, fanInFanOut, where } = context;
  const orientation = orientationOf(layer, shape, fanInFanOut, where);
  const { left, right } = orientedFactors(layer, orientation, where);
  if (!layer.magnitude) return addProduct(left, right, scaling);
  const magnitude = finiteValues(layer.magnitude, `${where}: lora_magnitude_vector`);
  return decompose(
    productRows(left, scaledBy(right, scaling)),
    magnitude,
    orientation === 'straight' ? 'row' : 'column',
  );
}

/**
 * Whether square weights of an adapter are stored `[in, out]`: what its configuration says, unless its other layers show that
 * PEFT has noted it for another layer (it keeps one setting, that of the last layer it met).
 *
 * @throws {AdapterError} when only the caller can tell
 */
export function squareOrientation(
  adapter: LoraAdapter,
  shapeOf: (path: string) => readonly number[] | undefined,
  where: string,
): (path: string) => boolean {
  const seen = { straight: 0, transposed: 0 };
  for (const [path, layer] of adapter.layers) {
    const shape = shapeOf(path);
    const [out, width] = [layer.b.shape[0]!, layer.a.shape[1]!];
    if (layer.kind !== 'linear' || shape?.length !== 2 || out === width) continue;
    seen[shape[0] === out ? 'straight' : 'transposed']++;
  }
  const { fanInFanOut } = adapter.config;
  const contradicted = fanInFanOut ? seen.straight : seen.transposed;
  if (contradicted === 0) return () => fanInFanOut;
  return (path) => {
    throw new AdapterError({
      where: `${where}: ${JSON.stringify(path)}`,
      expected: 'to know how this square weight is stored',
      received: `fan_in_fan_out ${fanInFanOut}, which ${contradicted} other layers contradict`,
      cure: 'pass fanInFanOut: (path) => whether it is stored [in, out], as the Conv1D of GPT-2 is',
    });
  };
}
