import {
  accuracy,
  cosineSchedule,
  evaluate,
  fit,
  loadDigits,
  mlp,
  sgd,
  softmaxCrossEntropy,
} from '@weightloom/nn';
import { key } from '@weightloom/tensor-gpu';

export async function trainDigits() {
  const { train, validation, test } = await loadDigits({ key: key(0) });
  const model = mlp({ sizes: [64, 128, 10] });
  const { params, history, backend } = await fit({
    model,
    loss: softmaxCrossEntropy,
    data: train,
    validation,
    metrics: { accuracy },
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    schedule: cosineSchedule({ learningRate: 0.1, steps: 300 }),
    steps: 300,
    key: key(1),
    onProgress: ({ done, total, label }) => console.log(`${done}/${total} ${label}`),
  });
  const result = await evaluate({ model, params, data: test }); // { accuracy: about 0.96 }
  return { params, history, backend: backend.name, accuracy: result.accuracy };
}
