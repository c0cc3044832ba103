import { AdapterError } from '../adapter-error.js';
import { effectiveRank } from '../internal/choose-rank.js';
import { difference, frobenius, matrix } from '../internal/multiply.js';
import { thinSvd } from '../internal/singular.js';
import { quote } from '../internal/text.js';
import { finiteValues } from '../internal/values.js';
import { readerOf, type WeightSource } from '../internal/weights-reader.js';
import type { Diagnosis, DiagnoseOptions, LayerDiagnosis } from './diagnose-adapter.js';
import { checkIntruderOptions, intrudersOf } from './intruder-dimensions.js';

/**
 * The numbers of `diagnoseAdapter` for any fine-tune and its base: every weight with two axes or more that both have and that differs.
 * `rank` is the number of singular values above 1e-6 of the largest, `scaling` 1.
 *
 * @throws {AdapterError} for shapes that differ and NaN; {@link RangeError} for options out of range
 */
export async function compareWeights(
  base: WeightSource,
  tuned: WeightSource,
  options: DiagnoseOptions = {},
): Promise<Diagnosis> {
  const where = 'compareWeights';
  checkIntruderOptions(options, where);
  const { topK = 10, threshold = 0.5 } = options;
  const [before, after] = [readerOf(base), readerOf(tuned)];
  const names = [...before.shapes]
    .filter(([name, shape]) => shape.length > 1 && after.shapes.has(name))
    .map(([name]) => name);
  if (names.length === 0)
    throw new AdapterError({ where, expected: 'weights that both models have', received: 'none' });
  const layers: LayerDiagnosis[] = [];
  for (const [i, name] of names.entries()) {
    options.signal?.throwIfAborted();
    const at = `${where}: ${quote(name)}`;
    const [w, v] = [await before.read(name), await after.read(name)].map((raw, side) => {
      const values = finiteValues(raw, `${at} in the ${side === 0 ? 'base' : 'fine-tune'}`);
      return matrix(values, raw.shape[0]!, values.length / raw.shape[0]!);
    }) as [ReturnType<typeof matrix>, ReturnType<typeof matrix>];
    const { similarities, intruders } = intrudersOf(w, v, { topK, threshold }, at);
    const delta = difference(v.values, w.values);
    const norm = frobenius(delta);
    if (norm > 0) {
      const { s } = thinSvd(matrix(delta, w.rows, w.columns));
      layers.push({
        path: name.replace(/\.weight$/, ''),
        rank: s.filter((value) => value > 1e-6 * s[0]!).length,
        scaling: 1,
        norm,
        relativeNorm: norm / frobenius(w.values),
        singularValues: [...s],
        effectiveRank: effectiveRank(s),
        similarities,
        intruders: intruders.length,
      });
    }
    options.onProgress?.({ done: i + 1, total: names.length, label: name });
  }
  return { topK, threshold, layers, intruders: layers.reduce((sum, { intruders }) => sum + intruders, 0) };
}
