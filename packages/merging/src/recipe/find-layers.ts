/** A stack of layers, by the names of its tensors: `model.layers.0.mlp.weight` is in layer 0 of stack `model.layers`. */
export interface LayerStack {
  /** What stands before the number. */
  readonly prefix: string;
  /** How many layers there are, 0 to `count - 1`. */
  readonly count: number;
}

/** Where a tensor is. */
export interface LayerPosition {
  readonly stack: LayerStack;
  readonly index: number;
  /** What stands after the number. */
  readonly rest: string;
}

/** The first number that stands alone between dots. */
const NUMBERED = /^(?:(.*?)\.)?(\d+)\.(.+)$/;

/** The stacks of layers in a model: prefixes whose numbers run from 0 without a gap. */
export function findLayers(names: Iterable<string>): LayerStack[] {
  const found = new Map<string, Set<number>>();
  for (const name of names) {
    const [, prefix = '', number] = NUMBERED.exec(name) ?? [];
    if (number === undefined || !isCanonical(number)) continue;
    const indices = found.get(prefix) ?? new Set();
    found.set(prefix, indices.add(Number(number)));
  }
  return [...found]
    .filter(([, indices]) => Math.max(...indices) === indices.size - 1)
    .map(([prefix, indices]) => ({ prefix, count: indices.size }))
    .sort((a, b) => b.count - a.count || (a.prefix < b.prefix ? -1 : 1));
}

/** Where a tensor is among the stacks; `undefined` outside of all. */
export function layerOf(name: string, stacks: readonly LayerStack[]): LayerPosition | undefined {
  const [, prefix = '', number, rest] = NUMBERED.exec(name) ?? [];
  if (number === undefined) return undefined;
  const stack = stacks.find((candidate) => candidate.prefix === prefix);
  return stack && Number(number) < stack.count ? { stack, index: Number(number), rest: rest! } : undefined;
}

/** The name of a tensor in another layer. */
export const nameInLayer = (stack: LayerStack, index: number, rest: string): string =>
  stack.prefix === '' ? `${index}.${rest}` : `${stack.prefix}.${index}.${rest}`;

const isCanonical = (number: string) => number === String(Number(number)) && number.length < 8;
