import type { RawStateDict, RawTensor } from '@weightloom/checkpoint';
import type { LoraAdapter, LoraLayer } from '../format/lora-adapter.js';
import { configFor } from '../internal/build-config.js';
import { AdapterError } from '../adapter-error.js';
import type { LoraConfigOptions } from '../format/lora-config.js';

/** What a conversion did with every tensor. */
export interface ConversionReport {
  /** Name in the source, name in the result. */
  readonly mapped: readonly (readonly [from: string, to: string])[];
  /** What has no place in the other format, and why. Nothing is dropped that is not named here. */
  readonly left: readonly { readonly name: string; readonly reason: string }[];
}

/** Adapters of the parts of a pipeline, by the name the part has in diffusers: `unet`, `text_encoder`, `transformer`, … */
export type PipelineAdapters = Readonly<Record<string, LoraAdapter>>;

export interface FromConversion {
  readonly adapters: PipelineAdapters;
  readonly report: ConversionReport;
}

export interface ToConversion {
  readonly tensors: RawStateDict;
  /** For the metadata of the safetensors file. */
  readonly metadata: Record<string, string>;
  readonly report: ConversionReport;
}

/** A layer found in another format. */
export interface FoundLayer {
  readonly path: string;
  readonly layer: LoraLayer;
  readonly alpha: number;
}

/** An adapter of the layers found, with one configuration for all of them. */
export function adapterOf(
  found: readonly FoundLayer[],
  where: string,
  options: Pick<LoraConfigOptions, 'fanInFanOut' | 'loraDropout'> = {},
): LoraAdapter {
  const withMagnitude = found.filter(({ layer }) => layer.magnitude).length;
  if (withMagnitude > 0 && withMagnitude < found.length) {
    throw new AdapterError({
      where,
      expected: 'a magnitude for every module or for none: PEFT has one setting for all',
      received: `${withMagnitude} of ${found.length}`,
      cure: 'merge the adapter instead',
    });
  }
  const settings = found.map(({ path, layer, alpha }) => ({ path, rank: layer.a.shape[0]!, alpha }));
  const useDora = withMagnitude > 0;
  return {
    config: configFor(settings, { ...options, useDora }),
    layers: new Map(found.map(({ path, layer }) => [path, layer])),
    saved: new Map(),
    tokens: new Map(),
    warnings: [],
  };
}

/** Collects what a conversion did. */
export class Ledger implements ConversionReport {
  readonly mapped: (readonly [string, string])[] = [];
  readonly left: { name: string; reason: string }[] = [];

  map(from: string, to: string): void {
    this.mapped.push([from, to]);
  }

  leave(name: string, reason: string): void {
    this.left.push({ name, reason });
  }
}

/** Whole modules, tokens and biases: parts of a PEFT adapter that other formats have no place for. */
export function leaveExtras({ saved, tokens, layers }: LoraAdapter, ledger: Ledger, format: string): void {
  for (const name of saved.keys()) ledger.leave(name, `${format} stores no whole modules`);
  for (const path of tokens.keys()) ledger.leave(path, `${format} stores no trained tokens`);
  for (const [path, { bias }] of layers)
    if (bias) ledger.leave(`${path}.lora_B.bias`, `${format} stores no bias of lora_B`);
}

/** The single number of a scalar tensor. */
export const isScalar = ({ shape }: RawTensor): boolean => shape.every((size) => size === 1);
