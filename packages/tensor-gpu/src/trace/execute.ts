import { currentExecutor } from '../backend.js';
import { BackendError } from '../errors.js';
import type { Executable, Executor, Slot } from '../executor.js';
import type { Aval } from '../primitives/primitive.js';
import { sizeOf } from '../tensor/shape.js';
import { HOST_RESIDENT_ELEMENTS, Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';

/** The slot of a concrete tensor. Host values move into the backend at their second use, unless they are small. */
export function slotOf(tensor: Tensor, executor: Executor, where: string): Slot {
  const storage = tensor.use(where);
  if (storage.executor === executor) return { buffer: storage.buffer };
  if (storage.host) {
    if (storage.executor === null && storage.uses++ > 0 && storage.length > HOST_RESIDENT_ELEMENTS) {
      storage.settle(executor, executor.upload(storage.host, storage.dtype));
      return { buffer: storage.buffer };
    }
    return { host: storage.host };
  }
  throw new BackendError({
    where,
    expected: `tensors of the present backend, ${executor.name}`,
    received: `one that lives in ${storage.executor!.name}`,
    cure: 'read it with data() and make it anew with tensor()',
  });
}

/** Runs an executable on concrete tensors; donated storages are surrendered with `reason`. */
export function execute(
  executable: Executable,
  inputs: readonly Tensor[],
  donated: readonly boolean[],
  outputs: readonly Aval[],
  where: string,
): Tensor[] {
  const executor = currentExecutor();
  const slots = inputs.map((t) => slotOf(t, executor, where));
  const results = executable.run(slots, donated);
  inputs.forEach((t, i) => {
    if (donated[i]) t.storage!.surrender(`donated to ${where}`);
  });
  return results.map((slot, i) => {
    const { shape, dtype } = outputs[i];
    const home = 'host' in slot ? slot : { executor, buffer: slot.buffer };
    return new Tensor(shape, dtype, { storage: new Storage(dtype, sizeOf(shape), home) });
  });
}
