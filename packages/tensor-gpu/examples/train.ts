import {
  jit,
  key,
  matmul,
  mean,
  normal,
  split,
  square,
  sub,
  mul,
  tanh,
  tensor,
  type Tensor,
  treeMap,
  valueAndGrad,
  zeros,
  add,
} from '@weightloom/tensor-gpu';

// Learn y = sin(3x) from 64 points with a network of 16 hidden units.
const x = tensor(
  Float32Array.from({ length: 64 }, (_, i) => i / 32 - 1),
  [64, 1],
);
const y = tensor(
  Float32Array.from({ length: 64 }, (_, i) => Math.sin(3 * (i / 32 - 1))),
  [64, 1],
);

const [k1, k2] = split(key(0), 2);
type Params = { w1: Tensor; b1: Tensor; w2: Tensor };
const start: Params = { w1: normal(k1, [1, 16]), b1: zeros([16]), w2: normal(k2, [16, 1], 0, 0.3) };

const loss = (p: Params, inputs: Tensor, targets: Tensor): Tensor =>
  mean(square(sub(matmul(tanh(add(matmul(inputs, p.w1), p.b1)), p.w2), targets)));

// One compiled program: forward, backward and update. The parameters' memory is used again.
const step = jit(
  (p: Params, rate: number | Tensor): [Params, Tensor] => {
    const [value, gradient] = valueAndGrad(loss)(p, x, y);
    const slopes = gradient as unknown as Record<string, Tensor>;
    const next = Object.fromEntries(
      Object.entries(p).map(([name, w]) => [name, sub(w, mul(slopes[name], rate))]),
    );
    return [next as Params, value];
  },
  { donate: [0] },
);

export let params = treeMap((leaf) => add(leaf, 0), start);
export const losses: number[] = [];
for (let i = 0; i < 500; i++) {
  const [next, value] = step(params, 0.1);
  params = next;
  losses.push(value.item());
}
console.log(`loss ${losses[0].toFixed(3)} → ${losses.at(-1)!.toFixed(5)}`);
