import { wiseFt } from '@weightloom/merging';
import { accuracy, type StateDict } from '@weightloom/nn';
import { dispose, generator, type Key, matmul, tensor, transpose } from '@weightloom/tensor-gpu';
import { numberOf } from './number-of.js';

const CLASSES = 3;
/** Features that show the class in all data. */
const TRUE_FEATURES = 4;
/** Features that show it in training data, and here, with probability `p`, a class drawn at random. */
const SPURIOUS = 6;
const EXAMPLES = 4000;

/** Accuracies in percent: of one model, and of the average of both (of linear models that of weights is that of outputs). */
export interface SpuriousAccuracies {
  readonly single: number;
  readonly average: number;
}

/**
 * Two linear models of three classes, each of which has learned two features that hold everywhere and three that need not, none of
 * them those of the other; on data where each of the latter shows a random class with probability `p`. A feature is a one-hot class
 * with a little noise, and a model adds its five up.
 *
 * One model is wrong where its three agree on a wrong class, and in half of the cases where two of them do and the third shows the
 * other wrong one: with p = 0.9 it gets 86.5 percent right. The average, wrong only where four of six agree, gets 97.3.
 */
export async function spuriousFeatures(key: Key, p: number): Promise<SpuriousAccuracies> {
  const draw = generator(key);
  const width = (TRUE_FEATURES + SPURIOUS) * CLASSES;
  const pixels = new Float32Array(EXAMPLES * width);
  const targets = Int32Array.from({ length: EXAMPLES }, () => draw.integer(CLASSES));
  for (let n = 0; n < EXAMPLES; n++) {
    for (let f = 0; f < TRUE_FEATURES + SPURIOUS; f++) {
      const isRandom = f >= TRUE_FEATURES && draw.uniform() < p;
      const shown = isRandom ? draw.integer(CLASSES) : targets[n]!;
      for (let c = 0; c < CLASSES; c++) {
        pixels[n * width + f * CLASSES + c] = Number(c === shown) + 0.01 * draw.normal();
      }
    }
  }
  const inputs = tensor(pixels, [EXAMPLES, width]);
  const labels = tensor(targets);
  const models = [adds([0, 1, 4, 5, 6]), adds([2, 3, 7, 8, 9])] as const;
  const average = await wiseFt(...models);
  const right = async ({ weight }: StateDict): Promise<number> =>
    100 * (await numberOf(() => accuracy(matmul(inputs, transpose(weight!)), labels)));
  const result = {
    single: ((await right(models[0])) + (await right(models[1]))) / 2,
    average: await right(average),
  };
  dispose([inputs, labels, models, average]);
  return result;
}

/** A model whose logit of a class is the sum of what `features` say of it. */
function adds(features: readonly number[]): StateDict {
  const width = (TRUE_FEATURES + SPURIOUS) * CLASSES;
  const weight = new Float32Array(CLASSES * width);
  for (const f of features) for (let c = 0; c < CLASSES; c++) weight[c * width + f * CLASSES + c] = 1;
  return { weight: tensor(weight, [CLASSES, width]) };
}
