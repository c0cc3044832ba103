import { readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCheckpointWriter, parseSafetensors, type RawStateDict } from '@weightloom/checkpoint';
import { folderTarget, loadSafetensors } from '@weightloom/checkpoint/node';
import { generator, key } from '@weightloom/tensor-gpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeRecipe } from '../../src/node/index.js';
import { makeTinyModel } from '../tiny-models.js';

const names = ['base', 'chat', 'code'];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'same-bytes-'));
  for (const name of names) await makeTinyModel(join(folder, 'plain'), name, { weights: larger(name) });
  await reshard('plain', 'sharded', 40_000);
  await reorder('plain', 'reordered');
});
afterAll(async () => rm(folder, { recursive: true }));

/** Tensors of less and of more than one block. */
function larger(name: string): RawStateDict {
  const draw = generator(key(names.indexOf(name)));
  const bytes = (count: number) =>
    new Uint8Array(Float32Array.from({ length: count }, () => draw.normal()).buffer);
  const layer = (i: number) => `model.layers.${i}`;
  return {
    'model.embed_tokens.weight': { dtype: 'F32', shape: [10, 4], bytes: bytes(40) },
    [`${layer(0)}.mlp.up_proj.weight`]: { dtype: 'F32', shape: [190, 150], bytes: bytes(28_500) },
    [`${layer(0)}.mlp.down_proj.weight`]: { dtype: 'F32', shape: [40, 30], bytes: bytes(1200) },
    [`${layer(1)}.mlp.up_proj.weight`]: { dtype: 'F32', shape: [17_001], bytes: bytes(17_001) },
    [`${layer(1)}.mlp.down_proj.weight`]: { dtype: 'F32', shape: [3], bytes: bytes(3) },
  };
}

/** The same models in shards. */
async function reshard(from: string, to: string, maxShardSize: number): Promise<void> {
  for (const name of names) {
    const { tensors } = await loadSafetensors(join(folder, from, name));
    const target = folderTarget(join(folder, to, name));
    const specs = Object.entries(tensors).map(([tensor, raw]) => ({ name: tensor, ...raw }));
    const files = [['config.json', await readFile(join(folder, from, name, 'config.json'))]] as const;
    const writer = await createCheckpointWriter({ target, tensors: specs, maxShardSize, files });
    for (const [tensor, raw] of Object.entries(tensors)) await writer.write(tensor, raw);
    await writer.close();
    expect(readdirSync(join(folder, to, name)).length).toBeGreaterThan(4);
  }
}

/** The same models in files whose tensors lie in the opposite order. */
async function reorder(from: string, to: string): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, to), { recursive: true });
    await cp(join(folder, from, name), join(folder, to, name), { recursive: true });
    const path = join(folder, to, name, 'model.safetensors');
    const tensors = Object.entries(parseSafetensors(new Uint8Array(await readFile(path))).tensors).reverse();
    let end = 0;
    const entries = tensors.map(([tensor, { dtype, shape, bytes }]) => {
      const begin = end;
      return [tensor, { dtype, shape, data_offsets: [begin, (end += bytes.length)] }] as const;
    });
    const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
    const prefix = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer);
    const parts = [prefix, header, ...tensors.map(([, { bytes }]) => bytes)];
    await writeFile(path, Buffer.concat(parts));
  }
}

let count = 0;
const recipes: Record<string, string> = {
  linear: 'merge_method: linear\nmodels: [CHAT, CODE]\nparameters: { weight: 0.4 }',
  slerp: 'merge_method: slerp\nbase_model: chat\nmodels: [CHAT, CODE]\nparameters: { t: [0.2, 0.9] }',
  ties: 'merge_method: ties\nbase_model: base\nmodels: [CHAT, CODE]\nparameters: { weight: [1, 0.3], density: 0.4 }',
  dare_ties:
    'merge_method: dare_ties\nbase_model: base\nmodels: [CHAT, CODE]\nparameters: { weight: 1, density: 0.4 }',
  della:
    'merge_method: della\nbase_model: base\nmodels: [CHAT, CODE]\nparameters: { weight: 1, density: 0.4 }',
  model_stock: 'merge_method: model_stock\nbase_model: base\nmodels: [CHAT, CODE]',
};
async function merge(method: string, models: string, options: object = {}) {
  const output = join(folder, `out-${count++}`);
  const recipe = recipes[method]!.replace('CHAT', '{ model: chat }').replace('CODE', '{ model: code }');
  await mergeRecipe(`${recipe}\ndtype: bfloat16`, { output, cwd: join(folder, models), seed: 3, ...options });
  return output;
}
const file = async (output: string) => (await readFile(join(output, 'model.safetensors'))).toString('hex');

describe.each(Object.keys(recipes))('the file that %s writes', (method) => {
  it('has the same bytes whatever the shards of the models, and the order of tensors in them', async () => {
    const expected = await file(await merge(method, 'plain'));
    for (const models of ['sharded', 'reordered']) {
      expect(await file(await merge(method, models)), models).toBe(expected);
    }
  });

  it('has the same bytes whatever the size of the pieces that are worked on', async () => {
    const expected = await file(await merge(method, 'plain'));
    for (const memoryLimit of [1, 100_000, 2 ** 24]) {
      expect(await file(await merge(method, 'plain', { memoryLimit })), String(memoryLimit)).toBe(expected);
    }
  });

  it('has the same tensors when it is cut into shards', async () => {
    const { tensors: expected } = await loadSafetensors(await merge(method, 'plain'));
    const output = await merge(method, 'plain', { maxShardSize: 20_000 });
    expect(readdirSync(output)).toContain('model.safetensors.index.json');
    expect((await loadSafetensors(output)).tensors).toEqual(expected);
  });
});
