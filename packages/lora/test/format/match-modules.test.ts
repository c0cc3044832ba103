import { describe, expect, it } from 'vitest';
import { loraConfig, type LoraConfigOptions, matchModules } from '../../src/index.js';
import { patternLookup } from '../../src/format/match-modules.js';

const paths = [
  'model.embed_tokens',
  'model.layers.0.self_attn.q_proj',
  'model.layers.0.self_attn.v_proj',
  'model.layers.0.mlp.experts.1.up_proj',
  'model.layers.1.self_attn.q_proj',
  'model.layers.11.self_attn.q_proj',
  'lm_head',
];
const match = (options: LoraConfigOptions, modules: Parameters<typeof matchModules>[1] = paths) =>
  matchModules(loraConfig(options), modules);

describe('matchModules', () => {
  it('takes names and ends of names at a dot', () => {
    expect(match({ targetModules: ['q_proj', 'lm_head'] })).toEqual([
      paths[1],
      paths[4],
      paths[5],
      'lm_head',
    ]);
    expect(() => match({ targetModules: ['proj'] })).toThrow(
      'expected a module that matches ["proj"], received none among 7 modules',
    );
  });

  it('matches a regular expression against the whole path', () => {
    expect(match({ targetModules: String.raw`.*\.[qv]_proj` })).toHaveLength(4);
    expect(() => match({ targetModules: 'q_proj' })).toThrow('the nearest are');
  });

  it('lets exclusions win, as a list or as an expression', () => {
    expect(match({ targetModules: ['q_proj'], excludeModules: ['layers.1.self_attn.q_proj'] })).toEqual([
      paths[1],
      paths[5],
    ]);
    expect(match({ targetModules: ['q_proj'], excludeModules: String.raw`.*\.1\..*` })).toEqual([
      paths[1],
      paths[5],
    ]);
  });

  it('leaves modules that are saved whole, and what is inside them', () => {
    expect(match({ targetModules: ['q_proj', 'lm_head'], modulesToSave: ['lm_head', 'layers.0'] })).toEqual([
      paths[4],
      paths[5],
    ]);
  });

  it('filters by the first number in a path, unless the path is named exactly', () => {
    expect(match({ targetModules: ['q_proj', 'up_proj'], layersToTransform: [1] })).toEqual([paths[4]]);
    expect(match({ targetModules: ['up_proj', paths[1]!], layersToTransform: 0 })).toEqual([
      paths[1],
      paths[3],
    ]);
    expect(match({ targetModules: ['up_proj'], layersToTransform: [1], layersPattern: 'experts' })).toEqual([
      paths[3],
    ]);
    expect(() =>
      match({
        targetModules: ['lm_head', 'x'],
        layersToTransform: [7],
        layersPattern: ['h'],
        excludeModules: ['lm_head'],
      }),
    ).toThrow();
  });

  it('takes every linear layer but the head for "all-linear", in any case of letters', () => {
    const modules = [
      { path: 'embed', kind: 'embedding' as const },
      { path: 'layers.0', kind: 'linear' as const },
      { path: 'c_attn', kind: 'conv1d' as const },
      { path: 'conv', kind: 'conv' as const },
      { path: 'lm_head', kind: 'linear' as const },
      { path: 'score', kind: 'linear' as const },
    ];
    expect(match({ targetModules: 'All-Linear' }, modules)).toEqual(['layers.0', 'c_attn', 'score']);
    expect(match({ targetModules: 'all-linear', taskType: 'SEQ_CLS' }, modules)).toEqual([
      'layers.0',
      'c_attn',
      'lm_head',
    ]);
  });

  it('names the nearest paths when nothing matches', () => {
    expect(() => match({ targetModules: ['model.layers.0.attn.q_proj'] })).toThrow(
      'the nearest are "model.layers.0.self_attn.q_proj"',
    );
  });

  // Each verified with Python 3.11: bool(re.fullmatch(pattern, path)).
  it.each([
    [String.raw`(?i)MODEL\.LAYERS\.(?P<i>\d+)\..*`, 5],
    [String.raw`model\.layers\.(?P<i>\d)(?P=i)\..*`, 1],
    [String.raw`\A.*[.](?:q|v)_proj\Z`, 4],
    ['(?#note)lm_head', 1],
    ['lm[]_]head', 1],
    [String.raw`.*\-.*|lm_head`, 1],
  ])('understands the Python expression %s', (pattern, count) => {
    expect(match({ targetModules: pattern })).toHaveLength(count);
  });

  it.each([
    ['(?x) a b', 'the flag (?x)'],
    ['a(?i)b', 'the group (?i)'],
    ['a++', 'the possessive quantifier ++'],
    ['(?>a)', 'the group (?>a)'],
    ['(a)?(?(1)b|c)', 'the group (?(1)'],
    [String.raw`\N{BULLET}`, String.raw`the escape \N`],
    ['[a', 'a set without an end'],
    ['(a', 'Invalid regular expression'],
  ])('refuses %s, which JavaScript cannot express', (pattern, received) => {
    const message = `received ${received}`;
    expect(() => match({ targetModules: pattern })).toThrow(message);
  });
});

describe('patternLookup', () => {
  it('lets the first pattern decide, matched from the start of the path to its end', () => {
    const lookup = patternLookup({ 'layers.0.q': 4, '.*q': 2, '^v': 7 }, 'rank_pattern');
    expect(lookup('model.layers.0.q')).toBe(4);
    expect(lookup('model.layers.1.q')).toBe(2);
    expect(lookup('v')).toBe(7);
    expect(lookup('model.v')).toBeUndefined();
    expect(lookup('layers.0.q_proj')).toBeUndefined();
    expect(lookup('layersX0Xq')).toBe(4); // a dot in a pattern stands for any character, as in PEFT
  });
});
