import {
  adapterFromParams,
  adaptModel,
  initLora,
  loraConfig,
  loraPlus,
  mergeAdapter,
} from '@weightloom/lora';
import { loadAdapter, saveAdapter } from '@weightloom/lora/node';
import { type Dataset, fit, type Model, softmaxCrossEntropy, type StateDict } from '@weightloom/nn';
import { key } from '@weightloom/tensor-gpu';

/** Teaches a trained model new data with a LoRA+ adapter, saves it as a PEFT folder, and merges what was saved. */
export async function fineTune(model: Model, base: StateDict, data: Dataset, folder: string) {
  const config = loraConfig({ targetModules: 'all-linear', r: 8, loraAlpha: 16 });
  const { params } = initLora(base, config, { key: key(0) }); // the adapter's tensors; nothing changes yet
  const adapted = adaptModel(model, { default: config }); // computes W x + s · B(A x)

  const trained = await fit({
    model: adapted,
    params: { ...base, ...params },
    trainable: adapted.trainable, // the base stays as it is
    optimizer: loraPlus({ learningRate: 2e-3, ratio: 16 }), // B learns 16 times as fast as A
    loss: softmaxCrossEntropy,
    data,
    steps: 150,
    key: key(1),
  });

  await saveAdapter(await adapterFromParams(trained.params, config), folder); // opens in PEFT
  const merged = await mergeAdapter(base, await loadAdapter(folder)); // plain weights again
  return { adapted, params: trained.params, merged };
}
