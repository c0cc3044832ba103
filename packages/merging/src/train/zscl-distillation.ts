import {
  add,
  div,
  logSoftmax,
  matmul,
  maximum,
  mean,
  mul,
  neg,
  ShapeError,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from '@weightloom/tensor-gpu';
import { checkNumber } from '../internal/check-number.js';

export interface ZsclDistillationOptions {
  /** `T > 0`, softens both distributions (default 2). */
  readonly temperature?: number;
  /** `s > 0`, CLIP's `exp(logit_scale)` (default 100). */
  readonly scale?: number;
  /** Weight of the distributions over texts for each image (default 1). */
  readonly imageToText?: number;
  /** Weight of the distributions over images for each text (default 1). */
  readonly textToImage?: number;
  /** Weight of the distributions over images for each image (default 0). */
  readonly imageToImage?: number;
  /** Weight of the mean squared distance between the normalised features themselves (default 0). */
  readonly featureDistance?: number;
}

/**
 * Distance between what a student and its teacher see in reference examples, in the space of features.
 *
 * `s f̂ tᵀ` are the scores of images against texts, `f̂` and `t` rows of length 1; `D(p, q) = T² · mean_i Σ_j -softmax(p/T)ᵢⱼ
 * log softmax(q/T)ᵢⱼ` is taken from the teacher's scores to the student's, over texts for each image, and transposed.
 *
 * @param student - features `[n, d]` of the reference images
 * @param teacher - features `[n, d]` of the same by the first model; no gradient is wanted for it
 * @param texts - `[m, d]`, the teacher's embeddings of reference texts, whatever their lengths; of a plain classifier the rows
 *   of its last layer's weight. Needed unless both weights that use it are 0
 * @returns a scalar
 * @throws {ShapeError} for shapes that do not fit; {RangeError} for weights below 0, or `T` or `s` not above 0
 * @see Zheng et al. 2023, "Preventing Zero-Shot Transfer Degradation in Continual Learning of Vision-Language Models",
 *   arXiv:2303.06628, section 3.1
 */
export function zsclDistillation(
  student: Tensor,
  teacher: Tensor,
  texts: Tensor | undefined,
  options: ZsclDistillationOptions = {},
): Tensor {
  const where = 'zsclDistillation';
  const { temperature = 2, scale = 100 } = options;
  const { imageToText = 1, textToImage = 1, imageToImage = 0, featureDistance = 0 } = options;
  for (const [name, value] of Object.entries({ temperature, scale })) {
    if (!(value > 0 && Number.isFinite(value)))
      throw new RangeError(`${where}: expected ${name} above 0, received ${value}`);
  }
  for (const [name, value] of Object.entries({ imageToText, textToImage, imageToImage, featureDistance })) {
    checkNumber(where, name, value, 0);
  }
  checkShapes(where, student, teacher, texts, imageToText > 0 || textToImage > 0);

  const [own, first] = [unit(student), unit(teacher)];
  const terms: Tensor[] = [];
  const from = (weight: number, p: Tensor, q: Tensor): void => {
    if (weight > 0) terms.push(mul(softCrossEntropy(p, q, scale, temperature), weight));
  };
  if (texts) {
    const rows = transpose(unit(texts));
    const [p, q] = [matmul(first, rows), matmul(own, rows)];
    from(imageToText, p, q);
    from(textToImage, transpose(p), transpose(q));
  }
  from(imageToImage, matmul(first, transpose(first)), matmul(own, transpose(own)));
  if (featureDistance > 0) terms.push(mul(mean(square(sub(own, first))), featureDistance));
  if (terms.length === 0) throw new RangeError(`${where}: expected a weight above 0, received none`);
  return terms.reduce((total, term) => add(total, term));
}

/** `T² · mean_i Σ_j -softmax(s p/T)ᵢⱼ log softmax(s q/T)ᵢⱼ`. */
function softCrossEntropy(p: Tensor, q: Tensor, scale: number, temperature: number): Tensor {
  const factor = scale / temperature;
  const rows = sum(mul(softmax(mul(p, factor)), logSoftmax(mul(q, factor))), { axis: -1 });
  return mul(neg(mean(rows)), temperature ** 2);
}

/** Rows of length 1; rows of zeros stay. */
const unit = (x: Tensor): Tensor =>
  div(x, sqrt(maximum(sum(square(x), { axis: -1, keepDims: true }), 1e-24)));

function checkShapes(
  where: string,
  student: Tensor,
  teacher: Tensor,
  texts: Tensor | undefined,
  needsTexts: boolean,
): void {
  const [n, d] = teacher.shape;
  const show = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
  const refuse = (expected: string, received: string): never => {
    throw new ShapeError({ where, expected, received });
  };
  if (teacher.rank !== 2) refuse('features of the teacher of shape [n, d]', show(teacher.shape));
  if (n === 0) refuse('at least one reference example', 'none');
  if (student.rank !== 2 || student.shape[0] !== n || student.shape[1] !== d)
    refuse(`features of the student of shape ${show(teacher.shape)}, as of the teacher`, show(student.shape));
  if (!texts) {
    if (needsTexts) refuse('texts, for imageToText and textToImage', 'none');
  } else if (texts.rank !== 2 || texts.shape[1] !== d || texts.shape[0] === 0) {
    refuse(`texts of shape [m, ${d}]`, show(texts.shape));
  }
}
