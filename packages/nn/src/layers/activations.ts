import { gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh, type Tensor } from '@weightloom/tensor-gpu';
import { refuse } from '../internal/checks.js';

const activations = {
  relu,
  leakyRelu: (x: Tensor) => leakyRelu(x),
  gelu: (x: Tensor) => gelu(x),
  geluTanh: (x: Tensor) => gelu(x, { approximate: 'tanh' }),
  silu,
  softplus,
  sigmoid: (x: Tensor) => sigmoid(x),
  tanh: (x: Tensor) => tanh(x),
  identity: (x: Tensor) => x,
} as const;

/** The names of activation functions. `gelu` is exact, `geluTanh` GPT-2's approximation. */
export type Activation = keyof typeof activations;

/** The function of a name; refused with the list of names. */
export function activationOf(where: string, name: Activation): (x: Tensor) => Tensor {
  if (!Object.hasOwn(activations, name)) {
    refuse(where, `an activation of ${Object.keys(activations).join(', ')}`, `"${String(name)}"`);
  }
  return activations[name];
}
