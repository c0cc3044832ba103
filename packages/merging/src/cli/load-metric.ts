import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The user's function from a module, by `--evaluate ./metric.mjs`: its export `evaluate`, or its default export.
 *
 * @throws {RangeError} when there is none
 */
export async function loadMetric<Metric extends (...args: never[]) => unknown>(
  path: string,
): Promise<Metric> {
  const module = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  const metric = module.evaluate ?? module.default;
  if (typeof metric === 'function') return metric as Metric;
  throw new RangeError(
    `--evaluate ${path}: expected a module that exports a function as evaluate or default, received ${Object.keys(module).join(', ') || 'no exports'}`,
  );
}
