import { parse, type DefaultTreeAdapterMap } from 'parse5';
import { describe, expect, it } from 'vitest';
import { renderReport, type Report } from '../../src/report/index.js';
import { sampleReport } from '../sample-report.js';

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

/** All elements in document order, read by a parser that follows the HTML standard and collects every parse error. */
function elementsOf(html: string): Element[] {
  const errors: string[] = [];
  const walk = (node: Node): Element[] => [
    ...('tagName' in node ? [node] : []),
    ...('childNodes' in node ? node.childNodes.flatMap(walk) : []),
  ];
  const elements = walk(
    parse(html, { onParseError: (error) => errors.push(`${error.code} line ${error.startLine}`) }),
  );
  expect(errors).toEqual([]);
  return elements;
}

const textOf = (node: Node): string =>
  'value' in node ? node.value : 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
const named = (elements: Element[], tag: string): Element[] => elements.filter((e) => e.tagName === tag);
const attribute = (element: Element, name: string): string | undefined =>
  element.attrs.find((one) => one.name === name)?.value;
const report = (...sections: Report['sections']): Report => ({ title: 'T', sections });

describe('renderReport', () => {
  const html = renderReport(sampleReport);
  const elements = elementsOf(html);

  it('is valid HTML with one title, one first heading and a heading for each part', () => {
    expect(
      named(elements, 'title')
        .filter((e) => e.namespaceURI.endsWith('xhtml'))
        .map(textOf),
    ).toEqual([sampleReport.title]);
    expect(named(elements, 'h1').map(textOf)).toEqual([sampleReport.title]);
    expect(named(elements, 'h2').map(textOf)).toEqual(sampleReport.sections.flatMap((s) => s.heading ?? []));
  });

  it('asks for nothing from outside and runs nothing', () => {
    for (const tag of ['script', 'link', 'img', 'iframe', 'object', 'form', 'base'])
      expect(named(elements, tag)).toEqual([]);
    const attributes = elements.flatMap((e) => e.attrs.map((a) => a.name));
    expect(
      attributes.filter((name) => /^(on|src|href|action|style$)/.test(name) && name !== 'style'),
    ).toEqual([]);
    expect(html).not.toMatch(/@import|@font-face|url\((?!#)/);
    expect(html.match(/https?:\/\/[^"<) ]+/g)!.every((url) => url === 'http://www.w3.org/2000/svg')).toBe(
      true,
    );
    const policy = named(elements, 'meta').find((e) => attribute(e, 'http-equiv'));
    expect(attribute(policy!, 'content')).toBe("default-src 'none'; style-src 'unsafe-inline'");
  });

  it('holds a drawing and a table of its numbers for every chart, with ids used once', () => {
    const charts = sampleReport.sections.flatMap((s) => (s.type === 'charts' ? s.charts : []));
    expect(named(elements, 'svg')).toHaveLength(charts.length);
    expect(named(elements, 'figcaption').map(textOf)).toEqual(charts.map((chart) => chart.title));
    expect(named(elements, 'details')).toHaveLength(charts.length);
    const ids = elements.flatMap((e) => attribute(e, 'id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('sets best values in bold, numbers to the right, and empty cells empty', () => {
    const table = named(elements, 'table')[0]!;
    const inside = elementsOf(
      `<!doctype html><title>t</title>${html.slice(html.indexOf('<table'), html.indexOf('</table>') + 8)}`,
    );
    expect(named(inside, 'strong').map(textOf)).toEqual(['0.8000', '0.690']);
    expect(named(inside, 'td').slice(0, 5).map(textOf)).toEqual(['average', '0.6600', '1.021', '10,890', '']);
    expect(
      named(inside, 'td')
        .slice(0, 2)
        .map((e) => attribute(e, 'class')),
    ).toEqual([undefined, 'number']);
    expect(textOf(table)).toContain('best values in bold');
  });

  it('has colours for light and for dark, and one set for paper', () => {
    const style = textOf(named(elements, 'style')[0]!);
    expect(style).toContain('@media (prefers-color-scheme: dark)');
    expect(style).toContain('@media print');
    const used = new Set([...html.matchAll(/var\((--[\w-]+)/g)].map((match) => match[1]));
    for (const name of used) expect(style).toContain(`${name}:`);
  });

  it('writes the same page for the same report', () => {
    expect(renderReport(structuredClone(sampleReport))).toBe(html);
  });

  it('shows markup in any text as text', () => {
    const nasty = `</title></style><script>alert(1)</script><img src=x onerror=alert(1)> "'&amp;`;
    const page = renderReport({
      title: nasty,
      subtitle: nasty,
      footer: nasty,
      sections: [
        { type: 'text', heading: nasty, text: nasty },
        { type: 'figures', figures: [{ label: nasty, value: nasty, note: nasty }] },
        { type: 'table', caption: nasty, table: { columns: [nasty], rows: [[nasty]] } },
        { type: 'code', code: nasty },
        {
          type: 'charts',
          charts: [
            {
              type: 'bar',
              title: nasty,
              description: nasty,
              categories: [nasty],
              series: [
                { name: nasty, values: [1] },
                { name: 'b', values: [1] },
              ],
            },
          ],
        },
      ],
    });
    const all = elementsOf(page);
    for (const tag of ['script', 'img']) expect(named(all, tag)).toEqual([]);
    for (const tag of ['h1', 'h2', 'dt', 'td', 'th', 'code', 'caption', 'figcaption', 'footer', 'desc']) {
      expect(named(all, tag).some((e) => textOf(e) === nasty)).toBe(true);
    }
  });

  it('parts paragraphs at empty lines and keeps code as it is', () => {
    const all = elementsOf(
      renderReport(report({ type: 'text', text: 'a\nb\n\n\nc' }, { type: 'code', code: 'x:\n  - y\n' })),
    );
    expect(named(all, 'p').map(textOf)).toEqual(['a\nb', 'c']);
    expect(named(all, 'code').map(textOf)).toEqual(['x:\n  - y\n']);
  });

  it('lists the first 200 points of a large chart and says how many follow', () => {
    const x = Array.from({ length: 1250 }, (_, i) => i);
    const chart = { type: 'scatter', title: 't', series: [{ name: 's', x, y: x }] } as const;
    const all = elementsOf(renderReport(report({ type: 'charts', charts: [chart] })));
    expect(named(all, 'td')).toHaveLength(200 * 3);
    expect(named(all, 'p').map(textOf)).toEqual(['… and 1,050 more rows']);
  });

  it('names the section of a chart or table that is not in order', () => {
    const bad = { type: 'line', title: 't', series: [{ name: 's', x: [1], y: [NaN] }] } as const;
    expect(() => renderReport(report({ type: 'text', text: '' }, { type: 'charts', charts: [bad] }))).toThrow(
      'renderReport: sections[1]: chart: series[0] "s" y[0] is NaN, expected a finite number',
    );
    expect(() => renderReport(report({ type: 'table', table: { columns: ['a'], rows: [[]] } }))).toThrow(
      'renderReport: sections[0]: table: rows[0] has 0 cells, expected 1 as in columns',
    );
    expect(() => renderReport(report({ type: 'video' } as never))).toThrow(
      'renderReport: sections[0]: type is "video", expected text, figures, table, charts or code',
    );
  });

  it('refuses a report without sections and a language that is no tag', () => {
    expect(() => renderReport(report())).toThrow('sections is empty');
    expect(() => renderReport({ ...sampleReport, language: 'en"><script>' })).toThrow(
      'expected a tag such as en or pt-BR',
    );
  });
});
