import { StateDictError } from '../../state-dict-error.js';
import type { ChunkedTask } from '../chunked-task.js';

/** Refuses to copy a tensor whose inputs differ: whole numbers cannot be averaged, and none has precedence. */
export function checkEqualBytes(
  { inputs }: ChunkedTask,
  data: readonly Uint8Array[],
  begin: number,
  where: string | undefined,
): void {
  const [first, ...others] = data;
  others.forEach((other, i) => {
    if (inputs[i + 1]!.dtype === inputs[0]!.dtype && equal(first!, other)) return;
    throw new StateDictError({
      where: (where === undefined ? '' : `${where}: `) + inputs[i + 1]!.label,
      expected: `the values of ${inputs[0]!.label}: ${inputs[0]!.dtype} is copied, not computed with`,
      received: `others${begin > 0 ? `, from element ${begin} on` : ''}`,
    });
  });
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
