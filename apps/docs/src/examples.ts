/// <reference types="vite/client" />
import type { Example } from './example.js';

/** Where an example is: its package's folder name and its paper's id. */
export interface ExampleEntry {
  readonly package: string;
  readonly id: string;
  /** Imports the example's module. */
  readonly load: () => Promise<Example>;
}

const files = import.meta.glob<Example>('../examples/*/*.ts');

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Every example, by package and id. */
export const examples: readonly ExampleEntry[] = Object.entries(files)
  .map(([path, load]) => {
    const [folder, file] = path.split('/').slice(-2) as [string, string];
    return { package: folder, id: file.replace(/\.ts$/, ''), load };
  })
  .sort((a, b) => compare(a.package, b.package) || compare(a.id, b.id));

/**
 * The example of that package and id.
 *
 * @throws {RangeError} when there is none
 */
export function findExample(packageName: string, id: string): ExampleEntry {
  const entry = examples.find((example) => example.package === packageName && example.id === id);
  if (!entry) throw new RangeError(`findExample: expected a known example, received "${packageName}/${id}"`);
  return entry;
}
