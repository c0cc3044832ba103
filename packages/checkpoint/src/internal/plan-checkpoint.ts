import { CheckpointError } from '../checkpoint-error.js';
import type { Metadata } from '../raw-tensor.js';
import { type FilePlan, planFile, type SizedSpec } from './plan-file.js';
import { compareUtf8 } from './text.js';

export interface CheckpointPlan {
  /** By file name, in order. */
  readonly files: ReadonlyMap<string, FilePlan>;
  /** Name and text of the index; `undefined` for a single file. */
  readonly index: { readonly name: string; readonly text: string } | undefined;
  /** Bytes of all tensors. */
  readonly totalSize: number;
}

/**
 * Spreads tensors over shards of at most `maxShardSize` bytes of data: in the order of their names, each shard filled
 * until the next tensor does not fit. A tensor larger than that gets a shard to itself.
 */
export function planCheckpoint(
  specs: readonly SizedSpec[],
  metadata: Metadata,
  { baseName, maxShardSize, onlyFile, where }: PlanOptions,
): CheckpointPlan {
  const groups: SizedSpec[][] = [[]];
  let filled = 0;
  let totalSize = 0;
  for (const spec of [...specs].sort((a, b) => compareUtf8(a.name, b.name))) {
    if (filled > 0 && filled + spec.byteLength > maxShardSize) {
      groups.push([]);
      filled = 0;
    }
    groups.at(-1)!.push(spec);
    filled += spec.byteLength;
    totalSize += spec.byteLength;
  }
  if (groups.length === 1) {
    const name = onlyFile ?? `${baseName}.safetensors`;
    return { files: new Map([[name, planFile(groups[0]!, metadata)]]), index: undefined, totalSize };
  }
  if (onlyFile !== undefined) {
    const expected = 'tensors that fit one file';
    throw new CheckpointError({
      code: 'invalid-shard-size',
      where,
      expected,
      received: `${groups.length} shards`,
    });
  }
  const names = groups.map((_, i) => `${baseName}-${five(i + 1)}-of-${five(groups.length)}.safetensors`);
  const files = new Map(groups.map((group, i) => [names[i]!, planFile(group, metadata)]));
  const weightMap = groups.flatMap((group, i) => group.map(({ name }) => [name, names[i]!] as const));
  return {
    files,
    index: { name: `${baseName}.safetensors.index.json`, text: indexText(weightMap, totalSize) },
    totalSize,
  };
}

interface PlanOptions {
  readonly baseName: string;
  readonly maxShardSize: number;
  readonly onlyFile: string | undefined;
  readonly where: string;
}

const five = (n: number) => String(n).padStart(5, '0');

/** The index as Hugging Face writes it: two spaces, sorted keys. By hand, for objects reorder integer-like keys. */
function indexText(weightMap: readonly (readonly [string, string])[], totalSize: number): string {
  const lines = weightMap.map(([name, file]) => `    ${JSON.stringify(name)}: ${JSON.stringify(file)}`);
  return `{\n  "metadata": {\n    "total_size": ${totalSize}\n  },\n  "weight_map": {\n${lines.join(',\n')}\n  }\n}\n`;
}
