import { createCheckpointWriter, fromFloat32, toFloat32 } from '@weightloom/checkpoint';
import { folderTarget, openCheckpoint } from '@weightloom/checkpoint/node';

/** Copies a checkpoint in bfloat16, in shards, with one tensor in memory at a time. */
export async function toBfloat16(from: string, to: string): Promise<void> {
  const source = await openCheckpoint(from); // a file, a folder with shards, an address, hf://owner/name
  const writer = await createCheckpointWriter({
    target: folderTarget(to),
    tensors: [...source.tensors].map(([name, { shape }]) => ({ name, shape, dtype: 'BF16' })),
    maxShardSize: '5GB',
    files: await source.readModelFiles(), // config.json, the tokenizer, …
  });
  for (const name of source.names) {
    const raw = await source.read(name);
    await writer.write(name, fromFloat32(toFloat32(raw), 'BF16', { shape: raw.shape }));
  }
  await writer.close(); // only now the files appear
  await source.close();
}
