import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderChart, type ChartSpec } from '../../src/charts/index.js';
import { sampleCharts } from '../sample-report.js';
import { parseSvg, pathSize, type Element } from '../svg.js';

const light = (chart: ChartSpec): Element[] => parseSvg(renderChart(chart, { theme: 'light' }));
const filled = (elements: Element[], fill: string): Element[] =>
  elements.filter(({ name, attributes }) => name === 'path' && attributes.fill === fill);
const texts = (elements: Element[]): string[] => elements.filter((e) => e.name === 'text').map((e) => e.text);
const BLUE = '#1a5cf0';
const ORANGE = '#e66528';
const INK = '#1d2129';

describe.each(Object.entries(sampleCharts))('the sample chart %s', (_name, chart: ChartSpec) => {
  it('is well-formed XML with a title, a description and no outside references, scripts or styles', () => {
    const elements = light(chart);
    expect(elements[0]).toMatchObject({ name: 'svg', attributes: { role: 'img', width: '520' } });
    expect(elements[1]).toMatchObject({ name: 'title', text: chart.title });
    expect(elements[2]!.name).toBe('desc');
    expect(elements[2]!.text.length).toBeGreaterThan(10);
    expect(elements.map((e) => e.name)).not.toContain('style');
    const ids = elements.flatMap((e) => e.attributes.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const references = JSON.stringify(elements.map((e) => e.attributes)).match(/url\(#([^)]*)\)/g) ?? [];
    for (const reference of references) expect(ids).toContain(reference.slice(5, -1));
  });

  it('is drawn the same way every time', () => {
    expect(renderChart(structuredClone(chart))).toBe(renderChart(chart));
  });

  it('writes colours only as variables with a fall-back in the theme for CSS', () => {
    const colours = renderChart(chart).match(/(?:fill|stroke)="[^"]*"/g)!;
    const plain = colours.filter((c) => !/="(none|#000|var\(--wl-[\w-]+, #[0-9a-f]{6}\))"/.test(c));
    expect(plain).toEqual([]);
  });
});

describe('renderChart', () => {
  it('draws bars in proportion to their values, and error bars to their errors', () => {
    const elements = light({
      type: 'bar',
      title: 't',
      categories: ['a', 'b'],
      series: [{ name: 's', values: [1, 3], errors: [0.5, 0] }],
    });
    const [one, three] = filled(elements, BLUE).map((e) => pathSize(e.attributes.d!));
    expect(three!.height / one!.height).toBeCloseTo(3, 1);
    const strokes = elements.filter((e) => e.attributes.stroke === INK).map((e) => pathSize(e.attributes.d!));
    expect(strokes).toHaveLength(3); // a line and two ends, for the one bar that has an error
    expect(strokes[0]!.height / one!.height).toBeCloseTo(1, 1);
    expect(strokes[0]!.top + strokes[0]!.height / 2).toBeCloseTo(one!.top, 0);
  });

  it('shows the name of every one of a few bars, and numbers above bars that reach the end of a fixed axis', () => {
    const categories = ['uniform weights', 'random search', 'CMA-ES', 'the best single model'];
    const elements = light({
      type: 'bar',
      title: 'accuracy',
      categories,
      series: [{ name: 'accuracy', values: [97, 98, 99.5, 100] }],
      valueAxis: { range: [0, 100] },
    });
    expect(texts(elements)).toEqual(expect.arrayContaining([...categories, '97', '98', '99.5', '100']));
    expect(elements.filter(({ name }) => name === 'clipPath')).toEqual([]);
  });

  it('ends bars that are longer than a fixed axis at its end', () => {
    const bars = filled(
      light({
        type: 'bar',
        title: 'cut',
        categories: ['a', 'b'],
        series: [{ name: 's', values: [10, 20] }],
        valueAxis: { range: [0, 10] },
      }),
      BLUE,
    ).map(({ attributes }) => pathSize(attributes.d!).height);
    expect(bars[0]).toBeCloseTo(bars[1]!, 1);
  });

  it('draws horizontal bars of negative values to the left of zero', () => {
    const [plus, minus] = filled(
      light({
        type: 'bar',
        title: 't',
        categories: ['a', 'b'],
        horizontal: true,
        series: [{ name: 's', values: [2, -1] }],
      }),
      BLUE,
    ).map((e) => pathSize(e.attributes.d!));
    expect(minus!.left + minus!.width).toBeCloseTo(plus!.left, 0);
    expect(plus!.width / minus!.width).toBeCloseTo(2, 1);
    expect(minus!.top).toBeGreaterThan(plus!.top); // the first category is on top
  });

  it('puts the points of a line where their numbers say', () => {
    const line = light({
      type: 'line',
      title: 't',
      series: [{ name: 's', x: [0, 1, 4], y: [0, 10, 20], points: false }],
    }).find((e) => e.attributes.stroke === BLUE)!;
    const [[x0, y0], [x1, y1], [x4, y20]] = line.attributes
      .d!.slice(1)
      .split('L')
      .map((pair) => pair.split(' ').map(Number)) as [number, number][] as [
      [number, number],
      [number, number],
      [number, number],
    ];
    expect((x4 - x0) / (x1 - x0)).toBeCloseTo(4, 1);
    expect((y20 - y0) / (y1 - y0)).toBeCloseTo(2, 1);
    expect(y20).toBeLessThan(y0);
  });

  it('gives every decade of a log axis the same room', () => {
    const dots = light({
      type: 'scatter',
      title: 't',
      xAxis: { scale: 'log' },
      series: [{ name: 's', x: [1, 10, 1000], y: [1, 1, 2] }],
    })
      .filter((e) => e.attributes.fill === BLUE)
      .map((e) => Number(e.attributes.transform!.split(',')[4]));
    expect((dots[2]! - dots[0]!) / (dots[1]! - dots[0]!)).toBeCloseTo(3, 3);
  });

  it('puts ticks at whole numbers only where asked', () => {
    const x = [0, 1, 2, 3];
    const ticks = (whole: boolean) =>
      texts(
        light({ type: 'line', title: 't', xAxis: { whole }, series: [{ name: 's', x, y: [0, 0, 0, 9] }] }),
      );
    expect(ticks(false)).toContain('0.5');
    expect(ticks(true)).not.toContain('0.5');
    expect(ticks(true)).toEqual(expect.arrayContaining(['0', '1', '2', '3']));
  });

  it('draws a band as one polygon between its borders', () => {
    const elements = light(sampleCharts.line);
    const polygons = elements.filter((e) => e.name === 'polygon');
    expect(polygons).toHaveLength(1);
    expect(polygons[0]!.attributes).toMatchObject({ fill: BLUE, 'fill-opacity': '0.24' });
    expect(polygons[0]!.attributes.points!.trim().split(/\s+/)).toHaveLength(25 * 2 * 2);
  });

  it('counts the values of a histogram in bars of the right height', () => {
    const bars = filled(
      light({
        type: 'histogram',
        title: 't',
        series: [{ name: 's', values: [0.1, 0.2, 0.3, 1.5, 2.5, 2.6] }],
        bins: 3,
      }),
      BLUE,
    ).map((e) => pathSize(e.attributes.d!).height);
    expect(bars[0]! / bars[1]!).toBeCloseTo(3, 1);
    expect(bars[2]! / bars[1]!).toBeCloseTo(2, 1);
  });

  it('colours the cells of a heat map from least to greatest and writes their numbers', () => {
    const elements = light({
      type: 'heatmap',
      title: 't',
      rows: ['a', 'b'],
      columns: ['c', 'd'],
      values: [
        [0, 1],
        [2, 3],
      ],
    });
    const cells = elements
      .filter(
        (e) => e.name === 'path' && pathSize(e.attributes.d!).height > 20 && e.attributes.fill !== 'none',
      )
      .map((e) => e.attributes.fill);
    expect(cells[0]).toBe('#eef4ff');
    expect(cells[3]).toBe('#0b2a66');
    expect(new Set(cells).size).toBe(4);
    expect(texts(elements)).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd', '0', '1', '2', '3']));
  });

  it('gives zero the middle of the two colours in a diverging heat map', () => {
    const svg = renderChart(
      {
        type: 'heatmap',
        title: 't',
        rows: ['a'],
        columns: ['b', 'c'],
        values: [[-1, 0.01]],
        diverging: true,
      },
      { theme: 'css', id: 'x' },
    );
    expect(svg.match(/--wl-diverging-\d+/g)!.slice(-4)).toEqual(
      expect.arrayContaining(['--wl-diverging-0', '--wl-diverging-8']),
    );
  });

  it('shades pictures from least to greatest, and joins equal pixels in a line', () => {
    const elements = light({
      type: 'images',
      title: 't',
      rows: ['row'],
      columns: ['one', 'two'],
      size: [2, 3],
      images: [
        [
          [0, 0, 9, 0, 0, 9],
          [9, 9, 9, 9, 9, 9],
        ],
      ],
    });
    expect(texts(elements)).toEqual(['one', 'two', 'row']);
    const paths = elements
      .filter(({ name }) => name === 'path')
      .map(({ attributes: { d, fill } }) => [d, fill]);
    expect(paths).toEqual([
      ['M0 0h2v1h-2zM0 1h2v1h-2z', '#eef4ff'],
      ['M2 0h1v1h-1zM2 1h1v1h-1z', '#0b2a66'],
      ['M0 0h3v1h-3zM0 1h3v1h-3z', '#0b2a66'],
    ]);
  });

  it('shades each picture by itself where asked', () => {
    const images = [
      [
        [0, 1],
        [0, 100],
      ],
    ];
    const chart = {
      type: 'images',
      title: 't',
      rows: ['r'],
      columns: ['a', 'b'],
      size: [1, 2],
      images,
    } as const;
    const fills = (range: 'all' | 'each') =>
      light({ ...chart, range }).flatMap(({ name, attributes }) =>
        name === 'path' ? [attributes.fill] : [],
      );
    expect(fills('all')).toEqual(['#eef4ff', '#eef4ff', '#0b2a66']);
    expect(fills('each')).toEqual(['#eef4ff', '#0b2a66', '#eef4ff', '#0b2a66']);
  });

  it('draws a constant heat map and a histogram of one value', () => {
    expect(() =>
      light({ type: 'heatmap', title: 't', rows: ['a'], columns: ['b'], values: [[5]] }),
    ).not.toThrow();
    const bars = filled(
      light({ type: 'histogram', title: 't', series: [{ name: 's', values: [5, 5] }] }),
      BLUE,
    );
    expect(bars).toHaveLength(1);
  });

  it('shows a legend where there are several series, and none for one', () => {
    expect(texts(light(sampleCharts.bar))).toContain('task arithmetic');
    expect(texts(light(sampleCharts.logLine)).filter((text) => text === 'ε')).toEqual([]);
  });

  it('draws dashed lines for the seventh series, whose colour is that of the first', () => {
    const series = Array.from({ length: 7 }, (_, i) => ({
      name: `s${i}`,
      x: [0, 1],
      y: [i, i],
      points: false,
    }));
    const lines = light({ type: 'line', title: 't', series }).filter(
      (e) => e.attributes.stroke === BLUE && e.attributes['stroke-width'] === '2',
    );
    const dashes = lines.map((e) => e.attributes['stroke-dasharray']);
    expect(new Set(dashes)).toEqual(new Set([undefined, '8,4']));
  });

  it('thins lines of many points without changing their ends', () => {
    const n = 20_000;
    const x = Float64Array.from({ length: n }, (_, i) => i);
    const svg = renderChart({
      type: 'line',
      title: 't',
      series: [{ name: 's', x, y: x.map((v) => Math.sin(v / 500)) }],
    });
    expect(svg.length).toBeLessThan(30_000);
  });

  it('draws a landscape of 90,000 cells without their numbers', () => {
    const names = Array.from({ length: 300 }, (_, i) => `${i}`);
    const values = names.map((_, r) =>
      Float32Array.from(names, (_name, c) => Math.sin(r / 20) * Math.cos(c / 30)),
    );
    const svg = renderChart({ type: 'heatmap', title: 't', rows: names, columns: names, values });
    expect(svg.match(/<path/g)!.length).toBeGreaterThanOrEqual(90_000);
    expect(svg.match(/<text/g)!.length).toBeLessThan(200);
  });

  it('shows any text as text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }), (text) => {
        const clean = text.replace(/[^\P{C}\t\n]/gu, ''); // XML has no way to write control characters
        const nasty = `${clean}<script>"'&amp;]]>`;
        const elements = light({
          type: 'bar',
          title: nasty,
          description: nasty,
          categories: ['a'],
          series: [
            { name: nasty, values: [1] },
            { name: 'other', values: [2] },
          ],
        });
        const names = new Set(elements.map((e) => e.name));
        expect(
          [...names].filter(
            (name) => !['svg', 'title', 'desc', 'path', 'text', 'g', 'defs', 'clipPath'].includes(name),
          ),
        ).toEqual([]);
        expect(elements[1]!.text.replace(/\r\n?/g, '\n')).toBe(nasty.replace(/\r\n?/g, '\n'));
      }),
      { numRuns: 30 },
    );
  });

  it('gives ids from the chart itself, or the one asked for', () => {
    expect(renderChart(sampleCharts.bar, { id: 'mine' })).toContain('aria-labelledby="mine-title mine-desc"');
    expect(renderChart(sampleCharts.bar)).not.toBe(renderChart({ ...sampleCharts.bar, title: 'other' }));
    expect(() => renderChart(sampleCharts.bar, { id: 'a b' })).toThrow(
      'renderChart: id is "a b", expected a letter',
    );
  });

  it('takes its size from the chart', () => {
    const svg = parseSvg(renderChart({ ...sampleCharts.scatter, width: 300, height: 200 }))[0]!;
    expect(svg.attributes).toMatchObject({ width: '300', height: '200', viewBox: '0 0 300 200' });
  });

  it('keeps to the range asked for', () => {
    const bars = filled(
      light({
        type: 'bar',
        title: 't',
        categories: ['a', 'b'],
        valueAxis: { range: [0, 4] },
        series: [
          { name: 's', values: [2, 4] },
          { name: 'z', values: [1, 1] },
        ],
      }),
      ORANGE,
    ).map((e) => pathSize(e.attributes.d!).height);
    expect(bars[0]).toBe(bars[1]);
  });
});
