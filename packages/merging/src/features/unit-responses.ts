import type { LongWorkOptions } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { mean, reshape, type Tensor, tidy } from '@weightloom/tensor-gpu';
import type { ActivationSource } from '../align/activation-matching.js';
import { batchesOf } from '../align/internal/batches-of.js';
import { unitRows } from '../align/internal/unit-rows.js';
import { pacer } from '../internal/pacer.js';

export interface UnitResponsesOptions
  extends LongWorkOptions, Pick<ActivationSource, 'apply' | 'inputs' | 'batchSize'> {
  /** Path of a layer that the model shows to `ctx.tap`; its output is looked at, `[N, C, H, W]` or `[N, …, units]`. */
  readonly layer: string;
}

/** What the units of a layer answer to each example. */
export interface UnitResponses {
  readonly units: number;
  readonly examples: number;
  /** Positions of an example: the pixels of a channel, or 1. */
  readonly positions: number;
  /** `[units, examples · positions]`, row by row. */
  readonly values: Float32Array;
}

/**
 * The outputs of a layer on data, unit by unit.
 *
 * @throws {RangeError} when the model shows no layer of that path; the message names those it shows
 */
export async function unitResponses(
  params: StateDict,
  { apply, layer, inputs, batchSize = 256, onProgress, signal }: UnitResponsesOptions,
): Promise<UnitResponses> {
  const parts: Float32Array[] = [];
  let units = 0;
  const batches = batchesOf('unitResponses', inputs, batchSize);
  const pace = pacer(signal);
  for (const [i, batch] of batches.entries()) {
    await pace();
    const rows = tidy(() => layerOutput('unitResponses', params, batch(), layer, apply));
    units = rows.shape[0]!;
    parts.push((await rows.data()) as Float32Array);
    rows.dispose();
    onProgress?.({ done: i + 1, total: batches.length, label: `unitResponses of ${layer}` });
  }
  const examples = inputs.shape[0]!;
  const width = parts.reduce((sum, part) => sum + part.length, 0) / units;
  const values = new Float32Array(units * width);
  let at = 0;
  for (const part of parts) {
    const own = part.length / units;
    for (let unit = 0; unit < units; unit++)
      values.set(part.subarray(unit * own, (unit + 1) * own), unit * width + at);
    at += own;
  }
  return { units, examples, positions: width / examples, values };
}

/** The output of a layer as `[units, examples · positions]`. */
export function layerOutput(
  where: string,
  params: StateDict,
  x: Tensor,
  layer: string,
  apply: ActivationSource['apply'],
): Tensor {
  let found: Tensor | undefined;
  const seen: string[] = [];
  apply(params, x, {
    tap: (path, _, output) => {
      seen.push(path);
      if (path === layer) found = output;
    },
  });
  if (!found) {
    throw new RangeError(
      `${where}: expected one of the layers ${seen.map((path) => JSON.stringify(path)).join(', ') || '(none is shown to ctx.tap)'}, received ${JSON.stringify(layer)}`,
    );
  }
  return unitRows(found, { axis: found.rank === 4 ? 1 : found.rank - 1, block: 1, parts: 1 });
}

/** The mean over the positions of each example, `[units, examples]`. */
export const exampleMeans = (rows: Tensor, examples: number): Tensor =>
  mean(reshape(rows, [rows.shape[0]!, examples, rows.shape[1]! / examples]), { axis: 2 });
