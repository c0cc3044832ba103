// weightloom-merge barrier a.safetensors b.safetensors --evaluate ./metric.mjs
// Loss and accuracy of a multilayer perceptron on test digits. Called for every model on the line.
import { accuracy, evaluate, loadDigits, mlp, softmaxCrossEntropy } from '@weightloom/nn';

const model = mlp({ sizes: [64, 16, 10] });
const { test } = await loadDigits();

/** @type {import('@weightloom/nn').Metrics} */
const metrics = { loss: softmaxCrossEntropy, accuracy };

export default (params) => evaluate({ model, params, data: test, metrics });
