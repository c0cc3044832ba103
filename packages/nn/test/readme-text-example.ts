import {
  adamw,
  cosineSchedule,
  decodeBytes,
  encodeBytes,
  evaluate,
  fit,
  generate,
  gpt,
  softmaxCrossEntropy,
  textDataset,
  textWindows,
} from '@weightloom/nn';
import { key } from '@weightloom/tensor-gpu';

/** Trains a small GPT on the bytes of a text, e.g. Tiny Shakespeare, and writes a few words in its manner. */
export async function learnToWrite(text: string, steps = 250) {
  const tokens = encodeBytes(text);
  const cut = Math.floor(tokens.length * 0.9);
  const context = 64;
  const model = gpt({ context, width: 64, layers: 2, heads: 4, positions: 'rope', tied: false });
  const { params } = await fit({
    model,
    loss: softmaxCrossEntropy,
    data: textWindows(tokens.subarray(0, cut), { context, batchSize: 16 }),
    optimizer: adamw({ learningRate: 0.01 }),
    schedule: cosineSchedule({ learningRate: 0.01, steps, warmUp: 20 }),
    steps,
    key: key(0),
  });
  const validation = textDataset(tokens.subarray(cut, cut + 20_000), context);
  const { loss } = await evaluate({
    model,
    params,
    data: validation,
    metrics: { loss: softmaxCrossEntropy },
    batchSize: 32,
  }); // on Tiny Shakespeare: from 5.5 (256 equally likely bytes) to about 2.3 nats a byte (1.8 after 2000 steps)
  const { tokens: words } = await generate({
    model,
    params,
    prompt: encodeBytes('KING:\n'),
    maxTokens: 50,
    temperature: 0.7,
    key: key(1),
  });
  return { loss, words: decodeBytes(words) };
}
