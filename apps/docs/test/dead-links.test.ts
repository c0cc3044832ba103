import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { deadLinks } from '../src/node/dead-links.js';

const folders: string[] = [];

function site(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'dead-links-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('deadLinks', () => {
  it('finds nothing when every link leads to a file or a heading', () => {
    const folder = site({
      'index.html':
        '<a href="/base/guide/start.html#first">a</a> <a href="guide/start">b</a> <img src="/base/logo.svg">',
      'guide/start.html': '<h2 id="first"></h2> <a href="../index.html">up</a> <a href="#first">here</a>',
      'logo.svg': '',
    });
    expect(deadLinks(folder, '/base/')).toEqual([]);
  });

  it('does not follow links to other sites and other protocols', () => {
    const folder = site({ 'index.html': '<a href="https://arxiv.org/x">a</a> <a href="mailto:a@b.c">b</a>' });
    expect(deadLinks(folder, '/')).toEqual([]);
  });

  it('names the page and the link when a page, a heading or an asset is missing', () => {
    const folder = site({
      'index.html': '<a href="/nowhere.html">a</a> <a href="/guide/start#second">b</a>',
      'guide/start.html': '<h2 id="first"></h2><img src="./none.svg">',
    });
    expect(deadLinks(folder, '/').sort()).toEqual([
      'guide/start.html: ./none.svg',
      'index.html: /guide/start#second',
      'index.html: /nowhere.html',
    ]);
  });

  it('takes a link that leaves the base path as dead', () => {
    const folder = site({ 'index.html': '<a href="/index.html">a</a>' });
    expect(deadLinks(folder, '/base/')).toEqual(['index.html: /index.html']);
  });
});
