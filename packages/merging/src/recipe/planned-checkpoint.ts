import { type Checkpoint, tensorByteLength, type TensorInfo } from '@weightloom/checkpoint';
import type { PlannedTensor } from './plan-recipe.js';
import { RecipeError } from './recipe-error.js';

/** A model that a recipe would make, to plan with: its tensors by name and shape, its files; no values. */
export function plannedCheckpoint(
  name: string,
  tensors: readonly PlannedTensor[],
  files: ReadonlyMap<string, Uint8Array | string>,
  tied: Readonly<Record<string, string>>,
): Checkpoint {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new RecipeError({
        where: name,
        expected: 'a model that is made, to read weights of',
        received: 'a plan',
      }),
    );
  const encode = (content: Uint8Array | string): Uint8Array =>
    typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const close = () => Promise.resolve();
  return {
    label: name,
    tensors: new Map(tensors.map((tensor): [string, TensorInfo] => [tensor.name, infoOf(tensor)])),
    names: tensors.map((tensor) => tensor.name),
    metadata: {},
    tied: new Map(Object.entries(tied)),
    warnings: [],
    read: refuse,
    readInto: refuse,
    readAll: refuse,
    readFile: (file) => {
      const content = files.get(file);
      return Promise.resolve(content === undefined ? undefined : encode(content));
    },
    readModelFiles: () =>
      Promise.resolve(new Map([...files].map(([file, content]) => [file, encode(content)]))),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const infoOf = ({ dtype, shape }: PlannedTensor): TensorInfo => ({
  dtype,
  shape,
  byteLength: tensorByteLength(dtype, shape),
  file: 'model.safetensors',
});
