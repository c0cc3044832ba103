import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAdapter, loadPeftAdapter, saveAdapter } from '../../src/node/index.js';
import { peftPath, temporaryFolder } from '../fixtures.js';

describe('loadAdapter', () => {
  it.each(['linear', 'linear/adapter_model.safetensors', 'linear/adapter_config.json', 'combine/first'])(
    'reads %s',
    async (name) => {
      const adapter = await loadAdapter(peftPath(name));
      expect(adapter.layers.has('layers.0')).toBe(true);
    },
  );

  it('names the adapters inside when it is pointed at the folder above', async () => {
    await expect(loadAdapter(peftPath('combine'))).rejects.toThrow(
      /adapter_config.json, received adapters in ".*first", ".*second"; name one/,
    );
  });

  it('refuses a pickle with a message that names safetensors', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'adapter_model.bin'), 'x');
    await expect(loadAdapter(join(folder, 'adapter_model.bin'))).rejects.toThrow(
      'expected adapter_model.safetensors, received the pickle adapter_model.bin; save it with save_pretrained(…, safe_serialization=True)',
    );
    await cp(peftPath('linear/adapter_config.json'), join(folder, 'adapter_config.json'));
    await expect(loadAdapter(folder)).rejects.toThrow('safetensors');
  });

  it('refuses a path where nothing is, and a folder without an adapter', async () => {
    await expect(loadAdapter('/nowhere')).rejects.toThrow(
      '/nowhere: expected the folder of an adapter, received nothing of that name',
    );
    await expect(loadAdapter(await temporaryFolder())).rejects.toThrow(
      'expected adapter_config.json, received 0 other files',
    );
  });

  it('refuses other methods by name, which loadPeftAdapter reads', async () => {
    await expect(loadAdapter(peftPath('loha'))).rejects.toThrow(
      'expected a LoRA adapter, received one of LOHA',
    );
    expect((await loadPeftAdapter(peftPath('loha'))).config.peftType).toBe('LOHA');
  });
});

describe('saveAdapter', () => {
  it('writes the two files PEFT wrote, byte by byte, and refuses to replace them unasked', async () => {
    const folder = join(await temporaryFolder(), 'copy');
    const adapter = await loadAdapter(peftPath('every-layer'));
    await saveAdapter(adapter, folder, { files: [['README.md', 'hello']] });
    for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
      expect(
        (await readFile(join(folder, name))).equals(await readFile(peftPath(`every-layer/${name}`))),
      ).toBe(true);
    }
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('hello');
    await expect(saveAdapter(adapter, folder)).rejects.toThrow();
    await saveAdapter(adapter, folder, { overwrite: true });
  });
});
