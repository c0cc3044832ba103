/** The place of a weight among the layers: `layer` from 0 to `of - 1`. */
export interface LayerPlace {
  readonly layer: number;
  readonly of: number;
}

/** Numbers in names by their value, so that `blocks.10` comes after `blocks.9`. */
const byName = new Intl.Collator('en', { numeric: true });

/**
 * Which layer each weight belongs to.
 *
 * @param layers - paths from input to output; default: all modules (names without their last part), ordered by name
 * @throws {RangeError} for a weight that belongs to none of them
 */
export function layerOrder(
  where: string,
  names: readonly string[],
  layers?: readonly string[],
): (name: string) => LayerPlace {
  const moduleOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));
  const paths = layers ?? [...new Set(names.map(moduleOf))].sort(byName.compare);
  const places = new Map<string, LayerPlace>();
  for (const name of names) {
    const found = paths
      .map((path, layer) => ({ path, layer }))
      .filter(({ path }) => path === '' || name === path || name.startsWith(`${path}.`))
      .sort((a, b) => b.path.length - a.path.length)[0];
    if (!found) {
      throw new RangeError(
        `${where}: expected layers to cover all weights, received none for ${JSON.stringify(name)}`,
      );
    }
    places.set(name, { layer: found.layer, of: paths.length });
  }
  return (name) => places.get(name)!;
}
