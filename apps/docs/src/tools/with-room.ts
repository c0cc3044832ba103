import { CheckpointError, type CheckpointTarget } from '@weightloom/checkpoint';
import { formatBytes } from '@weightloom/cli-kit';

/** A target in the browser's own storage, which refuses what the browser has no room for before anything is written. */
export function withRoom(target: CheckpointTarget): CheckpointTarget {
  return {
    ...target,
    async begin(files) {
      const { quota, usage = 0 } = await navigator.storage.estimate();
      const needed = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
      if (quota !== undefined && needed > quota - usage) {
        throw new CheckpointError({
          code: 'no-space',
          where: 'storage of this browser',
          expected: `room for ${formatBytes(needed)}`,
          received: formatBytes(quota - usage),
          cure: 'write to a folder of your own instead',
        });
      }
      await target.begin(files);
    },
  };
}
