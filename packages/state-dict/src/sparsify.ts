import { foldIn, type Key } from '@weightloom/tensor-gpu';
import { blockRandom } from './chunked/block-random.js';
import type { Block, ChunkedMethod, ChunkedProgram, ChunkedTensor, Pass } from './chunked/chunked-method.js';
import { rankWindow } from './chunked/rank-window.js';
import { runInMemory } from './chunked/run-in-memory.js';
import type { StateDict } from './state-dict.js';

export interface SparsifyOptions {
  /** Fraction of each tensor that is kept, in (0, 1]. */
  readonly density: number;
  /**
   * What is kept:
   * - `'magnitude'` (default): the `⌊density · n⌋` largest by absolute value, of equal ones the first in order;
   * - `'random'`: each element with probability `density`; needs `key`.
   */
  readonly method?: 'magnitude' | 'random';
  /**
   * What the kept values are multiplied by, tensor by tensor:
   * - `'none'` (default): nothing;
   * - `'density'`: `1 / density`, so that the expectation is kept (DARE);
   * - `'l1'`: the factor that keeps `Σ |x|`, or nothing where hardly anything is left.
   */
  readonly rescale?: 'none' | 'density' | 'l1';
  /** Random key; the same key and tensor name give the same mask, whatever else is in the state dict. */
  readonly key?: Key;
}

/**
 * Zeroes most of the weights, tensor by tensor.
 *
 * @param dict - usually a task vector; left unchanged; whole numbers and masks stay as they are
 * @returns a new state dict with the shapes and dtypes of `dict`
 * @throws {RangeError} when `density` is not in (0, 1], or `'random'` has no key
 * @throws {StateDictError} naming a tensor with NaN or infinity
 */
export async function sparsify(dict: StateDict, options: SparsifyOptions): Promise<StateDict> {
  const { density, method = 'magnitude', key } = options;
  if (!(density > 0 && density <= 1)) {
    throw new RangeError(`sparsify: expected density in (0, 1], received ${density}`);
  }
  if (method === 'random' && !key)
    throw new RangeError('sparsify: expected a key for method "random", received none');
  return runInMemory(sparsifyMethod(options), [dict], { labels: ['dict'] });
}

function sparsifyMethod({ density, method, rescale = 'none', key }: SparsifyOptions): ChunkedMethod {
  return {
    name: 'sparsify',
    granularity: 'element',
    begin([tensor]): ChunkedProgram {
      const masks =
        method === 'random' ? randomMasks(density, foldIn(key!, tensor!.name)) : largest(density, tensor!);
      let factor = rescale === 'density' ? 1 / density : 1;
      const passes: Pass[] = [...masks.passes];
      if (rescale === 'l1') {
        const sums = { all: 0, kept: 0 };
        let mask: (block: Block) => Uint8Array;
        passes.push({
          reduce(block) {
            if (block.begin === 0) mask = masks.walk();
            const kept = mask(block);
            block.inputs[0]!.forEach((x, i) => {
              sums.all += Math.abs(x);
              if (kept[i]) sums.kept += Math.abs(x);
            });
          },
          finish: () => {
            if (sums.kept > 1e-7) factor = sums.all / sums.kept;
          },
        });
      }
      let mask: (block: Block) => Uint8Array;
      return {
        passes,
        emit(block, out) {
          if (block.begin === 0) mask = masks.walk();
          const kept = mask(block);
          const [x] = block.inputs;
          for (let i = 0; i < out.length; i++) out[i] = kept[i] ? x![i]! * factor : 0;
        },
      };
    },
  };
}

interface Masks {
  readonly passes: readonly Pass[];
  walk(): (block: Block) => Uint8Array;
}

function largest(density: number, { size }: ChunkedTensor): Masks {
  const window = rankWindow(size, size - Math.floor(density * size), size);
  const scores = ({ inputs }: Block) => inputs[0]!.map(Math.abs);
  return {
    passes: window.passes.map(({ reduce, finish }) => ({ reduce: (block) => reduce(scores(block)), finish })),
    walk() {
      const step = window.walk();
      return (block) => {
        const mask = new Uint8Array(block.length);
        step(scores(block), mask);
        return mask;
      };
    },
  };
}

function randomMasks(density: number, key: Key): Masks {
  return {
    passes: [],
    walk: () => (block) => {
      const random = blockRandom(key, block.begin);
      return Uint8Array.from({ length: block.length }, () => (random() < density ? 1 : 0));
    },
  };
}
