import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createCheckpointWriter } from '../../src/index.js';
import { fileTarget, folderTarget } from '../../src/node/index.js';

/** The program that write.test.ts kills: `node writer.mjs folder|file <folder> [finish]`. */
const [kind, folder, finish] = process.argv.slice(2);
const target = kind === 'file' ? fileTarget(join(folder!, 'model.safetensors')) : folderTarget(folder!);
const writer = await createCheckpointWriter({
  target,
  tensors: ['a', 'b'].map((name) => ({ name, dtype: 'U8', shape: [100_000] })),
  maxShardSize: kind === 'file' ? undefined : '100KB',
});
await writer.write('a', new Uint8Array(100_000).fill(1));
await writer.write('b', new Uint8Array(50_000).fill(2));
console.log('half');
if (!finish) await setTimeout(60_000);
await writer.write('b', new Uint8Array(50_000).fill(2));
await writer.close();
