export { CheckpointError, type CheckpointErrorCode, type CheckpointErrorFields } from './checkpoint-error.js';
export { type Dtype, dtypeBits, dtypes, elementCount, isDtype, tensorByteLength } from './dtypes.js';
export type { Metadata, RawCheckpoint, RawStateDict, RawTensor } from './raw-tensor.js';

export { parseSafetensors, type ParseSafetensorsOptions } from './parse-safetensors.js';
export { serializeSafetensors } from './serialize-safetensors.js';

export { toFloat32, type ToFloat32Options } from './to-float32.js';
export { fromFloat32, type FromFloat32Options } from './from-float32.js';
export { fromIntegers, toBigInt64, toInt32, toUint8 } from './integers.js';

export type { Checkpoint, ProgressOptions, ReadOptions, TensorInfo } from './checkpoint.js';
export { type CheckpointSource, openCheckpoint, type OpenCheckpointOptions } from './open-checkpoint.js';
export { type Adapter, readAdapter } from './read-adapter.js';
export type { ByteSource, FolderSource } from './byte-source.js';
export { memorySource } from './sources/memory-source.js';
export { blobSource } from './sources/blob-source.js';
export { directorySource } from './sources/directory-source.js';
export { httpFolderSource, httpSource, type HttpSourceOptions } from './sources/http-source.js';

export {
  type CheckpointWriter,
  type CheckpointWriterOptions,
  createCheckpointWriter,
  type WrittenCheckpoint,
} from './create-checkpoint-writer.js';
export type { TensorSpec } from './internal/plan-file.js';
export type { CheckpointTarget, TargetFile } from './checkpoint-target.js';
export { memoryTarget, type MemoryTarget } from './sources/memory-target.js';
export { directoryTarget, type DirectoryTargetOptions } from './sources/directory-target.js';
export { parseShardSize } from './parse-shard-size.js';
