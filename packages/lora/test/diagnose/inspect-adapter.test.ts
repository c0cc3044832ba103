import { toFloat32 } from '@weightloom/checkpoint';
import { describe, expect, it } from 'vitest';
import { inspectAdapter, layerDelta } from '../../src/index.js';
import { peftAdapter } from '../fixtures.js';

describe('inspectAdapter', () => {
  it.each(['linear', 'every-layer'])('gives the norm of every update that %s makes', (name) => {
    const adapter = peftAdapter(name);
    const { modules } = inspectAdapter(adapter);
    expect(modules.map(({ module }) => module)).toEqual([...adapter.layers.keys()]);
    for (const { module, norm } of modules) {
      expect(norm).toBeCloseTo(Math.hypot(...toFloat32(layerDelta(adapter, module))), 4);
    }
  });

  it('counts the numbers and bytes that are stored', () => {
    const { parameters, bytes, method } = inspectAdapter(peftAdapter('linear'));
    expect([parameters, bytes, method]).toEqual([56, 4 * 56, 'LoRA']);
  });

  it('finds at most as many directions as the rank', () => {
    for (const { rank, effectiveRank } of inspectAdapter(peftAdapter('every-layer')).modules) {
      expect(effectiveRank).toBeGreaterThanOrEqual(1);
      expect(effectiveRank).toBeLessThanOrEqual(rank + 1e-6);
    }
  });
});
