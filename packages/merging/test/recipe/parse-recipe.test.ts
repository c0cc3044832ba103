import { describe, expect, it } from 'vitest';
import { parseRecipe, RecipeError } from '../../src/index.js';

const parse = (text: string) => parseRecipe(text, { label: 'r.yml' })[0]!;
const refusal = (text: string): string => {
  try {
    parse(text);
  } catch (error) {
    expect(RecipeError.isInstance(error)).toBe(true);
    return (error as Error).message;
  }
  throw new Error('the recipe was accepted');
};

describe('parseRecipe', () => {
  it('reads models with parameters, and defaults', () => {
    const recipe = parse(`
merge_method: ties
base_model: org/base@v1
models:
  - model: org/a
    parameters:
      weight: 0.5
      density: [0.2, 0.8]
  - model: { model: { path: org/b, revision: main }, lora: org/lora, override_architecture: LlamaForCausalLM }
    parameters:
      weight:
        - filter: mlp
          value: [0, 1]
        - value: 0.3
parameters: { normalize: yes }
dtype: torch.bfloat16
out_dtype: float16
chat_template: auto
tokenizer_source: union
`);
    expect(recipe.method).toBe('ties');
    expect(recipe.base).toEqual({ path: 'org/base', revision: 'v1' });
    expect([recipe.dtype, recipe.outDtype, recipe.chatTemplate]).toEqual(['BF16', 'F16', 'auto']);
    expect(recipe.tokenizer).toMatchObject({ source: 'union', tokens: new Map() });
    expect(recipe.parameters.get('normalize')).toEqual({ kind: 'plain', value: true });
    const [first, second] = recipe.body.kind === 'models' ? recipe.body.models : [];
    expect(first!.parameters.get('density')).toEqual({ kind: 'plain', value: [0.2, 0.8] });
    expect(second!.model).toEqual({
      path: 'org/b',
      revision: 'main',
      adapter: { path: 'org/lora' },
      architecture: 'LlamaForCausalLM',
    });
    expect(second!.parameters.get('weight')).toEqual({
      kind: 'filtered',
      values: [
        { filter: 'mlp', value: [0, 1] },
        { filter: undefined, value: 0.3 },
      ],
    });
  });

  it('reads slices, with a base of their own and a residual weight that means nothing', () => {
    const { body } = parse(`
merge_method: slerp
base_model: a
slices:
  - sources:
      - { model: a, layer_range: [0, 16] }
      - { model: b, layer_range: [8, 24] }
    base_model: b
    residual_weight: 0.5
    parameters: { t: 0.5 }
`);
    const [slice] = body.kind === 'slices' ? body.slices : [];
    expect(slice!.base).toEqual({ path: 'b' });
    expect(slice!.sources.map(({ layerRange }) => layerRange)).toEqual([
      [0, 16],
      [8, 24],
    ]);
    expect(slice!.parameters.get('t')).toEqual({ kind: 'plain', value: 0.5 });
  });

  it('reads modules', () => {
    const { body } = parse(`
merge_method: linear
base_model: a
modules:
  text_decoder:
    models:
      - { model: a, parameters: { weight: 1 } }
  vision_tower:
    slices:
      - sources: [{ model: a, layer_range: [0, 2] }]
`);
    expect(body.kind === 'modules' && body.modules.map(({ name, body: { kind } }) => [name, kind])).toEqual([
      ['text_decoder', 'models'],
      ['vision_tower', 'slices'],
    ]);
  });

  it('reads what is said of tokens', () => {
    const { tokenizer } = parse(`
merge_method: linear
models: [{ model: a }]
tokenizer:
  source: base
  pad_to_multiple_of: 64
  tokens:
    <|a|>: { source: b, force: true }
    <|b|>: { source: { kind: zero } }
    <|c|>: { source: { kind: model_token, model: b, token: x } }
    <|d|>: { source: { kind: model_token, model: b, token_id: 7 } }
`);
    expect(tokenizer).toMatchObject({ source: 'base', padToMultipleOf: 64 });
    expect([...tokenizer!.tokens.values()].map(({ source, force }) => ({ source, force }))).toEqual([
      { source: { kind: 'model', model: { path: 'b' } }, force: true },
      { source: { kind: 'zero' }, force: false },
      { source: { kind: 'model_token', model: { path: 'b' }, token: 'x', tokenId: undefined }, force: false },
      { source: { kind: 'model_token', model: { path: 'b' }, token: undefined, tokenId: 7 }, force: false },
    ]);
    const source = (text: string) =>
      parse(`merge_method: linear\nmodels: [{ model: a }]\n${text}`).tokenizer!.source;
    expect(source('tokenizer_source: org/c@v2')).toEqual({ path: 'org/c', revision: 'v2' });
    expect(source('tokenizer: { source: { model: org/c } }')).toEqual({
      path: 'org/c',
      adapter: undefined,
      architecture: undefined,
    });
    expect(source('tokenizer_source: "model:org/c"')).toEqual({ path: 'org/c' });
    expect(source('tokenizer: {}')).toBe('union');
  });

  it('follows anchors and merges mappings, as Python does', () => {
    const { body } = parse(`
merge_method: linear
models:
  - &first
    model: a
    parameters: &half { weight: 0.5 }
  - <<: *first
    model: b
  - model: c
    parameters: *half
`);
    const inputs = body.kind === 'models' ? body.models : [];
    expect(inputs.map(({ model }) => model.path)).toEqual(['a', 'b', 'c']);
    for (const { parameters } of inputs)
      expect(parameters.get('weight')).toEqual({ kind: 'plain', value: 0.5 });
  });

  it('takes numbers in quotes for numbers, also in gradients and layer ranges', () => {
    const { body } = parse(`
merge_method: linear
slices:
  - sources:
      - { model: a, layer_range: ["0", "2"], parameters: { weight: "1.5" } }
      - { model: b, layer_range: [0, 2], parameters: { weight: ["-2e-1", .5, 1e-5, 1.] } }
      - { model: c, layer_range: [0, 2], parameters: { weight: [{ filter: mlp, value: ".25" }] } }
`);
    const sources = body.kind === 'slices' ? body.slices[0]!.sources : [];
    expect(sources[0]!.layerRange).toEqual([0, 2]);
    expect(sources.map(({ parameters }) => parameters.get('weight'))).toEqual([
      { kind: 'plain', value: 1.5 },
      { kind: 'plain', value: [-0.2, 0.5, 1e-5, 1] },
      { kind: 'filtered', values: [{ filter: 'mlp', value: 0.25 }] },
    ]);
  });

  it('takes keys as they are written, and y and n for text, as Python does', () => {
    const { tokenizer, body } = parse(`
merge_method: linear
models: [{ model: y, parameters: { weight: 1 } }]
tokenizer:
  tokens: { y: { force: yes }, yes: {}, 1.0: {}, 0x10: {}, null: {} }
`);
    expect([...tokenizer!.tokens.keys()]).toEqual(['y', 'yes', '1.0', '0x10', 'null']);
    expect(tokenizer!.tokens.get('y')!.force).toBe(true);
    expect(body.kind === 'models' && body.models[0]!.model.path).toBe('y');
  });

  it.each([
    ['Windows line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
    ['marks of a document', (text: string) => `---\n${text}...\n`],
    ['comments and empty documents around it', (text: string) => `# one\n---\n${text}---\n`],
    ['tabs between tokens', (text: string) => text.replaceAll(': ', ':\t')],
    ['keys without values', (text: string) => `${text}base_model:\ndtype: ~\nparameters:\n`],
  ])('reads a recipe with %s', (_, change) => {
    const text = 'merge_method: linear\nmodels:\n  - model: a\n    parameters: { weight: 1 }\n';
    const [expected, recipe] = [parse(text), parse(change(text))];
    expect(recipe.body).toMatchObject({ kind: 'models', models: [{ model: { path: 'a' } }] });
    expect(recipe).toMatchObject({ method: expected.method, base: undefined, dtype: undefined });
  });

  it('reads a recipe that is JSON', () => {
    const json = JSON.stringify({ merge_method: 'slerp', models: [{ model: 'a' }], parameters: { t: 0.5 } });
    expect(parse(json).parameters.get('t')).toEqual({ kind: 'plain', value: 0.5 });
  });

  it('reads several documents, and keeps the text of each', () => {
    const recipes = parseRecipe(`name: one
merge_method: linear
models: [{ model: a }]
---
merge_method: linear
models: [{ model: one }]
`);
    expect(recipes.map(({ name }) => name)).toEqual(['one', undefined]);
    expect(recipes[1]!.source).toContain('model: one');
    expect(recipes[1]!.source).not.toContain('name:');
  });

  it('names file, line and column of a misspelt key, and the nearest there is', () => {
    expect(refusal('merge_method: linear\nmodels:\n  - modell: a\n')).toBe(
      'r.yml:3:5: models[0].modell: expected one of the keys model, parameters, received "modell"; did you mean "model"?',
    );
    expect(refusal('merge_method: linear\nmodels: [{ model: a }]\nparameters: { normalise: true }')).toBe(
      'r.yml:3:15: parameters.normalise: expected a parameter of some method, received "normalise"; did you mean "normalize"?',
    );
  });

  it('suggests a method', () => {
    expect(refusal('merge_method: dare-ties\nmodels: [{ model: a }]')).toBe(
      'r.yml:1:15: merge_method: expected a known merge_method, received "dare-ties"; did you mean "dare_ties"?',
    );
  });

  it.each([
    ['', 'r.yml: expected a recipe, received an empty file'],
    ['- a', 'r.yml:1:1: expected a mapping, received a list'],
    ['models: [{ model: a }]', 'expected a merge_method, received none'],
    ['merge_method: linear', 'expected exactly one of models, slices, modules, received none of them'],
    ['merge_method: linear\nmodels: []', 'expected at least one model, received an empty list'],
    ['merge_method: linear\nmodels: [{ model: a }]\nslices: []', 'received models and slices'],
    ['merge_method: linear\nmodels: [{ parameters: {} }]', 'models[0]: expected a model, received none'],
    [
      'merge_method: linear\nmodels: [{ model: a+b+c }]',
      'expected a model as path[@revision][+adapter[@revision]], received "a+b+c"',
    ],
    ['merge_method: linear\nmodels: [{ model: a@b@c }]', 'received "a@b@c"'],
    [
      'merge_method: linear\nmodels: [{ model: a }]\ndtype: float8',
      'expected one of bfloat16, float16, float32, received "float8"',
    ],
    ['merge_method: linear\nmodels: [{ model: a }]\ndtype: int64', 'whole numbers are copied, never merged'],
    [
      'merge_method: linear\nmodels: [{ model: a }]\ntokenizer: {}\ntokenizer_source: base',
      'expected either tokenizer or tokenizer_source, received both',
    ],
    [
      'merge_method: linear\nmodels: [{ model: a, parameters: { weight: [] } }]',
      'expected at least one value, received an empty list',
    ],
    [
      'merge_method: linear\nmodels: [{ model: a, parameters: { weight: .inf } }]',
      'expected a finite number, received Infinity',
    ],
    [
      'merge_method: linear\nmodels: [{ model: a, parameters: { weight: [{ value: 1 }, 2] } }]',
      'expected a mapping with filter and value, as the others, received 2',
    ],
    [
      'merge_method: linear\nslices: [{ sources: [{ model: a, layer_range: [4, 4] }] }]',
      'expected two whole numbers [start, end) with start < end, received [4, 4]',
    ],
    [
      'merge_method: linear\nslices: [{ sources: [{ model: a, layer_range: [0, 4] }, { model: b, layer_range: [0, 3] }] }]',
      'expected as many layers as the first source of the slice, 4, received 3',
    ],
    [
      'merge_method: linear\nmodels: [{ model: a }]\nmodels: [{ model: a }]',
      'expected valid YAML, received Map keys must be unique',
    ],
    ['merge_method: linear\nmodels: [', 'r.yml:2:10: expected valid YAML'],
    ['merge_method: linear\nmodels:\n\t- model: a', 'r.yml:3:1: expected valid YAML, received Tabs'],
    [
      'merge_method: linear\nmodels: [{ model: a, parameters: *half }]',
      'r.yml:2:34: expected an anchor &half before, in the same document, received *half without it',
    ],
    [
      'merge_method: linear\nmodels: &all [{ model: a, parameters: { weight: *all } }]',
      'expected one of the keys filter, value',
    ],
    ['merge_method: linear\nmodels: { model: a }', 'r.yml:2:9: models: expected a list, received a mapping'],
    [
      'merge_method: linear\nmodels: [{ model: a }]\n---\nmerge_method: linear\nmodels: [{ model: a }]',
      'expected a name, for others to use it by, received none',
    ],
  ])('refuses %j', (text, message) => {
    expect(refusal(text)).toContain(message);
  });
});
