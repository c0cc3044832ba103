import { dtypeBits, toFloat32 } from '@weightloom/checkpoint';
import type { TensorSource } from '@weightloom/state-dict';
import type { RecipeModel } from './recipe-model.js';
import { RecipeError } from './recipe-error.js';

/** Where a row of an embedding comes from. */
export type Row =
  | { readonly kind: 'row'; readonly model: RecipeModel; readonly id: number }
  | { readonly kind: 'mean'; readonly of: readonly { readonly model: RecipeModel; readonly id: number }[] }
  | { readonly kind: 'mean-of-all' }
  | { readonly kind: 'zero' };

/** Rows that are read at once for the mean of all. */
const ROWS_AT_ONCE = 1024;

/**
 * An embedding whose rows come from elsewhere: as float32, row by row.
 *
 * @param source - the embedding of the model itself, for its shape and the mean of its rows
 * @param rows - one per row of the result
 * @param sourceOf - the embedding of another model
 */
export function rowSource(
  source: TensorSource,
  rows: readonly Row[],
  sourceOf: (model: RecipeModel) => TensorSource,
): TensorSource {
  const { label } = source;
  const width = source.shape.slice(1).reduce((n, size) => n * size, 1);
  let mean: Promise<Float64Array> | undefined;

  const readRow = async (
    { model, id }: { readonly model: RecipeModel; readonly id: number },
    count: number,
  ) => {
    const from = sourceOf(model);
    const [height] = from.shape;
    if (id + count <= height! && from.shape.slice(1).join() === source.shape.slice(1).join()) {
      return readValues(from, id * width, (id + count) * width);
    }
    throw new RecipeError({
      where: from.label,
      expected: `a row ${id + count - 1} of ${width} values, for ${label}`,
      received: `shape [${from.shape.join(', ')}]`,
    });
  };
  const fill = async (row: Row, count: number, out: Float32Array): Promise<void> => {
    if (row.kind === 'row') out.set(await readRow(row, count));
    else if (row.kind === 'mean') {
      const total = new Float64Array(width);
      for (const owner of row.of) addTo(total, await readRow(owner, 1), 1 / row.of.length);
      out.set(total);
    } else if (row.kind === 'mean-of-all') out.set(await (mean ??= meanOfRows(source, width)));
    else out.fill(0);
  };

  return {
    label,
    dtype: 'F32',
    shape: [rows.length, ...source.shape.slice(1)],
    async read(begin, end, scratch) {
      const first = Math.floor(begin / width);
      const last = Math.ceil(end / width);
      const values = new Float32Array((last - first) * width);
      for (let i = first; i < last;) {
        const count = runLength(rows, i, last);
        await fill(rows[i]!, count, values.subarray((i - first) * width, (i - first + count) * width));
        i += count;
      }
      const part = values.subarray(begin - first * width, end - first * width);
      scratch.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      return scratch;
    },
  };
}

/** How many rows from `i` on follow each other in one model too. */
function runLength(rows: readonly Row[], i: number, end: number): number {
  const row = rows[i]!;
  if (row.kind !== 'row') return 1;
  let count = 1;
  for (; i + count < end; count++) {
    const next = rows[i + count]!;
    if (next.kind !== 'row' || next.model !== row.model || next.id !== row.id + count) break;
  }
  return count;
}

async function readValues(source: TensorSource, begin: number, end: number): Promise<Float32Array> {
  const { dtype } = source;
  const bytes = new Uint8Array(((end - begin) * dtypeBits[dtype]) / 8);
  return toFloat32(
    { dtype, shape: [end - begin], bytes: await source.read(begin, end, bytes) },
    { allowLoss: true },
  );
}

async function meanOfRows(source: TensorSource, width: number): Promise<Float64Array> {
  const [height] = source.shape;
  const total = new Float64Array(width);
  for (let row = 0; row < height!; row += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, height! - row);
    const values = await readValues(source, row * width, (row + count) * width);
    for (let i = 0; i < count; i++) addTo(total, values.subarray(i * width, (i + 1) * width), 1 / height!);
  }
  return total;
}

function addTo(total: Float64Array, values: Float32Array, factor: number): void {
  for (let j = 0; j < total.length; j++) total[j]! += factor * values[j]!;
}
