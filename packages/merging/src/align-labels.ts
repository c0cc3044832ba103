import { mapTensors, type StateDict } from '@weightloom/state-dict';
import { cast, copy, ShapeError, take, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { checkChoice } from './internal/check-number.js';
import { commonLabels, type KeepLabels, type Label } from './internal/common-labels.js';
import { suggest } from './internal/suggest.js';

export interface AlignLabelsOptions {
  /** For each model the class that each output stands for, in the order of the outputs: names, or numbers. */
  readonly labels: readonly (readonly Label[])[];
  /** Names of the tensors that have one row for each class: weight and bias of the last layer. */
  readonly heads: readonly string[];
  /** `'all'` (default): every model must know the classes of the first, in any order; `'common'`: classes not all know are dropped. */
  readonly keep?: KeepLabels;
}

export interface AlignedLabels {
  /** The models, ready to be merged: row `i` of every head stands for `labels[i]`. */
  readonly models: readonly StateDict[];
  /** The classes that are left, in the order of the first model. */
  readonly labels: readonly Label[];
}

/**
 * Brings classifiers with different label spaces to one, so that their heads can be merged: `out[i, …] = head[place of label i, …]`
 * for every head, all other tensors as they are. Averages of heads whose rows stand for different classes mean nothing, even where
 * the shapes fit.
 *
 * Fisher information and other state dicts of the models are aligned by the same call with the same options. See `ensemble` for the
 * same over outputs.
 *
 * @param models - at least one
 * @throws {RangeError} for another number of `labels`, labels that come twice, differ or have none in common, and heads a model lacks
 * @throws {ShapeError} naming a head whose rows are not as many as the model's labels
 */
export function alignLabels(
  models: readonly StateDict[],
  { labels, heads, keep = 'all' }: AlignLabelsOptions,
): AlignedLabels {
  const where = 'alignLabels';
  if (models.length === 0) throw new RangeError(`${where}: expected at least one model, received none`);
  if (labels.length !== models.length) {
    throw new RangeError(
      `${where}: expected ${models.length} lists of labels, one per model, received ${labels.length}`,
    );
  }
  checkChoice(where, 'keep', keep, ['all', 'common']);
  models.forEach((model, i) => heads.forEach((head) => checkHead(where, model, head, i, labels[i]!.length)));
  const common = commonLabels(where, labels, keep);
  return {
    labels: common.labels,
    models: models.map((model, i) => {
      const rows = tensor(common.outputs[i]!);
      return mapTensors(model, (t, name) => (heads.includes(name) ? takeRows(t, rows) : copy(t)));
    }),
  };
}

function takeRows(t: Tensor, rows: Tensor): Tensor {
  const taken = take(t, rows);
  return taken.dtype === t.dtype ? taken : cast(taken, t.dtype);
}

function checkHead(where: string, model: StateDict, head: string, i: number, count: number): void {
  if (!Object.hasOwn(model, head)) {
    throw new RangeError(
      `${where}: expected the head ${JSON.stringify(head)} in models[${i}], received none; ${suggest(head, Object.keys(model))}`,
    );
  }
  const { shape } = model[head]!;
  if (shape[0] === count) return;
  throw new ShapeError({
    where: `${where}: models[${i}] ${JSON.stringify(head)}`,
    expected: `${count} rows, one for each of its labels`,
    received: `[${shape.join(', ')}]`,
  });
}
