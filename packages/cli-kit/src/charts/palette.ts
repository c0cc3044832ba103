/** How the colours of a drawing are written: as CSS variables with a light fall-back, or fixed for one background. */
export type ChartTheme = 'css' | 'light' | 'dark';

/** Shades in a ramp of a heat map. */
export const RAMP_STEPS = 16;

/**
 * Six series colours told apart by people with normal, red-, green- and blue-blind vision: in each of the four, every
 * two lie at least 0.1 apart in OKLab, and all have a contrast of 3:1 with the background. Further series repeat the
 * colours with another dash and symbol.
 */
const SERIES = {
  light: ['#1a5cf0', '#e66528', '#106755', '#927f96', '#563500', '#1b97ff'],
  dark: ['#6a84e0', '#e0651f', '#2dcb92', '#c79cff', '#f4e04a', '#a6f2f7'],
};

const BASE = {
  light: { surface: '#ffffff', ink: '#1d2129', muted: '#5b6270', grid: '#e3e6eb' },
  dark: { surface: '#16181d', ink: '#e8eaee', muted: '#a3aab6', grid: '#30343c' },
};

/** From least to greatest: near the background first, so that what is large stands out. */
const SEQUENTIAL = {
  light: ['#eef4ff', '#8db4f5', '#2f67c9', '#0b2a66'],
  dark: ['#1d2534', '#2b4f8f', '#5c93e6', '#d3e5ff'],
};

/** Below zero, about zero, above zero. */
const DIVERGING = {
  light: ['#8a3a06', '#eb9a5b', '#f5f5f5', '#7aa6ee', '#0b3b94'],
  dark: ['#ffc491', '#b5591a', '#24272e', '#3767b8', '#b5d0ff'],
};

/** Every colour by name, for one background. */
export function chartColours(mode: 'light' | 'dark'): Record<string, string> {
  const colours: Record<string, string> = { ...BASE[mode] };
  SERIES[mode].forEach((colour, i) => (colours[`series-${i}`] = colour));
  for (let step = 0; step < RAMP_STEPS; step++) {
    const at = step / (RAMP_STEPS - 1);
    for (const [name, stops] of Object.entries({ ramp: SEQUENTIAL[mode], diverging: DIVERGING[mode] })) {
      const colour = mix(stops, at);
      colours[`${name}-${step}`] = colour;
      colours[`${name}-text-${step}`] = textOn(colour);
    }
  }
  return colours;
}

/**
 * The CSS declarations that drawings of theme `css` read, for one background: put them under a selector of your own.
 *
 * ```ts
 * const css = `:root { ${chartVariables('light')} } .dark { ${chartVariables('dark')} }`;
 * ```
 */
export function chartVariables(mode: 'light' | 'dark'): string {
  return Object.entries(chartColours(mode))
    .map(([name, colour]) => `--wl-${name}: ${colour};`)
    .join(' ');
}

/** Names of colours → what is written into the drawing. */
export function colourWriter(theme: ChartTheme): (name: string) => string {
  const colours = chartColours(theme === 'dark' ? 'dark' : 'light');
  return (name) => (theme === 'css' ? `var(--wl-${name}, ${colours[name]})` : colours[name]!);
}

/** The name of the series colour at `index`; colours repeat after six. */
export const seriesColour = (index: number): string => `series-${index % SERIES.light.length}`;

/** How often the colours have repeated before series `index`. */
export const seriesRound = (index: number): number => Math.floor(index / SERIES.light.length);

/** Black or white text on a colour, whichever is easier to read. */
function textOn(colour: string): string {
  const [r, g, b] = channels(colour).map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return luminance > 0.179 ? '#000000' : '#ffffff';
}

const channels = (colour: string): number[] => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** The colour at `at` in `[0, 1]` along a line of stops, mixed in sRGB. */
function mix(stops: string[], at: number): string {
  const place = at * (stops.length - 1);
  const left = Math.min(Math.floor(place), stops.length - 2);
  const from = channels(stops[left]!);
  const to = channels(stops[left + 1]!);
  const mixed = from.map((value, i) => Math.round(value + (to[i]! - value) * (place - left)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
