import { expect, it } from 'vitest';
import * as quantile from '../src/index.js';

it('names only methods that the package exports', () => {
  for (const { methods } of Object.values(quantile.papers))
    for (const method of methods) expect(quantile, method).toHaveProperty(method, expect.any(Function));
});
