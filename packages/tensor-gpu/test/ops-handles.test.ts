import { expect, it } from 'vitest';
import {
  broadcastTo,
  cast,
  concat,
  reshape,
  slice,
  stopGradient,
  sum,
  tensor,
  type Tensor,
  transpose,
} from '../src/index.js';

const identities: Record<string, (x: Tensor) => Tensor> = {
  reshape: (x) => reshape(x, [2, 2]),
  transpose: (x) => transpose(x, [0, 1]),
  slice: (x) => slice(x, [0, 0], [2, 2]),
  broadcastTo: (x) => broadcastTo(x, [2, 2]),
  cast: (x) => cast(x, 'float32'),
  concat: (x) => concat([x]),
  'sum over no axis': (x) => sum(x, { axis: [] }),
  stopGradient: (x) => stopGradient(x),
};

it.each(Object.keys(identities))(
  'disposing the result of %s that changes nothing keeps the operand',
  (name) => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const y = identities[name](x);
    expect([...y.dataSync()]).toEqual([1, 2, 3, 4]);
    y.dispose();
    expect([...x.dataSync()]).toEqual([1, 2, 3, 4]);
  },
);
