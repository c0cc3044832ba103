import { folderTarget, openCheckpoint } from '@weightloom/checkpoint/node';
import {
  adamw,
  fit,
  generate,
  loadLanguageModel,
  saveLanguageModel,
  softmaxCrossEntropy,
  textWindows,
} from '@weightloom/nn';
import { key } from '@weightloom/tensor-gpu';

/** Fine-tunes a model folder on a text, lets it go on from a prompt, and saves it as a folder of the same kind. */
export async function fineTune(folder: string, text: string, prompt: string, out: string) {
  const checkpoint = await openCheckpoint(folder); // or hf://owner/name
  const loaded = await loadLanguageModel(checkpoint);
  await checkpoint.close();
  const { model, tokenizer } = loaded;
  if (!tokenizer) throw new Error(`${folder} has no tokenizer.json`);
  const { params, losses } = await fit({
    model,
    params: loaded.params,
    loss: softmaxCrossEntropy,
    data: textWindows(tokenizer.encode(text), { context: Math.min(128, model.config.context), batchSize: 4 }),
    optimizer: adamw({ learningRate: 1e-3 }),
    steps: 100,
    key: key(0),
  });
  const { tokens } = await generate({
    model,
    params,
    prompt: tokenizer.encode(prompt),
    maxTokens: 40,
    topP: 0.9,
    key: key(1),
  });
  await saveLanguageModel({ target: folderTarget(out), loaded, params });
  return { losses, words: tokenizer.decode(tokens) };
}
