import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const unescape = (text: string): string =>
  text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");

const attributes = (html: string, pattern: RegExp): string[] =>
  [...html.matchAll(pattern)].map((match) => unescape(match[1]!));

/**
 * The dead links of a built site: every `href` and `src` that leads nowhere inside it, those made by components and those
 * to headings included. Links to other sites are not followed.
 *
 * @param folder - the built site
 * @param base - the path the site is served under, with slashes at both ends
 * @returns one line for each, `<page>: <link>`
 */
export function deadLinks(folder: string, base: string): string[] {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.html'));
  const html = new Map(pages.map((page) => [page, readFileSync(join(folder, page), 'utf8')]));
  const ids = new Map([...html].map(([page, text]) => [page, new Set(attributes(text, /\sid="([^"]*)"/g))]));
  const isFile = (path: string): boolean =>
    path !== '' && existsSync(join(folder, path)) && statSync(join(folder, path)).isFile();

  const isDead = (page: string, link: string): boolean => {
    const target = new URL(link, `http://site.invalid${base}${page}`);
    if (target.host !== 'site.invalid' || !target.protocol.startsWith('http')) return false;
    if (!target.pathname.startsWith(base)) return true;
    const path = decodeURIComponent(target.pathname.slice(base.length));
    const file = [path, `${path}index.html`, `${path}.html`, `${path}/index.html`].find(isFile);
    if (file === undefined) return true;
    const id = decodeURIComponent(target.hash.slice(1));
    return id !== '' && ids.has(file) && !ids.get(file)!.has(id);
  };

  return [...html].flatMap(([page, text]) => {
    const links = new Set(attributes(text, /\s(?:href|src)="([^"]*)"/g));
    return [...links].filter((link) => isDead(page, link)).map((link) => `${page}: ${link}`);
  });
}
