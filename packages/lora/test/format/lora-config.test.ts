import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loraConfig, parseLoraConfig, serializeLoraConfig } from '../../src/index.js';
import { pythonNumber } from '../../src/internal/json.js';
import { peftPath } from '../fixtures.js';

const minimal = '{"peft_type": "LORA", "target_modules": ["q_proj"]}';

describe('parseLoraConfig', () => {
  it('needs peft_type and target_modules only and fills in the defaults of PEFT', () => {
    const { config, warnings } = parseLoraConfig(minimal);
    expect(config).toMatchObject({
      r: 8,
      loraAlpha: 8,
      loraDropout: 0,
      bias: 'none',
      targetModules: ['q_proj'],
      rankPattern: {},
    });
    expect(warnings).toEqual([]);
  });

  it('reads what PEFT 0.21 wrote without a warning', () => {
    const { config, warnings } = parseLoraConfig(
      readFileSync(peftPath('every-layer/adapter_config.json'), 'utf8'),
    );
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      r: 3,
      loraAlpha: 5,
      loraDropout: 0.1,
      useRslora: true,
      fanInFanOut: true,
      modulesToSave: ['head'],
      rankPattern: { conv: 4, 'layers.0': 2 },
      alphaPattern: { 'layers.1': 1.5, '^c_attn': 7 },
    });
  });

  it('keeps unknown keys and says so', () => {
    const { config, warnings } = parseLoraConfig(
      '{"peft_type":"LORA","target_modules":["a"],"novel":[1e-05,1.0,12345678901234567890]}',
    );
    expect(warnings).toEqual(['adapter_config.json: unknown keys are kept as they are: "novel"']);
    expect(serializeLoraConfig(config)).toContain(
      '"novel": [\n    1e-05,\n    1.0,\n    12345678901234567890\n  ]',
    );
  });

  it.each([
    ['{"target_modules":["a"]}', 'adapter_config.json: peft_type: expected "LORA", received none'],
    [
      '{"peft_type":"PROMPT_TUNING"}',
      'adapter_config.json: peft_type: expected "LORA", received "PROMPT_TUNING"',
    ],
    [
      '{"peft_type":"LORA"}',
      'adapter_config.json: target_modules: expected the adapted modules, received none',
    ],
    [
      '{"peft_type":"LORA","target_modules":["a"],"r":0}',
      'r: expected a whole number of at least 1, received 0',
    ],
    [
      '{"peft_type":"LORA","target_modules":["a"],"r":2.5}',
      'r: expected a whole number of at least 1, received 2.5',
    ],
    [
      '{"peft_type":"LORA","target_modules":["a"],"lora_alpha":"8"}',
      'lora_alpha: expected a finite number, received "8"',
    ],
    [
      '{"peft_type":"LORA","target_modules":["a"],"lora_dropout":1}',
      'lora_dropout: expected a number from 0 to below 1',
    ],
    [
      '{"peft_type":"LORA","target_modules":["a"],"bias":"some"}',
      'bias: expected "none", "all" or "lora_only", received "some"',
    ],
    [
      '{"peft_type":"LORA","target_modules":["a"],"rank_pattern":{"a":0}}',
      'rank_pattern: expected whole numbers',
    ],
    [
      '{"peft_type":"LORA","target_modules":".*","layers_to_transform":[1]}',
      'layers_to_transform: expected null beside',
    ],
    ['{"peft_type":"LORA","target_modules":["a"]', 'expected valid JSON'],
    ['[]', 'expected a JSON object, received an array'],
    ['{"peft_type":"LORA","peft_type":"LOHA"}', 'expected valid JSON, received the key "peft_type" twice'],
    [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'expected nesting up to 32'],
    ['{"peft_type":"LORA","target_modules":["a"],"lora_alpha":NaN}', 'expected valid JSON'],
  ])('refuses %s', (text, message) => {
    expect(() => parseLoraConfig(text)).toThrow(message);
  });

  it.each([
    ['target_parameters', '["a"]'],
    ['layer_replication', '[[0, 4]]'],
    ['alora_invocation_tokens', '[1]'],
    ['use_qalora', 'true'],
    ['use_bdlora', '{"nblocks": 2}'],
    ['arrow_config', '{"top_k": 3}'],
    ['kasa_config', '{"a": 1}'],
    ['monteclora_config', '{"a": 1}'],
    ['megatron_config', '{"a": 1}'],
  ])('refuses %s by name', (key, value) => {
    const text = `{"peft_type":"LORA","target_modules":["a"],"${key}":${value}}`;
    expect(() => parseLoraConfig(text)).toThrow(
      `adapter_config.json: ${key}: expected null (this package does not support it)`,
    );
  });
});

