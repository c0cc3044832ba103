import { SaxesParser } from 'saxes';

/** One element of a drawing. */
export interface Element {
  name: string;
  attributes: Record<string, string>;
  text: string;
}

/** The elements of an SVG in document order, read by a strict XML parser that knows none of our code. */
export function parseSvg(svg: string): Element[] {
  const parser = new SaxesParser();
  const elements: Element[] = [];
  const open: Element[] = [];
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, text: '' };
    elements.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    if (open.length > 0) open.at(-1)!.text += text;
  });
  parser.on('closetag', () => open.pop());
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(svg).close();
  return elements;
}

/** Width and height of what a path of straight lines (`M`, `L`, `l`, `Z`) and rounded corners spans. */
export function pathSize(d: string): { left: number; top: number; width: number; height: number } {
  let [x, y] = [0, 0];
  const xs: number[] = [];
  const ys: number[] = [];
  for (const [, command, rest] of d.matchAll(/([MLlAaZz])([^MLlAaZz]*)/g)) {
    const numbers = (rest!.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
    const step = command === 'A' || command === 'a' ? 7 : 2;
    for (let i = 0; i + step <= numbers.length; i += step) {
      const [a, b] = numbers.slice(i + step - 2, i + step) as [number, number];
      const relative = command === 'l' || command === 'a';
      [x, y] = relative ? [x + a, y + b] : [a, b];
      xs.push(x);
      ys.push(y);
    }
  }
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}
