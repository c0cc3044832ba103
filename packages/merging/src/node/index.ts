export { mergeCheckpoints, type MergeCheckpointsOptions } from './merge-checkpoints.js';
