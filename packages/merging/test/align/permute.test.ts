import { describe, expect, it } from 'vitest';
import { autoSpec, parsePermutationSpec, permute, type PermutationSpec } from '../../src/index.js';
import { dict, numbers } from '../helpers.js';
import { difference, draw, farthest, samples } from './models.js';

const tiny = () =>
  dict({
    'up.weight': [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    'up.bias': [7, 8, 9],
    'down.weight': [[1, 2, 3]],
  });
const spec: PermutationSpec = {
  tensors: { 'up.weight': ['hidden', null], 'up.bias': ['hidden'], 'down.weight': [null, 'hidden'] },
};

describe('permute', () => {
  it('takes the units in the order of the permutation, on every axis of their group', async () => {
    const out = permute(tiny(), spec, { hidden: [2, 0, 1] });
    expect(await numbers(out['up.weight']!)).toEqual([5, 6, 1, 2, 3, 4]);
    expect(await numbers(out['up.bias']!)).toEqual([9, 7, 8]);
    expect(await numbers(out['down.weight']!)).toEqual([3, 1, 2]);
  });

  it('moves blocks whole, in each part of an axis', async () => {
    const params = dict({ qkv: [[0, 1, 2, 3, 4, 5, 6, 7]] });
    const out = permute(
      params,
      { tensors: { qkv: [null, { group: 'heads', block: 2, parts: 2 }] } },
      { heads: [1, 0] },
    );
    expect(await numbers(out.qkv!)).toEqual([2, 3, 0, 1, 6, 7, 4, 5]);
  });

  it('fills in the stars of a pattern on both sides', async () => {
    const params = dict({ 'a.0.w': [1, 2], 'a.1.w': [3, 4] });
    const out = permute(params, { tensors: { 'a.*.w': ['group.*'] } }, { 'group.1': [1, 0] });
    expect([await numbers(out['a.0.w']!), await numbers(out['a.1.w']!)]).toEqual([
      [1, 2],
      [4, 3],
    ]);
  });

  it.each(Object.entries(samples))('changes nothing of what the model %s computes', async (_, make) => {
    const { model, params, inputs, spec, sizes } = make();
    const moved = permute(params, spec, draw(sizes, 4));
    expect(await farthest(params, moved)).toBeGreaterThan(0.01);
    // Sums run in another order: rounding of float32 at outputs of about 1.
    expect(await difference(model.apply(params, inputs), model.apply(moved, inputs))).toBeLessThan(1e-5);
  });

  it('refuses a permutation that is not one', () => {
    const bad = (hidden: number[]) => () => permute(tiny(), spec, { hidden });
    const message = 'expected each of 0 to 2 once as the permutation of group "hidden"';
    expect(bad([0, 1, 1])).toThrow(`permute: ${message}, received 1 at 2`);
    expect(bad([0, 1, 3])).toThrow('received 3 at 2');
    expect(bad([0, NaN, 2])).toThrow('received NaN at 1');
    expect(bad([0, 1])).toThrow('expected a permutation of 3 units for group "hidden", received 2 numbers');
    expect(() => permute(tiny(), spec, { hiden: [0, 1, 2] })).toThrow(
      'expected groups of the spec ("hidden"), received "hiden"',
    );
  });
});

describe('a permutation spec', () => {
  const use = (tensors: PermutationSpec['tensors']) => () => permute(tiny(), { tensors }, {});

  it('is refused when it names a tensor that the model lacks', () => {
    expect(use({ ...spec.tensors, 'side.weight': [null] })).toThrow(
      'permute: the spec names "side.weight", and the model has no such tensor',
    );
  });

  it('is refused when it leaves a tensor out, or names it twice', () => {
    const rest = Object.fromEntries(Object.entries(spec.tensors).filter(([name]) => name !== 'up.bias'));
    expect(use(rest)).toThrow('expected one entry of the spec for "up.bias", received no entry; write null');
    expect(use({ ...rest, 'up.*': ['hidden'], '*.bias': ['hidden'] })).toThrow(
      'received "up.*" and "*.bias"',
    );
  });

  it('is refused when a group has axes of unequal length, naming both', () => {
    expect(use({ ...spec.tensors, 'down.weight': ['hidden', 'other'] })).toThrow(
      /as many units of group "hidden" everywhere, received 1 on axis 0 of "down.weight" and 3 on axis 0 of "up.bias"/,
    );
  });

  it('is refused for another number of axes, blocks that do not fit, and a group on two axes', () => {
    expect(use({ ...spec.tensors, 'up.bias': ['hidden', null] })).toThrow(
      'expected 1 axes in the spec for "up.bias" of shape [3], received 2',
    );
    expect(use({ ...spec.tensors, 'up.bias': [{ group: 'hidden', block: 2 }] })).toThrow(
      'expected axis 0 of "up.bias", of length 3, to divide into blocks of 2',
    );
    expect(() =>
      permute(
        dict({
          w: [
            [1, 2],
            [3, 4],
          ],
        }),
        { tensors: { w: ['g', 'g'] } },
        {},
      ),
    ).toThrow('expected a group on one axis of a tensor, received "g" twice on "w"');
    expect(use({ ...spec.tensors, 'up.bias': [{ group: 'hidden', block: 0 }] })).toThrow(
      'expected null, a group, or',
    );
  });

  it('is read from YAML and from JSON', () => {
    const yaml =
      'tensors:\n  up.*: [hidden, null]\n  x: null\n  y: [{ group: g, block: 4 }]\ntransposed: [c_fc]\n';
    const expected = {
      tensors: { 'up.*': ['hidden', null], x: null, y: [{ group: 'g', block: 4 }] },
      transposed: ['c_fc'],
    };
    expect(parsePermutationSpec(yaml)).toEqual(expected);
    expect(parsePermutationSpec(JSON.stringify(expected))).toEqual(expected);
  });

  it.each([
    ['tensors: [', 'parsePermutationSpec: s.yml: '],
    ['[1]', 'expected a map with "tensors", received [1]'],
    ['tensors: { a: 3 }', 'per axis for "a", received 3'],
    ['tensors: { a: [{ group: g, blok: 3 }] }', 'for "a", received [{"group":"g","blok":3}]'],
    ['tensors: {}\ngroups: {}', 'expected "tensors" and "transposed" alone, received "groups"'],
    ['tensors: {}\ntransposed: yes', 'expected a list of names as "transposed"'],
  ])('is refused as text %j', (text, message) => {
    expect(() => parsePermutationSpec(text, 's.yml')).toThrow(message);
  });
});

describe('autoSpec', () => {
  it('finds the groups of a residual network', () => {
    expect(samples.resnet!().sizes).toEqual({
      stem: 8,
      'layer1.0.inner1': 8,
      'layer1.1.inner1': 8,
      'layer2.0.inner1': 12,
      'layer2.0.stream': 12,
      'layer2.1.inner1': 12,
    });
  });

  it('moves heads of queries with the keys and values they share', () => {
    expect(samples['llama with shared keys']!().sizes['model.layers.0.heads']).toBe(2);
  });

  it('asks for the number of heads', () => {
    expect(() => autoSpec(samples.gpt!().params)).toThrow('expected the number of attention heads');
    expect(() => autoSpec(samples.gpt!().params, { heads: 4, kvHeads: 3 })).toThrow('received 4 and 3');
  });

  it('refuses names and shapes it cannot place, naming them', () => {
    const refuses = (entries: Parameters<typeof dict>[0], message: string) =>
      expect(() => autoSpec(dict(entries))).toThrow(message);
    refuses(
      { 'a.weight': [[1], [2]], 'b.weight': [[1, 2, 3]] },
      'the 2 outputs of the one before, received "b.weight"',
    );
    refuses(
      { 'a.weight': [[1]], 'n.weight': [1], 'n.bias': [1] },
      'group norm binds channels together), received "n.weight"',
    );
    refuses({ 'a.weight': [[1]], scale: [[1, 2]] }, 'received "scale" of shape [1, 2]');
    refuses(
      { 'layer1.0.conv1.weight': [[[[1]]]], 'stem.0.weight': [1] },
      'names of torchvision, received "stem.0.weight"',
    );
    const bare = samples.resnet!().params;
    delete bare['bn1.running_mean'];
    expect(() => autoSpec(bare)).toThrow('received "bn1.weight" of shape [8]; write a permutation spec');
    expect(() => autoSpec({})).toThrow('expected tensors, received none');
  });
});
