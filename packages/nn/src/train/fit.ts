import { copy, foldIn } from '@weightloom/tensor-gpu';
import { countExamples } from '../data/dataset.js';
import { checkCount, refuse } from '../internal/checks.js';
import { runSteps } from '../internal/long-work.js';
import type { StateDict } from '../model.js';
import { checkEarlyStopping } from './early-stopping.js';
import type { EpochRecord } from './epoch-record.js';
import { evaluate } from './evaluate.js';
import { createFeed, type FedBatch, rowsOf } from './feed.js';
import type { FitOptions, FitResult } from './fit-options.js';
import { runIdentity } from './run-identity.js';
import { createTrainStep, paramsOf, type TrainStep } from './train-step.js';
import { Run } from './run.js';

/**
 * Trains a model: shuffles by key, runs one compiled step per batch, and watches the loss.
 *
 * @throws {DivergedError} when a loss is not finite; names the step
 * @throws the signal's reason when aborted, between two steps
 * @throws {RangeError} for options outside their range, or a snapshot of a run with other options
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { batchSize = 64, dropLast = false, shuffle = true, microBatches = 1, key, checkpoint } = options;
  const feed = createFeed(options.data, { key, batchSize, dropLast, shuffle, microBatches });
  const total = totalSteps(options, feed.stepsPerEpoch);
  checkOptions(options, microBatches);
  const step = stepOf(options);
  const run = new Run(step.init(startOf(options)));
  try {
    const identity = checkpoint && (await runIdentity(options, run.state));
    const stored = await checkpoint?.store.load();
    if (identity && stored) run.resume(stored, identity, feed.stepsPerEpoch);
    const stepKey = foldIn(key, 'step');
    const advance = (i: number): boolean | Promise<boolean> => {
      run.step(step, feed.at(i), { learningRate: options.schedule?.(i), key: foldIn(stepKey, i) });
      const done = i + 1;
      const epochEnds = done % feed.stepsPerEpoch === 0 || done === total;
      const saves = checkpoint && (done % checkpoint.every === 0 || done === total);
      return epochEnds || saves ? rest(epochEnds, saves ?? false) : false;
    };
    const rest = async (epochEnds: boolean, saves: boolean): Promise<boolean> => {
      if (epochEnds) await endEpoch(run, options);
      const stop = epochEnds && run.verdict(options.earlyStopping);
      if (checkpoint && identity && (saves || stop)) await checkpoint.store.save(await run.encode(identity));
      return stop;
    };
    const label = (done: number): string => run.label(done, total, feed.stepsPerEpoch);
    const first = run.verdict(options.earlyStopping) ? total : run.losses.length;
    await runSteps(total, advance, options, label, { first, flush: () => run.flush() });
    return run.result(options.earlyStopping);
  } catch (error) {
    run.dispose();
    throw error;
  }
}

async function endEpoch(run: Run, options: FitOptions): Promise<void> {
  await run.flush();
  const { model, loss, validation, metrics = { loss }, signal, onEpoch } = options;
  const params = paramsOf(run.state);
  const measured = validation && (await evaluate({ model, params, data: validation, metrics, signal }));
  const own = run.losses.slice(run.history.at(-1)?.step ?? 0);
  const record: EpochRecord = {
    epoch: run.history.length + 1,
    step: run.losses.length,
    loss: own.reduce((sum, l) => sum + l, 0) / own.length,
    ...(measured && { validation: measured }),
  };
  run.history.push(record);
  await onEpoch?.(record, params);
}

function stepOf({ model, loss, augment, optimizer, trainable, sam }: FitOptions): TrainStep<FedBatch> {
  return createTrainStep<FedBatch>({
    objective: (params, batch, ctx) => {
      const { inputs, targets } = rowsOf(batch);
      const seen = augment ? augment(inputs, foldIn(ctx.key!, 'augment')) : inputs;
      return loss(model.apply(params, seen, ctx), targets);
    },
    optimizer,
    trainable,
    sam,
  });
}

function totalSteps({ epochs, steps }: FitOptions, perEpoch: number): number {
  if ((epochs === undefined) === (steps === undefined)) {
    refuse('fit', 'either epochs or steps', epochs === undefined ? 'neither' : 'both');
  }
  checkCount('fit', epochs === undefined ? 'steps' : 'epochs', (epochs ?? steps)!);
  return steps ?? epochs! * perEpoch;
}

function checkOptions(
  { validation, sam, earlyStopping, checkpoint }: FitOptions,
  microBatches: number,
): void {
  if (validation) countExamples('fit (validation)', validation);
  if (sam && microBatches > 1) refuse('fit', 'microBatches of 1 with sam', microBatches);
  if (earlyStopping) checkEarlyStopping(earlyStopping);
  if (checkpoint) checkCount('fit', 'checkpoint.every', checkpoint.every);
}

function startOf({ model, params, key }: FitOptions): StateDict {
  if (params) return copy(params);
  if (!model.init) refuse('fit', 'params, or a model with init', 'neither');
  return model.init(foldIn(key, 'init'));
}
