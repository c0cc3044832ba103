import { CheckpointError, type CheckpointErrorCode } from '../checkpoint-error.js';

/** A {@link CheckpointError} in one line. */
export const refusal = (
  code: CheckpointErrorCode,
  where: string,
  expected: string,
  received: string,
  cure?: string,
): CheckpointError => new CheckpointError({ code, where, expected, received, cure });
