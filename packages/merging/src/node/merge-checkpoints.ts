import { realpath } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type {
  Checkpoint,
  CheckpointSource,
  CheckpointTarget,
  WrittenCheckpoint,
} from '@weightloom/checkpoint';
import { fileTarget, folderTarget, openCheckpoint } from '@weightloom/checkpoint/node';
import { type MergeCheckpointsOptions as CoreOptions, mergeOpened } from '../merge-checkpoints.js';
import type { MethodName } from '../methods.js';

export interface MergeCheckpointsOptions<Name extends MethodName = MethodName> extends Omit<
  CoreOptions<Name>,
  'output'
> {
  /** A path that ends in `.safetensors` for one file, any other path for a folder; or a target. */
  readonly output: string | CheckpointTarget;
}

/**
 * Merges checkpoints of any size by one method, in bounded memory: as `mergeCheckpoints` of `@weightloom/merging`, and
 * takes paths of safetensors files and model folders.
 *
 * @throws {RangeError} when the output is one of the inputs, for an unknown method or parameter, or a wrong number of
 *   models
 * @throws {StateDictError}, {ShapeError}, {CheckpointError} naming the model and tensor at fault; nothing is left then
 */
export async function mergeCheckpoints<Name extends MethodName>(
  options: MergeCheckpointsOptions<Name>,
): Promise<WrittenCheckpoint> {
  const { output, models, base } = options;
  if (typeof output === 'string') await checkApart(output, base === undefined ? models : [base, ...models]);
  return mergeOpened({ ...options, output: targetOf(output) }, (source: CheckpointSource) =>
    openCheckpoint(source, { signal: options.signal }),
  );
}

function targetOf(output: string | CheckpointTarget): CheckpointTarget {
  if (typeof output !== 'string') return output;
  return extname(output) === '.safetensors' ? fileTarget(output) : folderTarget(output);
}

/** Refuses to write over what is being read. */
async function checkApart(output: string, inputs: readonly (CheckpointSource | Checkpoint)[]): Promise<void> {
  const real = (path: string) => realpath(path).catch(() => resolve(path));
  const place = await real(output);
  for (const input of inputs) {
    if (typeof input === 'string' && (await real(input)) === place) {
      throw new RangeError(
        `mergeCheckpoints: expected an output apart from the inputs, received ${output} as both`,
      );
    }
  }
}
