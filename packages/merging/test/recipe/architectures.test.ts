import { describe, expect, it } from 'vitest';
import { architectureOf } from '../../src/recipe/architectures.js';

describe('architectureOf', () => {
  it.each([
    ['llama', 'llama-like', 'model.embed_tokens.weight', 'model.layers'],
    ['mistral', 'llama-like', 'lm_head.weight', 'model.layers'],
    ['qwen2', 'llama-like', 'model.embed_tokens.weight', 'model.layers'],
    ['gemma2', 'llama-like', 'model.embed_tokens.weight', 'model.layers'],
    ['gpt2', 'gpt2-like', 'transformer.wte.weight', 'transformer.h'],
    ['gpt2', 'gpt2-like', 'wte.weight', 'h'],
    ['bert', 'bert-like', 'bert.embeddings.word_embeddings.weight', 'bert.encoder.layer'],
    ['bert', 'bert-like', 'cls.predictions.bias', 'encoder.layer'],
  ])('knows %s', (type, name, vocabulary, layers) => {
    const architecture = architectureOf({ model_type: type });
    expect(architecture.name).toBe(name);
    expect(architecture.vocabulary.test(vocabulary)).toBe(true);
    expect(architecture.layers.test(layers)).toBe(true);
  });

  it('takes a model for what it is told', () => {
    expect(architectureOf({ model_type: 'mine' }, 'LlamaForCausalLM').name).toBe('llama-like');
    expect(architectureOf({ model_type: 'mine' }).name).toBe('unknown');
    expect(architectureOf(undefined).name).toBe('unknown');
  });

  it('tells embeddings, which come before the layers, from what comes after', () => {
    for (const type of ['llama', 'gpt2', 'bert', 'other']) {
      const { before } = architectureOf({ model_type: type });
      expect(before.test('model.norm.weight')).toBe(false);
      expect(before.test('lm_head.weight')).toBe(false);
    }
    expect(architectureOf({ model_type: 'gpt2' }).before.test('transformer.wpe.weight')).toBe(true);
    expect(architectureOf({ model_type: 'bert' }).before.test('bert.embeddings.LayerNorm.bias')).toBe(true);
  });
});
