import { type Step, writesOf } from './program.js';

/** Orders steps so that every buffer is written before it is read, keeping the given order where it can. */
export function sortSteps(steps: readonly Step[], bufferCount: number): Step[] {
  const writer = new Array<number>(bufferCount).fill(-1);
  steps.forEach((step, i) => writesOf(step).forEach(({ buffer }) => (writer[buffer] = i)));
  const sorted: Step[] = [];
  const state = new Uint8Array(steps.length);
  const place = (i: number): void => {
    if (state[i] === 2) return;
    if (state[i] === 1) throw new Error('fusion made a cycle');
    state[i] = 1;
    for (const { buffer } of steps[i].inputs) if (writer[buffer] >= 0) place(writer[buffer]);
    state[i] = 2;
    sorted.push(steps[i]);
  };
  steps.forEach((_, i) => place(i));
  return sorted;
}
