import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, grad, jit, mul, sum, type Tensor, vmap } from '../../src/index.js';
import { float } from './inputs.js';
import { draw } from './inputs.js';
import { plain } from './layouts.js';
import {
  describeProgram,
  programs,
  type RandomProgram,
  referenceProgram,
  runProgram,
  SHAPE,
} from './programs.js';
import type { Nd } from './reference/nd.js';

const valuesFor = (seed: number): Nd[] => [0, 1].map((i) => draw(float(SHAPE, -1, 1), `${seed} ${i}`));
const tensorsFor = (seed: number): Tensor[] => valuesFor(seed).map((x) => plain(x, 'float32'));
const loss = (program: RandomProgram, inputs: readonly Tensor[]): Tensor =>
  runProgram(program, inputs)
    .map((x, i) => sum(mul(x, i + 1)))
    .reduce((a, b) => add(a, b));

function expectEqual(
  what: string,
  got: readonly Tensor[],
  want: readonly ArrayLike<number>[],
  room: number,
): void {
  got.forEach((x, i) => {
    const values = x.dataSync();
    values.forEach((v, k) => {
      if (!(Math.abs(v - want[i][k]) <= room))
        expect.fail(`${what}, output ${i}[${k}]: ${v} instead of ${want[i][k]}`);
    });
  });
}
const check = (f: (program: RandomProgram, seed: number) => void, numRuns: number): void =>
  fc.assert(
    fc.property(programs, fc.nat(1000), (program, seed) => {
      try {
        f(program, seed);
      } catch (error) {
        throw new Error(`${describeProgram(program)}: ${(error as Error).message}`, { cause: error });
      }
    }),
    { numRuns, seed: 20240607 },
  );

describe('random programs', () => {
  it('give the values of the float64 reference, op by op and compiled', () => {
    check((program, seed) => {
      const want = referenceProgram(program, valuesFor(seed)).map((x) => x.data);
      const inputs = tensorsFor(seed);
      expectEqual('eager', runProgram(program, inputs), want, 1e-4);
      expectEqual('compiled', jit((...x: Tensor[]) => runProgram(program, x))(...inputs), want, 1e-4);
    }, 300);
  });

  it('give the same when they may overwrite their inputs', () => {
    check((program, seed) => {
      const want = referenceProgram(program, valuesFor(seed)).map((x) => x.data);
      const compiled = jit((...x: Tensor[]) => runProgram(program, x), { donate: [0, 1] });
      for (let call = 0; call < 2; call++) expectEqual('donated', compiled(...tensorsFor(seed)), want, 1e-4);
    }, 150);
  });

  it('have the same gradients op by op, compiled, and through a compiled function', () => {
    check((program, seed) => {
      const both = { argnums: [0, 1] };
      const slopes = grad((...x: Tensor[]) => loss(program, x), both) as (...x: Tensor[]) => Tensor[];
      const inside = jit((...x: Tensor[]) => loss(program, x));
      const through = grad((...x: Tensor[]) => inside(...x), both) as (...x: Tensor[]) => Tensor[];
      const inputs = tensorsFor(seed);
      const want = slopes(...inputs).map((g) => g.dataSync());
      const room = 1e-4 * Math.max(1, ...want.flatMap((g) => [...g].map(Math.abs)));
      expectEqual('compiled gradient', jit((...x: Tensor[]) => slopes(...x))(...inputs), want, room);
      expectEqual('gradient of compiled', through(...inputs), want, room);
    }, 120);
  });

  it('give the same batched as one by one', () => {
    check((program, seed) => {
      const examples = [seed, seed + 1, seed + 2];
      const stacked = [0, 1].map((i) => {
        const data = examples.flatMap((s) => [...valuesFor(s)[i].data]);
        return plain({ shape: [3, ...SHAPE], data: Float64Array.from(data) }, 'float32');
      });
      const want = examples.map((s) => referenceProgram(program, valuesFor(s)).map((x) => x.data));
      const wanted = program.outputs.map((_, o) => want.flatMap((outputs) => [...outputs[o]]));
      expectEqual('batched', vmap((...x: Tensor[]) => runProgram(program, x))(...stacked), wanted, 1e-4);
    }, 120);
  });
});
