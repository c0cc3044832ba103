import { type StateDict } from '@weightloom/state-dict';
import { describe, expect, it } from 'vitest';
import { patchWeights, robustWeightSignature } from '../src/index.js';
import golden from './golden/robust.json' with { type: 'json' };
import { dict, values } from './helpers.js';

const [base, clean, noisy, blurred] = [golden.base, golden.clean, golden.noisy, golden.blurred].map(dict) as [
  StateDict,
  StateDict,
  StateDict,
  StateDict,
];

async function expectClose(actual: StateDict, expected: Record<string, unknown>): Promise<void> {
  const list = await values(actual);
  for (const [name, numbers] of Object.entries(expected)) {
    (numbers as number[]).flat(3).forEach((x, j) => expect(list[name]![j]).toBeCloseTo(x, 6));
  }
}

describe('robustWeightSignature', () => {
  it('takes away what points in the direction of the clean change', async () => {
    const [zero, right] = [dict({ w: [0, 0] }), dict({ w: [2, 0] })];
    expect(await values(await robustWeightSignature(zero, right, dict({ w: [3, 4] })))).toEqual({
      w: [0, 4],
    });
  });

  it('gives what numpy gives', async () => {
    await expectClose(await robustWeightSignature(base, clean, noisy), golden.signature);
  });

  it('is the whole change of a tensor that clean data did not change, and says so', async () => {
    const same: string[] = [];
    const half = { ...clean, 'conv.bias': base['conv.bias']! };
    const signature = await robustWeightSignature(base, half, noisy, {
      onUnchanged: (name) => same.push(name),
    });
    expect(same).toEqual(['conv.bias']);
    const expected = golden.noisy['conv.bias'].map((x, j) => x - golden.base['conv.bias'][j]!);
    await expectClose(signature, { 'conv.bias': expected, 'conv.weight': golden.signature['conv.weight'] });
  });

  it('refuses models that do not fit', async () => {
    await expect(robustWeightSignature(base, clean, dict({ w: [1] }))).rejects.toThrow(
      'robustWeightSignature: robust: expected the tensors of base',
    );
  });
});

describe('patchWeights', () => {
  it('adds signatures, all together alpha times', async () => {
    const signatures = [
      await robustWeightSignature(base, clean, noisy),
      await robustWeightSignature(base, clean, blurred),
    ];
    await expectClose(await patchWeights(clean, signatures, { alpha: 0.8 }), golden.patched);
  });

  it('patches only the tensors that are chosen', async () => {
    const signature = dict({ a: [1], b: [1] });
    const patched = await patchWeights(dict({ a: [5], b: [5] }), [signature], { tensors: (n) => n === 'b' });
    expect(await values(patched)).toEqual({ a: [5], b: [6] });
  });

  it('comes off again', async () => {
    const signature = await robustWeightSignature(base, clean, noisy);
    const patched = await patchWeights(clean, [signature], { alpha: 3 });
    await expectClose(await patchWeights(patched, [signature], { alpha: -3 }), golden.clean);
  });

  it('refuses no signatures, an infinite strength and shapes that differ', async () => {
    await expect(patchWeights(clean, [])).rejects.toThrow(
      'patchWeights: expected at least one signature, received none',
    );
    await expect(patchWeights(clean, [base], { alpha: Infinity })).rejects.toThrow('expected alpha');
    await expect(patchWeights(dict({ w: [1, 2] }), [dict({ w: [1] })])).rejects.toThrow(
      'patchWeights: signatures[0] "w": expected shape [2] as in model, received [1]',
    );
  });
});
