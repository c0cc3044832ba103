import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  fromFloat32,
  memoryTarget,
  openCheckpoint,
  parseSafetensors,
  type RawStateDict,
  serializeSafetensors,
  toFloat32,
} from '@weightloom/checkpoint';
import { folderTarget, loadSafetensors, openCheckpoint as openPath } from '@weightloom/checkpoint/node';
import { createCheckpointWriter } from '@weightloom/checkpoint';
import { fromTensors, toTensors } from '@weightloom/state-dict';
import { generator, key } from '@weightloom/tensor-gpu';
import { loraConfig, type LoraAdapter, mergeAdapter, mergeIntoCheckpoint } from '../../src/index.js';
import {
  anyPeftAdapter,
  largestDifference,
  peftAdapter,
  peftBytes,
  peftTensors,
  temporaryFolder,
} from '../fixtures.js';

async function shardedBase(tensors: RawStateDict, files: [string, string][] = []): Promise<string> {
  const folder = join(await temporaryFolder(), 'base');
  const specs = Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const writer = await createCheckpointWriter({
    target: folderTarget(folder),
    tensors: specs,
    maxShardSize: 600,
    files,
  });
  for (const [name, raw] of Object.entries(tensors)) await writer.write(name, raw);
  await writer.close();
  return folder;
}

const f32 = (values: number[], ...shape: number[]) =>
  fromFloat32(Float32Array.from(values), 'F32', { shape });

