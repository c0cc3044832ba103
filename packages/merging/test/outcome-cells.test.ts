import { tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { outcomeCells } from '../src/index.js';

/** Logits of these answers among three classes. */
const saying = (...answers: number[]) => tensor(answers.map((a) => [0, 1, 2].map((c) => (c === a ? 1 : 0))));

describe('outcomeCells', () => {
  it('counts how right and wrong fall together', async () => {
    const targets = tensor(Int32Array.of(0, 1, 2, 2));
    const cells = await outcomeCells([saying(0, 0, 0, 1), saying(0, 1, 1, 2), saying(0, 1, 2, 0)], targets);
    expect(cells).toEqual({
      TrueTrueTrue: 0.25,
      TrueTrueFalse: 0,
      TrueFalseTrue: 0,
      TrueFalseFalse: 0,
      FalseTrueTrue: 0.25,
      FalseTrueFalse: 0.25,
      FalseFalseTrue: 0.25,
      FalseFalseFalse: 0,
    });
  });

  it('refuses outputs that do not fit', async () => {
    const two = tensor(Int32Array.of(0, 1));
    await expect(outcomeCells([saying(0, 1), saying(0), saying(0, 1)], two)).rejects.toThrow(
      'outcomeCells: expected logits [n, classes] and labels [n] with the same n ≥ 1, received [1, 3] as logits[1] and [2]',
    );
  });
});
