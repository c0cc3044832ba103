import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  evolveRecipe,
  type EvolveRecipeOptions,
  fillRecipe,
  linear,
  parseEvolution,
} from '../../src/index.js';
import { dict, digest, numbers } from '../helpers.js';

const models = {
  base: dict({ 'layers.0.w': [0, 0, 0], 'layers.1.w': [0, 0] }),
  chat: dict({ 'layers.0.w': [1, 0, 2], 'layers.1.w': [1, -1] }),
  code: dict({ 'layers.0.w': [0, 1, -1], 'layers.1.w': [0.5, 1] }),
};
const options: EvolveRecipeOptions = {
  recipe: `
merge_method: task_arithmetic
base_model: base
models:
  - model: chat
    parameters: { weight: $chat }
  - model: code
    parameters: { weight: $code }
`,
  parameters: { chat: { low: 0, high: 1 }, code: { low: 0, high: 1, start: 0.1 } },
  models,
  // Best at 0.3 chat + 0.8 code: the second and the first number of the first layer.
  evaluate: async (params) => {
    const [chat, code] = await numbers(params['layers.0.w']!);
    return -((chat! - 0.3) ** 2) - (code! - 0.8) ** 2;
  },
  key: key(2),
  generations: 40,
};

describe('evolveRecipe', () => {
  it('recovers weights that were planted, and gives the model and its recipe', async () => {
    const { best, params, recipe } = await evolveRecipe(options);
    expect(best.values.chat).toBeCloseTo(0.3, 2);
    expect(best.values.code).toBeCloseTo(0.8, 2);
    expect(recipe).toContain(`weight: ${String(best.values.chat)}`);
    expect(recipe).not.toContain('$');
    const expected = await linear([models.chat, models.code], {
      weights: [Number(best.values.chat), Number(best.values.code)],
      normalize: false,
    });
    expect(await digest(params)).toEqual(await digest(expected));
  });

  it('evolves gradients over layers, and choices', async () => {
    const { best } = await evolveRecipe({
      ...options,
      recipe: `
merge_method: $method
base_model: base
models:
  - { model: chat, parameters: { weight: $layers } }
`,
      parameters: {
        layers: { low: 0, high: 1, count: 2 },
        method: { choices: ['task_arithmetic', 'ties'] },
      },
      evaluate: async (params, { values }) => {
        const first = (await numbers(params['layers.0.w']!))[0]!;
        const last = (await numbers(params['layers.1.w']!))[0]!;
        return -((first - 0.9) ** 2) - (last - 0.1) ** 2 - (values.method === 'ties' ? 1 : 0);
      },
    });
    expect((best.values.layers as number[])[0]).toBeCloseTo(0.9, 1);
    expect((best.values.layers as number[])[1]).toBeCloseTo(0.1, 1);
    expect(best.values.method).toBe('task_arithmetic');
  });

  it('refuses what does not fit, in one sentence', async () => {
    const attempt = (changed: Partial<EvolveRecipeOptions>) =>
      expect(evolveRecipe({ ...options, ...changed })).rejects;
    await attempt({ evaluate: () => NaN }).toThrow(
      'evolve: expected a number as the score of {"chat":0.5,"code":0.1}, received NaN',
    );
    await attempt({ models: undefined }).toThrow(
      'evolveRecipe: expected either models or open, received neither',
    );
    await attempt({ models: { base: models.base, chat: models.chat } }).toThrow(
      'code: expected one of the models base, chat, received another name',
    );
    await attempt({ parameters: { chat: { low: 0, high: 1 } } }).toThrow(
      'recipe: expected names that are parameters, received $code; there are chat',
    );
    await attempt({ parameters: { ...options.parameters, extra: { low: 0, high: 1 } } }).toThrow(
      'recipe: expected $extra, as it is a parameter, received no such name',
    );
    await attempt({ recipe: `${options.recipe}\n---\n${options.recipe}` }).toThrow('recipe: expected');
  });
});

describe('fillRecipe', () => {
  it('puts numbers, text and lists where names stand alone, and leaves other text', () => {
    const text = 'a: $x # note\nb: [0, $n]\nc: $list\nd: costs $x\n$x: 1\n';
    expect(fillRecipe(text, { x: 0.25, n: 8, list: [1, 2] })).toBe(
      'a: 0.25 # note\nb: [ 0, 8 ]\nc: [ 1, 2 ]\nd: costs $x\n$x: 1\n',
    );
  });

  it('refuses text that is not YAML', () => {
    expect(() => fillRecipe('a: [1', { a: 1 })).toThrow('recipe: expected valid YAML, received');
  });
});

describe('parseEvolution', () => {
  it('reads parameters of every kind, and a recipe beside or inside', () => {
    const text = `
recipe: ./recipe.yml
parameters:
  chat: { low: 0, high: 1, start: 0.5 }
  layers: { low: 0, high: 1, count: 5 }
  rate: { low: 1e-3, high: 1.0, scale: log }
  top: { low: 1, high: 4, whole: true }
  cut: { choices: [[0, 8], [0, 12]], start: 1 }
generations: 7
population: 9
sigma: 0.2
`;
    expect(parseEvolution(text)).toEqual({
      recipe: { path: './recipe.yml' },
      parameters: {
        chat: { low: 0, high: 1, start: 0.5 },
        layers: { low: 0, high: 1, count: 5 },
        rate: { low: 0.001, high: 1, scale: 'log' },
        top: { low: 1, high: 4, whole: true },
        cut: {
          choices: [
            [0, 8],
            [0, 12],
          ],
          start: 1,
        },
      },
      generations: 7,
      population: 9,
      sigma: 0.2,
    });
    const inside = parseEvolution(
      'recipe:\n  merge_method: linear\n  models: [{ model: $m }]\nparameters: { m: { choices: [a, b] } }',
    );
    expect(inside.recipe).toEqual({ text: 'merge_method: linear\nmodels: [ { model: $m } ]\n' });
  });

  it.each([
    ['parameters: { a: { low: 0, high: 1 } }', 'x.yml:1:1: expected a recipe, received none'],
    ['recipe: r\nparameters: { a: { lo: 0, high: 1 } }', 'did you mean "low"?'],
    ['recipe: r\nparameters: { a: { low: 0 } }', 'expected low and high, or choices'],
    [
      'recipe: r\nparameters: { a: { low: zero, high: 1 } }',
      'x.yml:2:25: parameters.a.low: expected a number, received "zero"',
    ],
    [
      'recipe: r\nparameters: { a: { choices: [1, 2], low: 0 } }',
      'expected nothing but start beside choices',
    ],
    [
      'recipe: r\nparameters: { a: { low: 1, high: 2, scale: cubic } }',
      'expected linear or log, received "cubic"',
    ],
    ['', 'x.yml: expected one YAML document, received none'],
  ])('refuses %j', (text, message) => {
    expect(() => parseEvolution(text, { label: 'x.yml' })).toThrow(message);
  });
});
