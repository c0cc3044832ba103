import { describe, expect, it } from 'vitest';
import { findLayers, layerOf, nameInLayer } from '../../src/recipe/find-layers.js';

describe('findLayers', () => {
  it('finds stacks whose numbers run from 0', () => {
    const names = [
      'embed.weight',
      ...[0, 1, 2].flatMap((i) => [`model.layers.${i}.a`, `model.layers.${i}.mlp.3.b`]),
    ];
    expect(findLayers(names)).toEqual([{ prefix: 'model.layers', count: 3 }]);
  });

  it('finds several stacks, the deepest first, and one without a prefix', () => {
    expect(findLayers(['e.0.w', 'e.1.w', 'd.0.w', '0.w', '1.w', '2.w'])).toEqual([
      { prefix: '', count: 3 },
      { prefix: 'e', count: 2 },
      { prefix: 'd', count: 1 },
    ]);
  });

  it('takes numbers with a gap, and numbers at the end, for names', () => {
    expect(findLayers(['a.1.w', 'a.2.w', 'b.0', 'c.007.w'])).toEqual([]);
  });
});

describe('layerOf', () => {
  it('tells stack, number and the rest of a name', () => {
    const stacks = findLayers(['h.0.attn.w', 'h.1.attn.w']);
    const position = layerOf('h.1.attn.w', stacks)!;
    expect(position).toMatchObject({ index: 1, rest: 'attn.w' });
    expect(nameInLayer(position.stack, 7, position.rest)).toBe('h.7.attn.w');
    expect(layerOf('wte.weight', stacks)).toBe(undefined);
    expect(layerOf('h.2.attn.w', stacks)).toBe(undefined);
  });
});