describe('mergeIntoCheckpoint', () => {
  it.each(['every-layer', 'dora', 'tokens', 'bat', 'ia3'])(
    'writes the weights that PEFT gives, in shards: %s',
    async (name) => {
      const base = await openPath(await shardedBase(peftTensors('base'), [['config.json', '{"a": 1}']]));
      const out = join(await temporaryFolder(), 'merged');
      const events: number[] = [];
      const { files } = await mergeIntoCheckpoint(base, anyPeftAdapter(name), {
        output: folderTarget(out),
        maxShardSize: 700,
        memoryLimit: 4096,
        onProgress: ({ done, total }) => events.push(done / total),
      });
      await base.close();
      expect(files.length).toBeGreaterThan(2);
      expect(events.at(-1)).toBe(1);
      const { tensors, metadata } = await loadSafetensors(out);
      expect(largestDifference(tensors, peftTensors(`${name}/merged`))).toBeLessThan(5e-6);
      expect(metadata.format).toBe('pt');
      expect(await readFile(join(out, 'config.json'), 'utf8')).toBe('{"a": 1}');
    },
  );

  it.each(['F32', 'F16', 'BF16'] as const)(
    'gives the bits of mergeAdapter, whatever the memory: %s',
    async (dtype) => {
      const [rows, columns, r] = [421, 777, 3];
      const draw = generator(key(4));
      const normals = (...shape: number[]) => {
        const values = Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => draw.normal());
        return fromFloat32(values, 'F32', { shape });
      };
      const weight = fromFloat32(toFloat32(normals(rows, columns)), dtype, { shape: [rows, columns] });
      const adapter: LoraAdapter = {
        // A scaling of 2/3, which float32 does not hold.
        config: loraConfig({ targetModules: ['layer'], r, loraAlpha: 2 }),
        layers: new Map([['layer', { kind: 'linear', a: normals(r, columns), b: normals(rows, r) }]]),
        saved: new Map(),
        tokens: new Map(),
        warnings: [],
      };
      const base = { 'layer.weight': weight };
      const merged = await mergeAdapter(toTensors(base, { storage: 'keep' }), adapter);
      const expected = Buffer.from((await fromTensors(merged))['layer.weight']!.bytes);
      for (const memoryLimit of [undefined, 100_000]) {
        const target = memoryTarget();
        await mergeIntoCheckpoint(await openCheckpoint(serializeSafetensors(base)), adapter, {
          output: target,
          memoryLimit,
        });
        const { tensors } = parseSafetensors(target.files.get('model.safetensors')!);
        expect(Buffer.compare(Buffer.from(tensors['layer.weight']!.bytes), expected)).toBe(0);
      }
    },
  );

  it('refuses an adapter that is merged already, and leaves nothing behind', async () => {
    const first = memoryTarget();
    const base = await openCheckpoint(peftBytes('base.safetensors'));
    await mergeIntoCheckpoint(base, peftAdapter('linear'), { output: first });
    const merged = await openCheckpoint(first.files.get('model.safetensors')!);
    const out = await temporaryFolder();
    const again = mergeIntoCheckpoint(merged, peftAdapter('linear'), { output: folderTarget(out) });
    await expect(again).rejects.toThrow(
      'expected a base without this adapter, received one it is merged into already',
    );
    expect(await readdir(out)).toEqual([]);
    await mergeIntoCheckpoint(merged, peftAdapter('regex'), { output: memoryTarget() });
  });

  it('stores in another dtype if asked for, also what it does not change', async () => {
    const target = memoryTarget();
    const base = await openCheckpoint(peftBytes('base.safetensors'));
    await mergeIntoCheckpoint(base, peftAdapter('linear'), { output: target, dtype: 'BF16' });
    const { tensors } = parseSafetensors(target.files.get('model.safetensors')!);
    expect(new Set(Object.values(tensors).map(({ dtype }) => dtype))).toEqual(new Set(['BF16']));
    const expected = peftTensors('linear/merged');
    for (const [name, raw] of Object.entries(expected)) {
      expect([...tensors[name]!.bytes]).toEqual([
        ...fromFloat32(toFloat32(raw), 'BF16', { shape: raw.shape }).bytes,
      ]);
    }
  });

  const head: LoraAdapter = {
    config: loraConfig({ targetModules: ['lm_head'], r: 1, loraAlpha: 1 }),
    layers: new Map([['lm_head', { kind: 'linear', a: f32([1, 2], 1, 2), b: f32([1, 0, 1], 3, 1) }]]),
    saved: new Map(),
    tokens: new Map(),
    warnings: [],
  };
  const tiedBase = async () => {
    const tensors = { 'model.embed_tokens.weight': f32([0, 0, 0, 0, 0, 0], 3, 2) };
    return openPath(await shardedBase(tensors, [['config.json', '{\n  "tie_word_embeddings": true\n}']]));
  };

  it('refuses to change one of two names of a tensor, unless asked to untie them', async () => {
    await using base = await tiedBase();
    const merge = mergeIntoCheckpoint(base, head, { output: memoryTarget() });
    await expect(merge).rejects.toThrow(
      'received changes of "lm_head.weight", "model.embed_tokens.weight", which share a tensor',
    );
    const target = memoryTarget();
    await mergeIntoCheckpoint(base, head, { output: target, untie: true });
    const { tensors } = parseSafetensors(target.files.get('model.safetensors')!);
    expect([...toFloat32(tensors['lm_head.weight']!)]).toEqual([1, 2, 0, 0, 1, 2]);
    expect([...toFloat32(tensors['model.embed_tokens.weight']!)]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(new TextDecoder().decode(target.files.get('config.json'))).toBe(
      '{\n  "tie_word_embeddings": false\n}',
    );
  });

  it('adds whole modules the base does not have, where modules_to_save names them', async () => {
    const config = { ...head.config, modulesToSave: ['score'] };
    const adapter = { ...head, config, saved: new Map([['score.weight', f32([7], 1, 1)]]) };
    const target = memoryTarget();
    const base = await openCheckpoint(
      serializeSafetensors({ 'lm_head.weight': f32([0, 0, 0, 0, 0, 0], 3, 2) }),
    );
    await mergeIntoCheckpoint(base, adapter, { output: target });
    const { tensors } = parseSafetensors(target.files.get('model.safetensors')!);
    expect([...toFloat32(tensors['score.weight']!)]).toEqual([7]);
  });

  it('refuses quantised weights, missing modules and NaN by name', async () => {
    const merge = async (tensors: RawStateDict, adapter = head) =>
      mergeIntoCheckpoint(await openCheckpoint(serializeSafetensors(tensors)), adapter, {
        output: memoryTarget(),
      });
    const packed = { dtype: 'U8', shape: [3, 2], bytes: new Uint8Array(6) } as const;
    await expect(merge({ 'lm_head.weight': packed })).rejects.toThrow(
      '"lm_head.weight": expected a floating dtype, received U8',
    );
    await expect(merge({ 'x.weight': f32([1], 1, 1) })).rejects.toThrow('received one without "lm_head"');
    const broken = f32([0, 0, 0, NaN, 0, 0], 3, 2);
    await expect(merge({ 'lm_head.weight': broken })).rejects.toThrow(/"lm_head\.weight".*NaN/);
  });
});
