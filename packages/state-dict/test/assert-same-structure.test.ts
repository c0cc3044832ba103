import { DTypeError, ShapeError, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { assertSameStructure, StateDictError } from '../src/index.js';
import { dict } from './helpers.js';

const first = dict({ w: [[1, 2]], b: [1] });

describe('assertSameStructure', () => {
  it('accepts equal structures, also without inputs', () => {
    expect(() => assertSameStructure([first, dict({ b: [3], w: [[4, 5]] })])).not.toThrow();
    expect(() => assertSameStructure([])).not.toThrow();
  });

  it('names tensor, input and both shapes', () => {
    const check = () => assertSameStructure([first, first, dict({ w: [[1]], b: [1] })], { where: 'merge' });
    expect(check).toThrow(ShapeError);
    expect(check).toThrow('merge: models[2] "w": expected shape [1, 2] as in models[0], received [1, 1]');
  });

  it('names the heads where models have other labels', () => {
    const body = { w: [[1, 2]] };
    const three = dict({ ...body, 'head.weight': [[1], [2], [3]], 'head.bias': [1, 2, 3] });
    const two = dict({ ...body, 'head.weight': [[1], [2]], 'head.bias': [1, 2] });
    expect(() => assertSameStructure([three, two], { where: 'merge' })).toThrow(
      'merge: models[1] "head.weight": expected shape [3, 1] as in models[0], received [2, 1]; if "head.weight", "head.bias" are heads for 3 and 2 labels, bring them to one label space first (alignLabels of @weightloom/merging), or leave them out',
    );
    // Another width is no other label space.
    const wide = dict({ ...body, 'head.weight': [[1, 1], [2, 2]], 'head.bias': [1, 2] }); // prettier-ignore
    expect(() => assertSameStructure([three, wide])).toThrow(/received \[2, 2\]$/);
  });

  it('names tensor and both dtypes, unless dtypes may differ', () => {
    const other = { ...first, b: tensor(Int32Array.of(1)) };
    expect(() => assertSameStructure([first, other])).toThrow(DTypeError);
    expect(() => assertSameStructure([first, other], { labels: ['base', 'fine'] })).toThrow(
      'assertSameStructure: fine "b": expected dtype float32 as in base, received int32',
    );
    expect(() => assertSameStructure([first, other], { dtypes: false })).not.toThrow();
  });

  it('names tensors that one lacks or has besides', () => {
    const check = () => assertSameStructure([first, dict({ w: [[1, 2]], c: [1], d: [1], e: [1], f: [1] })]);
    expect(check).toThrow(StateDictError);
    expect(check).toThrow('received a state dict without "b" and with "c", "d", "e" and 1 more besides');
  });
});
