import {
  arange,
  dispose,
  foldIn,
  generator,
  jit,
  type Jitted,
  key as keyOf,
  type Key,
  reshape,
  take,
  type Tensor,
  tensor,
} from '@weightloom/tensor-gpu';
import { checkCount, checkNotNegative, refuse } from '../internal/checks.js';
import { type LongWorkOptions, runSteps } from '../internal/long-work.js';
import { keyValueCache, type KeyValueEntries } from '../layers/key-value-cache.js';
import type { Apply, LanguageModel, StateDict } from '../model.js';
import { sampleToken, type SamplingOptions } from './sample-token.js';

export interface GenerateOptions extends SamplingOptions, LongWorkOptions {
  readonly model: LanguageModel;
  readonly params: StateDict;
  /** Tokens to go on from, at least one. */
  readonly prompt: ArrayLike<number>;
  /** How many tokens to make at most; fewer when a stop token comes or the context is full. */
  readonly maxTokens: number;
  /** Tokens that end the text; they are not part of the result. */
  readonly stop?: readonly number[];
  /** Decides the draws; needed unless `temperature` is 0. The same key gives the same text. */
  readonly key?: Key;
  /** Called with each token as it comes. */
  readonly onToken?: (token: number) => void;
}

export interface Generated {
  /** The new tokens. */
  readonly tokens: Int32Array<ArrayBuffer>;
  /** Why it ended: a stop token, `maxTokens`, or the end of the model's context. */
  readonly reason: 'stop' | 'length' | 'context';
}

/** Scores of the next token, and what the attention layers remember. */
interface Step {
  readonly scores: Tensor;
  readonly entries: KeyValueEntries;
}

interface Programs {
  readonly begin: Jitted<[StateDict, Tensor, Tensor, number], Step>;
  readonly next: Jitted<[StateDict, KeyValueEntries, Tensor, Tensor], Step>;
}

/** Compiled programs, one pair per `apply`, for as long as that function lives. */
const compiled = new WeakMap<Apply, Programs>();

const BLOCK = 64; // sizes of caches are multiples of this, so that few programs are compiled

/**
 * Continues a text token by token. Keys and values of earlier tokens are kept, so a token costs the same whatever stands before it.
 *
 * @throws {RangeError} for an empty prompt, one as long as the context, a token out of range, or a missing key
 * @throws the signal's reason when aborted, between two tokens
 */
export async function generate(options: GenerateOptions): Promise<Generated> {
  const { model, params, prompt, maxTokens, stop = [], key, onToken, ...work } = options;
  const { context } = model.config;
  checkOptions(options);
  const count = Math.min(maxTokens, context - prompt.length);
  const size = Math.min(context, Math.ceil((prompt.length + count) / BLOCK) * BLOCK);
  const { begin, next } = programsOf(model.apply);
  let state = startFrom(begin, params, prompt, size);
  const tokens: number[] = [];
  let stopped = false;
  const step = async (i: number): Promise<boolean> => {
    const scores = (await state.scores.data()) as Float32Array;
    const bad = scores.findIndex((score) => !(score < Infinity));
    if (bad >= 0) refuse('generate', 'finite scores', `${scores[bad]} for token ${bad} after ${i} tokens`);
    const token = sampleToken(scores, options, generator(foldIn(key ?? keyOf(0), i)));
    stopped = stop.includes(token);
    if (stopped) return true;
    tokens.push(token);
    onToken?.(token);
    if (i < count - 1) state = advance(next, params, state, token, prompt.length + i);
    return false;
  };
  try {
    await runSteps(count, step, work, () => 'generate');
    const reason = stopped ? 'stop' : count < maxTokens ? 'context' : 'length';
    return { tokens: Int32Array.from(tokens), reason };
  } finally {
    dispose(state);
  }
}

function checkOptions({
  model,
  prompt,
  maxTokens,
  temperature = 1,
  topK,
  topP = 1,
  key,
}: GenerateOptions): void {
  const { context, vocabulary } = model.config;
  checkCount('generate', 'maxTokens', maxTokens);
  checkNotNegative('generate', 'temperature', temperature);
  if (topK !== undefined) checkCount('generate', 'topK', topK);
  if (!(topP > 0 && topP <= 1)) refuse('generate', 'topP above 0, at most 1', topP);
  if (temperature > 0 && !key) refuse('generate', 'a key, or temperature 0', 'neither');
  if (prompt.length < 1 || prompt.length >= context) {
    refuse('generate', `a prompt of 1 to ${context - 1} tokens for a context of ${context}`, prompt.length);
  }
  const bad = Array.from(prompt).findIndex((t) => !Number.isInteger(t) || t < 0 || t >= vocabulary);
  if (bad >= 0)
    refuse(
      'generate',
      `tokens from 0 to ${vocabulary - 1}`,
      `${prompt[bad]} at position ${bad} of the prompt`,
    );
}

function programsOf(apply: Apply): Programs {
  const known = compiled.get(apply);
  if (known) return known;
  const last = (logits: Tensor, index: Tensor): Tensor =>
    reshape(take(logits, index, 1), [logits.shape.at(-1)!]);
  const begin = jit(
    (params: StateDict, tokens: Tensor, index: Tensor, size: number): Step => {
      const cache = keyValueCache({}, size);
      const logits = apply(params, tokens, { cache, positions: arange(tokens.shape[1]) });
      return { scores: last(logits, index), entries: cache.entries };
    },
    { static: [3], name: 'generate' },
  );
  const next = jit(
    (params: StateDict, entries: KeyValueEntries, token: Tensor, position: Tensor): Step => {
      const cache = keyValueCache(entries, Object.values(entries)[0].key.shape[2]);
      const logits = apply(params, token, { cache, positions: position });
      return { scores: reshape(logits, [logits.shape.at(-1)!]), entries: cache.entries };
    },
    { donate: [1], name: 'generate' },
  );
  const programs = { begin, next };
  compiled.set(apply, programs);
  return programs;
}

/** Reads the prompt at once, filled up to a power of two; what the filling leaves behind is overwritten before it is seen. */
function startFrom(
  begin: Programs['begin'],
  params: StateDict,
  prompt: ArrayLike<number>,
  size: number,
): Step {
  const length = Math.min(size, 2 ** Math.ceil(Math.log2(prompt.length)));
  const tokens = new Int32Array(length);
  tokens.set(Array.from(prompt));
  return begin(params, tensor(tokens, [1, length]), tensor(Int32Array.of(prompt.length - 1)), size);
}

function advance(
  next: Programs['next'],
  params: StateDict,
  state: Step,
  token: number,
  position: number,
): Step {
  state.scores.dispose();
  return next(params, state.entries, tensor(Int32Array.of(token), [1, 1]), tensor(Int32Array.of(position)));
}
