import { AdapterError } from '../adapter-error.js';
import type { LoraAdapter, LoraLayer } from '../format/lora-adapter.js';
import { changesBase } from '../internal/changes-base.js';
import { loraFactors } from '../internal/lora-factors.js';
import { layerOf } from '../internal/layer-of.js';
import { type Matrix, matrix } from '../internal/multiply.js';
import { quote } from '../internal/text.js';

/**
 * Turns an adapter whose start changed the base (PiSSA, OLoRA) into one for the original base:
 * `A' = [A; A₀]`, `B' = [B, -B₀]`, rank and `α` doubled (`α · √2` with rank-stabilised scaling).
 *
 * @param adapter - after training
 * @param initial - the same adapter before its first step
 * @throws {AdapterError} when the two do not belong together, and for rank-stabilised scaling together with patterns
 */
export function toOriginalBase(adapter: LoraAdapter, initial: LoraAdapter): LoraAdapter {
  const where = 'toOriginalBase';
  const { config } = adapter;
  const patterns = Object.keys(config.rankPattern).length + Object.keys(config.alphaPattern).length > 0;
  const refuse = (expected: string, received: string): never => {
    throw new AdapterError({ where, expected, received });
  };
  if (!changesBase(config))
    refuse(
      'an adapter whose start changed the base',
      `init_lora_weights ${JSON.stringify(config.initLoraWeights)}`,
    );
  if (config.initLoraWeights === 'loftq')
    refuse('a start that can be undone', '"loftq", which rounds the base');
  if (config.useRslora && patterns) refuse('no patterns with rank-stabilised scaling', 'both');
  if (config.useDora) refuse('an adapter whose update is a sum', 'DoRA');
  const layers = new Map<string, LoraLayer>();
  for (const [path, layer] of adapter.layers) {
    const at = `${where}: ${quote(path)}`;
    const other = initial.layers.get(path);
    if (!other)
      throw new AdapterError({ where: at, expected: 'the module in the initial adapter', received: 'none' });
    const [now, then] = [loraFactors(layer, at), loraFactors(other, at)];
    if (now.a.values.length !== then.a.values.length || now.b.values.length !== then.b.values.length) {
      throw new AdapterError({
        where: at,
        expected: 'factors of one shape in both',
        received: 'other shapes',
      });
    }
    const factors = { a: below(now.a, then.a), b: beside(now.b, then.b) };
    layers.set(path, { ...layerOf(layer, factors, at, layer.a.dtype), bias: layer.bias });
  }
  const doubled = (pattern: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.entries(pattern).map(([key, value]) => [key, 2 * value]));
  return {
    ...adapter,
    layers,
    config: {
      ...config,
      r: 2 * config.r,
      loraAlpha: (config.useRslora ? Math.SQRT2 : 2) * config.loraAlpha,
      rankPattern: doubled(config.rankPattern),
      alphaPattern: doubled(config.alphaPattern),
      initLoraWeights: true,
    },
  };
}

function below(a: Matrix, other: Matrix): Matrix {
  const values = new Float32Array(2 * a.values.length);
  values.set(a.values);
  values.set(other.values, a.values.length);
  return matrix(values, 2 * a.rows, a.columns);
}

function beside(b: Matrix, other: Matrix): Matrix {
  const r = b.columns;
  const values = new Float32Array(2 * b.values.length);
  for (let i = 0; i < b.rows; i++) {
    values.set(b.values.subarray(i * r, (i + 1) * r), 2 * i * r);
    values.set(
      other.values.subarray(i * r, (i + 1) * r).map((value) => -value),
      (2 * i + 1) * r,
    );
  }
  return matrix(values, b.rows, 2 * r);
}
