import { describe, expect, it } from 'vitest';
import { kernelQuantiles } from '../../src/index.js';
import type { CensoredKernelFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';

const { kernel: fixture } = golden<CensoredKernelFixture>('censored-kernel');
const x = fixture.x.map((value) => [value]);

describe('kernelQuantiles', () => {
  it('agrees with R kernlab kqr', () => {
    const model = kernelQuantiles({
      kernel: { type: 'gaussian', gamma: fixture.gamma },
      cost: fixture.cost,
      standardize: false,
      tolerance: 1e-9,
    }).fit(x, fixture.y, { levels: [fixture.tau] });
    // kernlab stops its interior point at about six digits.
    expect(worst(model.predict(fixture.at.map((value) => [value])).data, fixture.prediction)).toBeLessThan(
      1e-5,
    );
  });

  it('leaves about τ n rows below the function: at most τ n strictly below, at most (1 - τ) n strictly above', () => {
    for (const type of ['gaussian', 'laplacian', 'polynomial'] as const) {
      const levels = [0.2, 0.5, 0.9];
      const model = kernelQuantiles({ kernel: { type }, sort: false }).fit(x, fixture.y, { levels });
      const { data } = model.predict(x);
      levels.forEach((level, k) => {
        const e = fixture.y.map((value, i) => value - data[3 * i + k]!);
        expect(e.filter((value) => value < -1e-5).length).toBeLessThanOrEqual(level * 60 + 1e-9);
        expect(e.filter((value) => value > 1e-5).length).toBeLessThanOrEqual((1 - level) * 60 + 1e-9);
      });
    }
  });

  it('draws a straight line with a linear kernel', () => {
    const model = kernelQuantiles({ kernel: { type: 'linear' }, cost: 100 }).fit(x, fixture.y, {
      levels: [0.5],
    });
    const [a, b, c] = model.predict([[-1], [0], [1]]).data;
    expect(a! + c!).toBeCloseTo(2 * b!, 10);
  });

  it('refuses a kernel it does not know and settings out of range', () => {
    expect(() =>
      kernelQuantiles({ kernel: { type: 'cubic' as 'linear' } }).fit(x, fixture.y, { levels: [0.5] }),
    ).toThrow('kernel type is cubic');
    expect(() =>
      kernelQuantiles({ kernel: { type: 'gaussian', gamma: 0 } }).fit(x, fixture.y, { levels: [0.5] }),
    ).toThrow('gamma is 0');
    expect(() => kernelQuantiles({ cost: 0 })).toThrow('cost is 0');
  });
});
