import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { karcher } from '../src/index.js';
import { dict, values } from './helpers.js';

describe('karcher', () => {
  it('of two is the middle of the arc, at their mean length', async () => {
    const { w } = await values(await karcher([dict({ w: [1, 0] }), dict({ w: [0, 3] })]));
    w!.forEach((value) => expect(value).toBeCloseTo(2 * Math.SQRT1_2, 6));
  });

  it('balances the arcs to all models', async () => {
    // Angles 0, 30 and 90 degrees on a circle: their mean is 40 degrees.
    const angles = [0, 30, 90].map((degrees) => (degrees * Math.PI) / 180);
    const models = angles.map((angle) => dict({ w: [Math.cos(angle), Math.sin(angle)] }));
    const { w } = await values(await karcher(models));
    expect((Math.atan2(w![1]!, w![0]!) * 180) / Math.PI).toBeCloseTo(40, 3);
  });

  it('leaves zeros out of the direction and counts them in the length', async () => {
    const { w } = await values(await karcher([dict({ w: [0, 0] }), dict({ w: [4, 0] })]));
    expect(w).toEqual([2, 0]);
    expect((await values(await karcher([dict({ w: [0] }), dict({ w: [0] })]))).w).toEqual([0]);
  });

  it('stays with the first of two that are opposite', async () => {
    expect(await values(await karcher([dict({ w: [2, 0] }), dict({ w: [-2, 0] })]))).toEqual({ w: [2, 0] });
  });

  it('has the mean length of its models', async () => {
    const vector = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(vector, { minLength: 1, maxLength: 4 }), async (vectors) => {
        const { w } = await values(await karcher(vectors.map((list) => dict({ w: list }))));
        const mean = vectors.reduce((sum, list) => sum + Math.hypot(...list), 0) / vectors.length;
        expect(Math.hypot(...w!) / mean).toBeCloseTo(1, 6);
      }),
      { numRuns: 50, seed: 8 },
    );
  });
});
