import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, readAdapter, serializeSafetensors } from '../src/index.js';
import { directoryDouble } from './directory-double.js';
import { refusalCode } from './helpers.js';

const folder = new URL('__fixtures__/adapter/', import.meta.url);
const files = () =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder)) as Uint8Array]));
const open = (content: Map<string, Uint8Array>) => openCheckpoint(directoryDouble('adapter', content).handle);
const tensor = { dtype: 'U8' as const, shape: [0], bytes: new Uint8Array(0) };
const adapterOf = (names: string[], config = '{}') =>
  open(
    new Map([
      [
        'adapter_model.safetensors',
        serializeSafetensors(Object.fromEntries(names.map((name) => [name, tensor]))),
      ],
      ['adapter_config.json', new TextEncoder().encode(config)],
    ]),
  );

describe('readAdapter', () => {
  it('sorts the tensors of a PEFT adapter by module and factor', async () => {
    const adapter = await readAdapter(await open(files()));
    const q = 'base_model.model.model.layers.0.self_attn.q_proj';
    expect([...adapter.modules.get('model.layers.0.self_attn.q_proj')!]).toEqual([
      ['lora_A', `${q}.lora_A.weight`],
      ['lora_B', `${q}.lora_B.weight`],
      ['lora_magnitude_vector', `${q}.lora_magnitude_vector.weight`],
    ]);
    expect([...adapter.modules.get('model.embed_tokens')!.keys()]).toEqual([
      'lora_embedding_A',
      'lora_embedding_B',
    ]);
    expect([...adapter.others]).toEqual([['score.weight', 'base_model.model.score.weight']]);
  });

  it('keeps the configuration as it is written, and integers that JSON.parse would round', async () => {
    const { config } = await readAdapter(await open(files()));
    expect(config.text).toBe(readFileSync(new URL('adapter_config.json', folder), 'utf8'));
    expect(config.value).toMatchObject({
      r: 2,
      lora_alpha: 16,
      lora_dropout: 1e-5,
      target_modules: ['q_proj', 'embed_tokens'],
    });
    expect(config.value.seed).toBe(12345678901234567890n);
  });

  it('understands adapters that name themselves, and other methods than LoRA', async () => {
    const { modules } = await readAdapter(
      await adapterOf([
        'base_model.model.fc.lora_A.default.weight',
        'base_model.model.fc.lora_B.bias',
        'k.ia3_l',
      ]),
    );
    expect([...modules.get('fc')!.keys()].sort()).toEqual(['lora_A', 'lora_B.bias']);
    expect([...modules.get('k')!]).toEqual([['ia3_l', 'k.ia3_l']]);
  });

  it('refuses folders that are no adapter', async () => {
    const without = new Map([['adapter_model.safetensors', serializeSafetensors({})]]);
    expect(await refusalCode(async () => readAdapter(await open(without)))).toBe('missing-file');
    expect(await refusalCode(async () => readAdapter(await adapterOf([], '[]')))).toBe('invalid-adapter');
    expect(await refusalCode(async () => readAdapter(await adapterOf([], '{"r":1,"r":1}')))).toBe(
      'duplicate-key',
    );
    expect(
      await refusalCode(async () => readAdapter(await adapterOf(['a.lora_A.x.weight', 'a.lora_A.y.weight']))),
    ).toBe('invalid-adapter');
  });
});
