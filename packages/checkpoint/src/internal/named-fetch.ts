import { CheckpointError } from '../checkpoint-error.js';

/** `fetch` whose failures to reach the server say which address was meant and why. */
export function namedFetch(where: string, given: typeof fetch | undefined): typeof fetch {
  return async (input, init) => {
    try {
      return await (given ?? fetch)(input, init);
    } catch (cause) {
      init?.signal?.throwIfAborted();
      const { message, cause: reason } = cause as Error;
      const received = reason instanceof Error ? `${message} (${reason.message})` : message;
      throw new CheckpointError({ code: 'http-error', where, expected: 'an answer', received, cause });
    }
  };
}
