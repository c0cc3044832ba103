import { argmax, dispose, key, memory, tensor, tidy } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  generate,
  type GenerateOptions,
  gpt,
  gpt2,
  type LanguageModel,
  llama,
  type StateDict,
} from '../../src/index.js';

const models: [string, LanguageModel][] = [
  ['learned positions', gpt({ vocabulary: 20, context: 24, width: 16, heads: 2, layers: 2 })],
  [
    'rotary positions',
    gpt({ vocabulary: 20, context: 24, width: 16, heads: 2, layers: 2, positions: 'rope', tied: false }),
  ],
  ['GPT-2', gpt2({ vocabulary: 20, context: 24, width: 16, heads: 4, layers: 1 })],
  [
    'shared key and value heads',
    llama({ vocabulary: 20, context: 24, width: 16, hidden: 24, heads: 4, kvHeads: 2, layers: 2 }),
  ],
  [
    'sliding windows',
    llama({ vocabulary: 20, context: 24, width: 16, hidden: 24, heads: 2, layers: 3, window: [4, null, 2] }),
  ],
];
/** Weights large enough that the best token is never a tie. */
const wild = (model: LanguageModel): StateDict => {
  const params = model.init(key(7));
  for (const [name, t] of Object.entries(params)) {
    params[name] = tensor(
      Float32Array.from(t.dataSync(), (v) => v * 12),
      t.shape,
    );
  }
  return params;
};
/** The best tokens one after the other, each from a whole forward pass. */
function greedy(
  { apply }: LanguageModel,
  params: StateDict,
  prompt: readonly number[],
  count: number,
): number[] {
  const text = [...prompt];
  for (let i = 0; i < count; i++) {
    text.push(
      tidy(() => argmax(apply(params, tensor([text], undefined, 'int32')), -1))
        .dataSync()
        .at(-1)!,
    );
  }
  return text.slice(prompt.length);
}

describe.each(models)('generation with %s', (_name, model) => {
  it('gives the tokens of whole forward passes, for prompts of any length', async () => {
    const params = wild(model);
    for (const prompt of [[3], [1, 2, 3], [5, 4, 3, 2, 1, 0, 7, 8, 9]]) {
      const { tokens, reason } = await generate({ model, params, prompt, maxTokens: 12, temperature: 0 });
      expect([...tokens]).toEqual(greedy(model, params, prompt, 12));
      expect(reason).toBe('length');
    }
  });
});

describe('generate', () => {
  const [, model] = models[0];
  const params = wild(model);
  const options: GenerateOptions = { model, params, prompt: [1, 2, 3], maxTokens: 10, key: key(1) };

  it('ends at a stop token, at the end of the context, and tells each token as it comes', async () => {
    const all = greedy(model, params, [1, 2, 3], 10);
    const at = all.findIndex((t, i) => i > 0 && !all.slice(0, i).includes(t));
    const seen: number[] = [];
    const stopped = await generate({
      ...options,
      temperature: 0,
      stop: [all[at]],
      onToken: (t) => seen.push(t),
    });
    expect([stopped.reason, [...stopped.tokens]]).toEqual(['stop', all.slice(0, at)]);
    expect(seen).toEqual(all.slice(0, at));
    const full = await generate({ ...options, maxTokens: 100, temperature: 0 });
    expect([full.reason, full.tokens.length]).toEqual(['context', 21]);
  });

  it('draws the same text for the same key and another for another', async () => {
    const run = async (seed: number): Promise<number[]> => [
      ...(await generate({ ...options, temperature: 3, key: key(seed) })).tokens,
    ];
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('takes the best token with topK 1, or with a tiny topP', async () => {
    const best = greedy(model, params, [1, 2, 3], 10);
    expect([...(await generate({ ...options, topK: 1 })).tokens]).toEqual(best);
    expect([...(await generate({ ...options, topP: 1e-9 })).tokens]).toEqual(best);
  });

  it('gives all memory back, however many tokens', async () => {
    await generate({ ...options, maxTokens: 20 });
    const before = memory().used;
    for (let i = 0; i < 5; i++) await generate({ ...options, maxTokens: 20, key: key(i) });
    expect(memory().used).toBeLessThanOrEqual(before);
  });

  it('stops between two tokens when aborted', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const onToken = (token: number): void => {
      seen.push(token);
      if (seen.length === 3) stop.abort(new Error('enough'));
    };
    await expect(generate({ ...options, onToken, signal: stop.signal })).rejects.toThrow('enough');
    expect(seen).toHaveLength(3);
  });

  it('refuses bad options, prompts and weights in one sentence', async () => {
    const bad = (changes: Partial<GenerateOptions>) => expect(generate({ ...options, ...changes })).rejects;
    await bad({ prompt: [] }).toThrow(
      'generate: expected a prompt of 1 to 23 tokens for a context of 24, received 0',
    );
    await bad({ prompt: new Int32Array(24) }).toThrow('received 24');
    await bad({ prompt: [1, 20] }).toThrow(
      'generate: expected tokens from 0 to 19, received 20 at position 1 of the prompt',
    );
    await bad({ key: undefined }).toThrow('generate: expected a key, or temperature 0, received neither');
    await bad({ temperature: -1 }).toThrow('expected a finite temperature of at least 0, received -1');
    await bad({ topP: 0 }).toThrow('expected topP above 0, at most 1, received 0');
    await bad({ topK: 0 }).toThrow('expected topK to be a whole number of at least 1, received 0');
    await bad({ maxTokens: 0 }).toThrow('expected maxTokens to be a whole number of at least 1, received 0');
    const broken = { ...params, 'norm.weight': tensor(new Float32Array(16).fill(NaN)) };
    await bad({ params: broken }).toThrow(
      'generate: expected finite scores, received NaN for token 0 after 0 tokens',
    );
    dispose(broken['norm.weight']);
  });
});
