import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { main } from './readme-example.js';

const read = (file: string): Promise<string> => readFile(new URL(file, import.meta.url), 'utf8');

describe('the example of the README', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is the program tested here, word for word', async () => {
    expect(await read('../README.md')).toContain((await read('readme-example.ts')).trimEnd());
  });

  it('prints the table the README shows, and writes a report', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'readme-'));
    let printed = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    try {
      expect(await main(['list', '3', '--report', join(folder, 'sizes.html')])).toBe(0);
      expect(await read('../README.md')).toContain(printed);
      expect(printed).toContain('layer2  4 KiB');
      expect(await readFile(join(folder, 'sizes.html'), 'utf8')).toContain(
        '<figcaption>Size by layer</figcaption>',
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
