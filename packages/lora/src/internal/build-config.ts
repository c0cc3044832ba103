import {
  type LoraConfig,
  loraConfig,
  type LoraConfigOptions,
  type PatternMap,
} from '../format/lora-config.js';
import { patternLookup } from '../format/match-modules.js';

/** What is known of a layer when its configuration is written. */
export interface LayerSetting {
  readonly path: string;
  readonly rank: number;
  readonly alpha: number;
}

/**
 * A configuration for layers of given ranks and alphas: what most layers have becomes `r` and `loraAlpha`, the others go to the
 * patterns. Targets are the layers' full paths.
 */
export function configFor(
  settings: readonly LayerSetting[],
  options: Omit<LoraConfigOptions, 'targetModules' | 'r' | 'loraAlpha' | 'rankPattern' | 'alphaPattern'> = {},
): LoraConfig {
  const r = mostCommon(settings.map(({ rank }) => rank));
  const loraAlpha = mostCommon(settings.map(({ alpha }) => alpha));
  return loraConfig({
    ...options,
    targetModules: settings.map(({ path }) => path),
    r,
    loraAlpha,
    rankPattern: patternFor(
      settings.map(({ path, rank }) => [path, rank]),
      r,
    ),
    alphaPattern: patternFor(
      settings.map(({ path, alpha }) => [path, alpha]),
      loraAlpha,
    ),
  });
}

function mostCommon(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** Patterns that give each path its value and leave the others to the default. */
function patternFor(values: readonly (readonly [string, number])[], fallback: number): PatternMap {
  const others = values.filter(([, value]) => value !== fallback);
  const plain = Object.fromEntries(others);
  const lookup = patternLookup(plain, 'pattern');
  if (values.every(([path, value]) => (lookup(path) ?? fallback) === value)) return plain;
  // A path may be the end of another, and a dot stands for any character: say it exactly.
  return Object.fromEntries(others.map(([path, value]) => [`^${path.replace(/[^\w]/g, '\\$&')}`, value]));
}

/** Last segments of paths where they name these modules and no others, else whole paths. */
export function shortTargets(paths: readonly string[], all: Iterable<string>): string[] {
  const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  const chosen = new Set(paths);
  const ambiguous = new Set([...all].filter((path) => !chosen.has(path)).map(last));
  return [...new Set(paths.map((path) => (ambiguous.has(last(path)) ? path : last(path))))].sort();
}
