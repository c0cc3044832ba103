import { key, ShapeError, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { linear, mlp } from '../../src/index.js';
import { dict, expectClose } from '../helpers.js';

const weights = dict({
  'layers.0.weight': [
    [1, 2],
    [-1, 0.5],
    [0, 1],
  ],
  'layers.0.bias': [0, 1, -1],
  'layers.1.weight': [[1, 1, 1]],
  'layers.1.bias': [0.5],
});

describe('mlp', () => {
  it('computes W₂ relu(W₁ x + b₁) + b₂, as one can do by hand', () => {
    const model = mlp({ sizes: [2, 3, 1] });
    // W₁ x + b₁ = [5, 1, 1] and [-3, 1.5, -2]
    expectClose(
      model.apply(
        weights,
        tensor([
          [1, 2],
          [-1, -1],
        ]),
      ),
      [7.5, 2],
      1e-6,
    );
  });

  it('starts with PyTorch names, shapes and range, the same for the same key', () => {
    const model = mlp({ sizes: [16, 8, 4] });
    const [one, two, other] = [key(1), key(1), key(2)].map((k) => model.init(k));
    expect(Object.getPrototypeOf(one)).toBeNull();
    expect(Object.fromEntries(Object.entries(one).map(([name, t]) => [name, t.shape]))).toEqual({
      'layers.0.weight': [8, 16],
      'layers.0.bias': [8],
      'layers.1.weight': [4, 8],
      'layers.1.bias': [4],
    });
    const values = Array.from(one['layers.0.weight'].dataSync());
    expect(values).toEqual([...two['layers.0.weight'].dataSync()]);
    expect(values).not.toEqual([...other['layers.0.weight'].dataSync()]);
    expect(Math.max(...values)).toBeLessThanOrEqual(0.25);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.25);
    // Uniform in ±1/4: standard deviation 0.25/√3; 128 draws stay within a quarter of it.
    const std = Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
    expect(std).toBeGreaterThan(0.11);
    expect(std).toBeLessThan(0.18);
  });

  it('shows every layer to tap, in order, with its input and output', () => {
    const seen: [string, readonly number[], readonly number[]][] = [];
    mlp({ sizes: [2, 3, 1] }).apply(weights, tensor([[1, 2]]), {
      tap: (path, input, output) => seen.push([path, [...input.dataSync()], [...output.dataSync()]]),
    });
    expect(seen).toEqual([
      ['layers.0', [1, 2], [5, 1, 1]],
      ['layers.1', [5, 1, 1], [7.5]],
    ]);
  });

  it('lets ctx.linear replace a layer and leaves the others alone', () => {
    const out = mlp({ sizes: [2, 3, 1] }).apply(weights, tensor([[1, 2]]), {
      linear: (path) => (path === 'layers.0' ? tensor([[1, 1, 1]]) : undefined),
    });
    expectClose(out, [3.5], 1e-6);
  });

  it('works without bias and with other activations', () => {
    const model = mlp({ sizes: [2, 3, 1], activation: 'tanh', bias: false });
    expect(Object.keys(model.init(key(0))).sort()).toEqual(['layers.0.weight', 'layers.1.weight']);
    const bare = dict({
      'layers.0.weight': [
        [1, 2],
        [-1, 0.5],
        [0, 1],
      ],
      'layers.1.weight': [[1, 1, 1]],
    });
    expectClose(model.apply(bare, tensor([[1, 2]])), [Math.tanh(5) + Math.tanh(0) + Math.tanh(2)], 1e-6);
  });

  it('refuses bad options and inputs in one sentence', () => {
    expect(() => mlp({ sizes: [3] })).toThrow(
      'mlp: expected at least two sizes (input and output), received [3]',
    );
    expect(() => mlp({ sizes: [3, 0] })).toThrow(
      'mlp: expected sizes[1] to be a whole number of at least 1, received 0',
    );
    expect(() => mlp({ sizes: [3, 1], activation: 'rely' as 'relu' })).toThrow(
      /mlp: expected an activation of relu, .*received "rely"/,
    );
    expect(() => mlp({ sizes: [2, 3, 1] }).apply(weights, tensor([[1, 2, 3]]))).toThrow(
      'mlp: expected an input of shape […, 2], received [1, 3]',
    );
    expect(() => linear(weights, 'layers.7', tensor([[1, 2]]))).toThrow(ShapeError);
    expect(() => linear(weights, 'layers.7', tensor([[1, 2]]))).toThrow(
      'expected a tensor "layers.7.weight" in the state dict',
    );
  });
});
