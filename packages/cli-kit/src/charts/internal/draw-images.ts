import { escapeXml } from '../../internal/escape-xml.js';
import type { ImageGrid } from '../chart-spec.js';
import { RAMP_STEPS } from '../palette.js';
import { FONT, textWidth, type Canvas } from './frame.js';

const GAP = 8;
const TOP = 26;
const LARGEST = 96; // px, the longer side of a picture

/** Places and sizes in px. */
interface Layout {
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

function layout({ rows, columns, size: [high, wide] }: ImageGrid, width: number): Layout {
  const left = GAP + Math.max(0, ...rows.map(textWidth)) + GAP;
  const room = Math.max(8, (width - left) / columns.length - GAP);
  const scale = Math.min(room / wide, LARGEST / Math.max(high, wide));
  return { left, width: wide * scale, height: high * scale };
}

/** Height in px that gives every row of pictures room. */
export const imagesHeight = (chart: ImageGrid, width: number): number =>
  Math.ceil(TOP + chart.rows.length * (layout(chart, width).height + GAP) + GAP);

/** The pictures, each of at most as many shapes as the ramp has shades, with names of rows and columns. */
export function drawImages(chart: ImageGrid, { width, paint }: Canvas): string {
  const place = layout(chart, width);
  const text = (x: number, y: number, anchor: string, label: string) =>
    `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" dominant-baseline="central" fill="${paint('ink')}" style="font:12px ${FONT}">${escapeXml(label)}</text>`;
  const at = (column: number) => place.left + column * (place.width + GAP);
  const top = (row: number) => TOP + row * (place.height + GAP);
  const columns = chart.columns.map((name, c) => text(at(c) + place.width / 2, TOP / 2, 'middle', name));
  const rows = chart.rows.map((name, r) => text(place.left - GAP, top(r) + place.height / 2, 'end', name));
  const range = chart.range === 'each' ? undefined : rangeOf(chart, chart.images.flat());
  const ramp = chart.diverging ? 'diverging' : 'ramp';
  const pictures = chart.images.flatMap((row, r) =>
    row.map((image, c) => {
      const shapes = shadesOf(image, chart.size, range ?? rangeOf(chart, [image]));
      const scale = place.width / chart.size[1];
      const paths = [...shapes].map(
        ([shade, path]) => `<path d="${path}" fill="${paint(`${ramp}-${shade}`)}"/>`,
      );
      return `<g shape-rendering="crispEdges" transform="translate(${round(at(c))} ${round(top(r))}) scale(${round(scale)})">${paths.join('')}</g>`;
    }),
  );
  return [...columns, ...rows, ...pictures].join('');
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

function rangeOf({ diverging }: ImageGrid, images: readonly ArrayLike<number>[]): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const image of images) {
    for (let i = 0; i < image.length; i++) {
      low = Math.min(low, image[i]!);
      high = Math.max(high, image[i]!);
    }
  }
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return diverging ? [-reach, reach] : [low, high];
}

/** The pixels of each shade as one path: runs of equal pixels in a line are one rectangle. */
function shadesOf(
  image: ArrayLike<number>,
  [high, wide]: readonly [number, number],
  [low, top]: readonly [number, number],
): ReadonlyMap<number, string> {
  const shade = (value: number): number =>
    top === low ? 0 : Math.min(RAMP_STEPS - 1, Math.floor(((value - low) / (top - low)) * RAMP_STEPS));
  const paths = new Map<number, string>();
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide;) {
      const own = shade(image[y * wide + x]!);
      let end = x + 1;
      while (end < wide && shade(image[y * wide + end]!) === own) end++;
      paths.set(own, `${paths.get(own) ?? ''}M${x} ${y}h${end - x}v1h${x - end}z`);
      x = end;
    }
  }
  return paths;
}
