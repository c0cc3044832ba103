import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { decodeBytes, encodeBytes, textDataset, textWindows } from '../../src/index.js';

const tokens = Int32Array.from({ length: 50 }, (_, i) => i);

describe('text', () => {
  it('becomes bytes and comes back', () => {
    expect([...encodeBytes('aé')]).toEqual([97, 0xc3, 0xa9]);
    expect(decodeBytes(encodeBytes('naïve — 漢'))).toBe('naïve — 漢');
    expect(decodeBytes([0xc3])).toBe('�');
    expect(() => decodeBytes([1, 256])).toThrow(
      'decodeBytes: expected tokens from 0 to 255, received 256 at position 1',
    );
  });

  it('is cut into windows whose targets come one token later', () => {
    const { inputs, targets } = textDataset(tokens, 7);
    expect(inputs.shape).toEqual([7, 7]);
    expect([...inputs.dataSync()]).toEqual([...tokens.slice(0, 49)]);
    expect([...targets.dataSync()]).toEqual([...tokens.slice(1, 50)]);
  });

  it('gives random windows by key, which reach both ends', () => {
    const source = textWindows(tokens, { context: 9, batchSize: 4 });
    expect(source.stepsPerEpoch).toBe(2);
    const [one, again, other] = [source.batch(0, key(1)), source.batch(5, key(1)), source.batch(0, key(2))];
    expect([...one.inputs.dataSync()]).toEqual([...again.inputs.dataSync()]);
    expect([...one.inputs.dataSync()]).not.toEqual([...other.inputs.dataSync()]);
    expect([...one.targets.dataSync()]).toEqual([...one.inputs.dataSync()].map((t) => t + 1));
    const seen = new Set<number>();
    for (let i = 0; i < 100; i++) for (const t of source.batch(0, key(i)).targets.dataSync()) seen.add(t);
    expect([Math.min(...seen), Math.max(...seen)]).toEqual([1, 49]);
  });

  it('is refused when it is shorter than a window', () => {
    expect(() => textWindows(tokens, { context: 9, batchSize: 1, stepsPerEpoch: 0 })).toThrow(
      'textWindows: expected stepsPerEpoch to be a whole number of at least 1, received 0',
    );
    expect(() => textWindows(tokens, { context: 50, batchSize: 1 })).toThrow(
      'textWindows: expected a text of more than 50 tokens, received 50',
    );
    expect(() => textDataset(tokens, 0)).toThrow(
      'textDataset: expected context to be a whole number of at least 1, received 0',
    );
  });
});
