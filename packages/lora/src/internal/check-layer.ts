import type { RawTensor } from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import type { LoraLayer } from '../format/lora-adapter.js';
import type { LoraConfig } from '../format/lora-config.js';
import { showShape } from './text.js';

interface Context {
  readonly rank: number;
  readonly config: Pick<LoraConfig, 'useDora' | 'loraBias'>;
  readonly where: string;
}

/** Checks the shapes of a layer's factors against one another and against its configuration. */
export function checkLayer(
  { kind, a, b, bias, magnitude }: LoraLayer,
  { rank, config, where }: Context,
): void {
  const refuse = (what: string, expected: string, received: string): never => {
    throw new AdapterError({ where: `${where}: ${what}`, expected, received });
  };
  for (const [what, tensor] of Object.entries({ lora_A: a, lora_B: b, bias, magnitude })) {
    if (tensor && !/^B?F\d/.test(tensor.dtype)) refuse(what, 'a floating dtype', tensor.dtype);
    if (tensor?.shape.includes(0)) refuse(what, 'a shape without zeros', showShape(tensor.shape));
  }
  const axes = kind === 'conv' ? '[r, in, k…]' : kind === 'embedding' ? '[r, rows]' : '[r, in]';
  const rightRank = kind === 'conv' ? a.shape.length >= 3 && a.shape.length <= 5 : a.shape.length === 2;
  if (!rightRank) refuse('lora_A', `shape ${axes}`, showShape(a.shape));
  if (a.shape[0] !== rank) {
    refuse(
      'lora_A',
      `rank ${rank}, as r and rank_pattern say`,
      `${a.shape[0]} in shape ${showShape(a.shape)}`,
    );
  }
  if (!fits(kind, rank, b, a.shape.length)) {
    const expected =
      kind === 'conv' ? `shape [out, r / groups, 1…] with r = ${rank}` : `shape [out, ${rank}]`;
    refuse('lora_B', expected, showShape(b.shape));
  }
  const out = b.shape[0]!;
  checkExtra('bias of lora_B', config.loraBias, 'lora_bias', bias, [[out]]);
  const magnitudes =
    kind === 'conv' ? [[1, out, ...a.shape.slice(2).map(() => 1)]] : [[out], [out, 1], [1, out]];
  checkExtra('lora_magnitude_vector', config.useDora, 'use_dora', magnitude, magnitudes);

  function checkExtra(
    what: string,
    asked: boolean,
    key: string,
    tensor: RawTensor | undefined,
    shapes: readonly (readonly number[])[],
  ): void {
    if (!asked && tensor) refuse(what, `none, as ${key} is false`, `shape ${showShape(tensor.shape)}`);
    if (asked && !tensor) refuse(what, `one, as ${key} is true`, 'none');
    if (tensor && !shapes.some((shape) => showShape(shape) === showShape(tensor.shape))) {
      refuse(what, `shape ${showShape(shapes[0]!)}`, showShape(tensor.shape));
    }
  }
}

function fits(kind: LoraLayer['kind'], rank: number, { shape }: RawTensor, axes: number): boolean {
  if (shape.length !== axes) return false;
  if (kind !== 'conv') return shape[1] === rank;
  return rank % shape[1]! === 0 && shape.slice(2).every((size) => size === 1);
}

/** Into how many groups a convolution's `lora_B` splits its channels. */
export const groupsOf = ({ kind, a, b }: LoraLayer): number =>
  kind === 'conv' ? a.shape[0]! / b.shape[1]! : 1;
