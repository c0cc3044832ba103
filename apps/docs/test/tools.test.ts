import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSafetensors, serializeSafetensors } from '@weightloom/checkpoint';
import { combineAdapters, serializeLoraAdapter, toKohya } from '@weightloom/lora';
import { loadAdapter } from '@weightloom/lora/node';
import { mergeRecipe } from '@weightloom/merging/node';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleAdapters } from '../src/tools/sample-adapters.js';
import { sampleModels } from '../src/tools/sample-models.js';
import { sampleRecipes } from '../src/tools/sample-recipes.js';
import { findBrowser } from './support/find-browser.js';
import { buildSite, openSite, type SiteSession } from './support/serve-site.js';

const executablePath = findBrowser();
const folder = mkdtempSync(join(tmpdir(), 'tools-'));
const models = join(folder, 'models');

beforeAll(() => {
  buildSite();
  for (const { path, files } of [...sampleModels(), ...sampleAdapters()]) {
    mkdirSync(join(models, path), { recursive: true });
    for (const [name, bytes] of files) writeFileSync(join(models, path, name), bytes);
  }
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A new folder for the output of a test. */
const place = (name: string): string => join(folder, 'out', name);

/** Sizes and hashes: bytes that differ would take minutes to be printed. */
const digests = (files: Record<string, Buffer>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [
      name,
      `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`,
    ]),
  );

/** The files of a folder that Node wrote, by name. */
const filesIn = (path: string): Record<string, Buffer> =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]));

/** The files that a page offers for download, by name. */
async function downloads(page: Page): Promise<Record<string, Buffer>> {
  await page.waitForSelector('.file-list a');
  const found = await page.$$eval('.file-list a', (links) =>
    Promise.all(
      links.map(async (link) => {
        const { href, download } = link as HTMLAnchorElement;
        const bytes = new Uint8Array(await (await fetch(href)).arrayBuffer());
        return [download, [...bytes]] as const;
      }),
    ),
  );
  return Object.fromEntries(found.map(([name, bytes]) => [name, Buffer.from(bytes)]));
}