describe('serializeLoraConfig', () => {
  const written = readdirSync(peftPath(), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'combine')
    .map(({ name }) => name)
    .map((name) => [name, readFileSync(peftPath(`${name}/adapter_config.json`), 'utf8')] as const)
    .filter(([, text]) => text.includes('"LORA"'));

  it.each(written)('writes back byte by byte what PEFT wrote: %s', (_, text) => {
    expect(serializeLoraConfig(parseLoraConfig(text).config)).toBe(text);
  });

  it('changes what was changed and nothing else', () => {
    const [, text] = written.find(([name]) => name === 'every-layer')!;
    const { config } = parseLoraConfig(text);
    const changed = serializeLoraConfig({ ...config, loraAlpha: 2.5, revision: 'main' });
    expect(changed).toBe(
      text.replace('"lora_alpha": 5', '"lora_alpha": 2.5').replace('"revision": null', '"revision": "main"'),
    );
  });

  it('writes numbers, text and order of a new configuration as Python does', () => {
    const text = serializeLoraConfig(
      loraConfig({ targetModules: ['größe'], loraDropout: 1e-5, loraAlpha: 16, rankPattern: { z: 2, b: 3 } }),
    );
    expect(text).toContain('"lora_dropout": 1e-05');
    expect(text).toContain('"lora_alpha": 16,');
    expect(text).toContain('"gr\\u00f6\\u00dfe"');
    expect(text).toContain('"rank_pattern": {\n    "z": 2,\n    "b": 3\n  }');
    expect(text).not.toMatch(/\n$/);
    expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(JSON.parse(text)).sort());
  });

  it('comes back as it was', () => {
    const name = fc.string({ minLength: 1 });
    const options = fc.record({
      targetModules: fc.array(name, { minLength: 1 }),
      r: fc.integer({ min: 1, max: 512 }),
      loraAlpha: fc.oneof(
        fc.integer({ min: -64, max: 64 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
      loraDropout: fc.double({ min: 0, max: 0.999, noNaN: true }),
      useRslora: fc.boolean(),
      rankPattern: fc.dictionary(name, fc.integer({ min: 1, max: 64 })),
    });
    fc.assert(
      fc.property(options, (given) => {
        const config = loraConfig(given);
        const back = { ...parseLoraConfig(serializeLoraConfig(config)).config, source: undefined };
        expect(JSON.stringify(back)).toBe(JSON.stringify(config));
      }),
    );
  });
});

describe('pythonNumber', () => {
  // python3 -c "print([repr(x) for x in (0.0, 1.0, 0.1, 1e-4, 9.9e-5, 1e-5, 1e15, 1e16, -2.5e-7)])"
  it.each([
    [0, '0.0'],
    [1, '1.0'],
    [0.1, '0.1'],
    [1e-4, '0.0001'],
    [9.9e-5, '9.9e-05'],
    [1e-5, '1e-05'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [-2.5e-7, '-2.5e-07'],
  ])('writes the float %d as %s', (value, text) => {
    expect(pythonNumber(value, 'float').value).toBe(text);
  });
});

describe('loraConfig', () => {
  it('refuses options it does not know, naming those it knows', () => {
    expect(() => loraConfig({ targetModules: ['a'], lora_alpha: 3 } as never)).toThrow(
      'loraConfig: expected options among r, loraAlpha',
    );
  });

  it('refuses values out of range by the name of the option', () => {
    expect(() => loraConfig({ targetModules: ['a'], loraAlpha: Infinity })).toThrow(
      'loraConfig: loraAlpha: expected a finite number',
    );
  });
});