describe.skipIf(!executablePath)('the tool pages in a browser', () => {
  let site: SiteSession;
  beforeAll(async () => {
    site = await openSite(executablePath!);
  });
  afterAll(async () => {
    await site?.close();
  });

  it('ask no other host for anything and report no error', async () => {
    for (const path of ['tools/merge.html', 'tools/lora.html']) {
      const page = await site.open(path);
      await page.waitForSelector('.drop-zone');
      await page.close();
    }
    expect([...site.foreign, ...site.errors]).toEqual([]);
  }, 60_000);

  describe('merge', () => {
    const open = async (): Promise<Page> => {
      const page = await site.open('tools/merge.html');
      await page.waitForSelector('.cm-content');
      return page;
    };
    const ended = async (page: Page): Promise<string> => {
      const states = ['done', 'failed', 'stopped'].map((state) => `.merge-tool[data-state="${state}"]`);
      await page.waitForSelector(states.join(', '), { timeout: 60_000 });
      return (await page.textContent('.merge-tool .status'))!;
    };
    const merge = async (page: Page, recipe: string): Promise<string> => {
      await page.fill('.cm-content', recipe);
      await page.click('.merge-tool .run');
      await page.waitForSelector('.merge-tool[data-state="idle"]', { state: 'detached' });
      return ended(page);
    };

    it('merges the sample models to the bytes that Node writes, and draws its report', async () => {
      const page = await open();
      await page.click('.samples');
      await page.waitForSelector('.folder-list li:nth-child(4)');
      await page.click('.dry-run-button');
      expect(await ended(page)).toMatch(/^Done in/);
      const rows = await page.locator('.dry-run tbody tr').allTextContents();
      expect(rows).toHaveLength(75);
      expect(rows.find((row) => row.startsWith('model.layers.7.mlp.up_proj'))).toContain('weights = [1, 1]');
      await page.click('.merge-tool .run');
      await page.waitForSelector('.file-list');
      const own = await downloads(page);
      await mergeRecipe(sampleRecipes[0]!.text, { cwd: models, output: place('samples') });
      expect(digests(own)).toEqual(digests(filesIn(place('samples'))));
      expect(await page.locator('.report-view figure svg').count()).toBe(3);
      await page.close();
    }, 90_000);

    it.each(sampleRecipes.slice(1).map(({ name, text }) => [name, text] as const))(
      'runs the example "%s" on a picked folder of models as Node does',
      async (name, text) => {
        const page = await open();
        await page.setInputFiles('.pick-folder', models);
        await page.waitForSelector('.folder-list li:nth-child(5)');
        expect(await merge(page, text)).toMatch(/^Done in/);
        const own = await downloads(page);
        const output = place(name.replace(/\W+/g, '-'));
        await mergeRecipe(text, { cwd: models, output });
        expect(digests(own)).toEqual(digests(filesIn(output)));
        await page.close();
      },
      90_000,
    );

    it('writes to a folder of the visitor, and reads sharded models that are dropped on it', async () => {
      const sharded = join(folder, 'sharded', 'both');
      const linear = sampleRecipes[1]!.text;
      await mergeRecipe(linear, { cwd: models, output: sharded, maxShardSize: 100_000 });
      const recipe = 'merge_method: passthrough\nmodels:\n  - model: both\n';
      await mergeRecipe(recipe, { cwd: join(folder, 'sharded'), output: place('sharded') });
      const page = await open();
      await page.setInputFiles('.pick-folder', sharded);
      await page.waitForSelector('.folder-list li');
      await page.evaluate(() => {
        // A picker cannot be driven; private storage has the same kind of handle.
        const picker = async () =>
          (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true });
        Object.assign(window, { showDirectoryPicker: picker });
      });
      await page.check('.place input[value="folder"]');
      expect(await merge(page, recipe)).toMatch(/^Done in/);
      const written = await page.evaluate(async () => {
        const handle = await (await navigator.storage.getDirectory()).getDirectoryHandle('picked');
        const found: [string, number[]][] = [];
        for await (const [name, entry] of handle.entries()) {
          const file = await (entry as FileSystemFileHandle).getFile();
          found.push([name, [...new Uint8Array(await file.arrayBuffer())]]);
        }
        return found;
      });
      const own = Object.fromEntries(written.map(([name, bytes]) => [name, Buffer.from(bytes)]));
      expect(digests(own)).toEqual(digests(filesIn(place('sharded'))));
      // A second time there is a model in the way.
      expect(await merge(page, recipe).then(() => ended(page))).toContain(
        'expected a folder without a checkpoint',
      );
      await page.close();
    }, 90_000);

    it('takes files that are dropped', async () => {
      const page = await open();
      const bytes = [...sampleModels()[0]!.files.get('model.safetensors')!];
      await page.$eval(
        '.drop-zone',
        (zone, content) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(content)], 'one.safetensors'));
          zone.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
        },
        bytes,
      );
      await page.waitForSelector('.folder-list li');
      expect(await page.textContent('.folder-list')).toContain('75 tensors');
      await page.close();
    }, 60_000);

    it('stops a merge and leaves nothing', async () => {
      const size = 24 * 2 ** 20;
      const large = serializeSafetensors({
        'layer.weight': { dtype: 'F32', shape: [size], bytes: new Uint8Array(4 * size).fill(1) },
      });
      for (const name of ['big-a', 'big-b']) writeFileSync(join(folder, `${name}.safetensors`), large);
      const page = await open();
      await page.setInputFiles(
        '.pick-files',
        ['big-a', 'big-b'].map((name) => join(folder, `${name}.safetensors`)),
      );
      await page.waitForSelector('.folder-list li:nth-child(2)');
      await page.fill(
        '.cm-content',
        'merge_method: linear\nmodels:\n  - model: big-a\n    parameters: {weight: 1}\n  - model: big-b\n    parameters: {weight: 1}\n',
      );
      await page.evaluate(async () => {
        const button = (name: string) => document.querySelector<HTMLButtonElement>(`.merge-tool .${name}`)!;
        button('run').click();
        while (button('stop').disabled) await new Promise((next) => setTimeout(next));
        button('stop').click();
      });
      expect(await ended(page)).toBe('Stopped. Nothing was kept.');
      expect(await page.locator('.file-list').count()).toBe(0);
      await page.close();
    }, 90_000);

    it('shows the line of a mistake in a recipe, and does not run it', async () => {
      const page = await open();
      await page.click('.samples');
      await page.waitForSelector('.folder-list li:nth-child(4)');
      const wrong = 'merge_method: linear\nmodels:\n  - model: chat\n    paramters:\n      weight: 1\n';
      const status = await merge(page, wrong);
      expect(await page.textContent('.lint')).toMatch(/^Line 4: recipe:4:5.*did you mean .*parameters/);
      expect(status).toContain('recipe:4:5');
      await page.close();
    }, 60_000);

    it('names a model that is not there', async () => {
      const page = await open();
      await page.click('.samples');
      await page.waitForSelector('.folder-list li:nth-child(4)');
      const status = await merge(page, 'merge_method: passthrough\nmodels:\n  - model: chta\n');
      expect(status).toContain('"chta": expected the name of a folder on this page');
      await page.close();
    }, 60_000);

    it('refuses hostile files by the name of their fault', async () => {
      const page = await open();
      const lying = Buffer.alloc(64);
      lying.writeBigUInt64LE(2n ** 60n);
      const pickle = Buffer.alloc(64);
      pickle.set([0x80, 2, 0x7d, 0x71]);
      await page.setInputFiles('.pick-files', [
        { name: 'lying.safetensors', mimeType: 'application/octet-stream', buffer: lying },
        { name: 'pickle.bin', mimeType: 'application/octet-stream', buffer: pickle },
      ]);
      await page.waitForSelector('.folder-list li:nth-child(2)');
      const faults = await page.$$eval('.folder-list li', (items) =>
        items.map((item) => (item as HTMLElement).dataset['fault']),
      );
      expect(faults).toEqual(['header-too-large', 'unsupported-format']);
      await page.close();
    }, 60_000);
  });

  describe('lora', () => {
    const open = async (): Promise<Page> => {
      const page = await site.open('tools/lora.html');
      await page.click('.samples');
      await page.waitForSelector('.folder-list li:nth-child(2)');
      return page;
    };
    const ended = async (page: Page): Promise<string> => {
      await page.waitForSelector('.lora-tool:is([data-state="done"], [data-state="failed"])');
      return (await page.textContent('.lora-tool .status'))!;
    };

    it('shows modules, and combines two adapters as the package does', async () => {
      const page = await open();
      expect(await page.locator('.folder-list li:first-child .adapter-view tbody tr').count()).toBe(16);
      await page.fill('.combine .weight:nth-child(1) input[type="number"]', '0.7');
      await page.fill('.combine .weight:nth-child(2) input[type="number"]', '-0.4');
      await page.click('.combine .primary');
      expect(await ended(page)).toBe('Done.');
      const own = await downloads(page);
      const adapters = await Promise.all(['poet', 'lawyer'].map((name) => loadAdapter(join(models, name))));
      const { config, weights } = serializeLoraAdapter(combineAdapters(adapters, { weights: [0.7, -0.4] }));
      expect(own).toEqual({
        'adapter_config.json': Buffer.from(config),
        'adapter_model.safetensors': Buffer.from(weights),
      });
      await page.close();
    }, 60_000);

    it('converts to kohya, says what became what, and asks for the base on the way back', async () => {
      const page = await open();
      await page.selectOption('.convert .to', 'kohya');
      await page.click('.convert .primary');
      expect(await ended(page)).toBe('Done.');
      const [[name, bytes]] = Object.entries(await downloads(page)) as [[string, Buffer]];
      const expected = toKohya({ unet: await loadAdapter(join(models, 'poet')) });
      expect(parseSafetensors(new Uint8Array(bytes)).tensors).toEqual(
        parseSafetensors(serializeSafetensors(expected.tensors, expected.metadata)).tensors,
      );
      expect(await page.textContent('.lora-tool')).toContain('16 tensors or modules mapped, 0 left out');
      const buffer = { name, mimeType: 'application/octet-stream', buffer: bytes };
      await page.setInputFiles('.pick-files', buffer);
      await page.waitForSelector('.folder-list li[data-fault="adapter"]');
      expect(await page.textContent('.folder-list li[data-fault]')).toContain('drop the folder of the base');
      await page.setInputFiles('.pick-folder', join(models, 'base'));
      await page.waitForSelector('.folder-list li[data-fault]', { state: 'detached' });
      expect(await page.locator('.folder-list .tag').allTextContents()).toEqual([
        'peft',
        'peft',
        'kohya',
        'base',
      ]);
      await page.close();
    }, 60_000);

    it('refuses weights without their configuration by name', async () => {
      const page = await open();
      await page.setInputFiles('.pick-files', join(models, 'poet', 'adapter_model.safetensors'));
      await page.waitForSelector('.folder-list li[data-fault="adapter"]');
      expect(await page.textContent('.folder-list li[data-fault]')).toContain('give the whole folder');
      await page.close();
    }, 60_000);
  });
});
