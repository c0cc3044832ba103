import {
  createTrainStep,
  type LongWorkOptions,
  type Objective,
  type Optimizer,
  type TrainState,
} from '@weightloom/nn';
import { assertSameStructure, type StateDict, stateDict } from '@weightloom/state-dict';
import { add, copy, dispose, foldIn, type Key, mul, type Tensor } from '@weightloom/tensor-gpu';
import { uniformSoup } from '../uniform-soup.js';
import { checkCount } from './check-number.js';
import { runSteps } from './run-steps.js';

/** What training several models side by side takes. */
export interface PopulationOptions<Batch> extends LongWorkOptions {
  /** Where each model starts, two or more of the same structure; left unchanged. */
  readonly models: readonly StateDict[];
  /** The loss of a model on a batch, a scalar. */
  readonly loss: Objective<Batch>;
  /**
   * The batch of a model (counted from 0) at a step (counted from 0), in an order or with augmentations of the model's own;
   * tensors made for it are freed after the step.
   */
  readonly batch: (model: number, step: number) => Batch;
  /** Steps of each model. */
  readonly steps: number;
  readonly optimizer: Optimizer;
  /** Learning rate of a step; default: the optimiser's own. */
  readonly schedule?: (step: number) => number;
  /** Which weights are trained and exchanged, by name; default all but batch norm's running statistics. */
  readonly trainable?: (name: string) => boolean;
  /** Decides what is exchanged, and `ctx.key` of the loss; the same key gives the same bits. */
  readonly key: Key;
}

export interface PopulationResult {
  /** The average of all models. Batch norm's running statistics, if any, are to be estimated anew. */
  readonly params: StateDict;
  /** The models after the last step. */
  readonly models: readonly StateDict[];
  /** The mean loss over the models at every step, before its update. */
  readonly losses: readonly number[];
  /** What the models have sent one another, all together; the final average is not counted. */
  readonly sent: { readonly values: number; readonly bytes: number };
}

/** What models hand on after a step: their new states, and how many values and bytes that took. */
export interface Exchanged {
  readonly states: readonly TrainState[];
  readonly values: number;
  readonly bytes: number;
}

/** Trains models in turns, step by step, with an exchange after each. */
export async function trainPopulation<Batch>(
  where: string,
  options: PopulationOptions<Batch>,
  exchange: (states: readonly TrainState[], step: number) => Exchanged | undefined,
): Promise<PopulationResult> {
  const { loss, optimizer, trainable, schedule, steps, key } = options;
  checkPopulation(where, options);
  const { init, step } = createTrainStep({ objective: loss, optimizer, trainable });
  let states: readonly TrainState[] = options.models.map((params) => init(copy(params)));
  const names = Object.keys(options.models[0]!);
  const count = states.length;
  const sent = { values: 0, bytes: 0 };
  try {
    const losses = await runSteps(
      where,
      steps,
      (i) => {
        let total: Tensor | undefined;
        const next = [...states];
        for (let m = 0; m < count; m++) {
          const own = foldIn(foldIn(key, i), m);
          const result = step(next[m]!, options.batch(m, i), { key: own, learningRate: schedule?.(i) });
          next[m] = result.state;
          total = total ? add(total, result.loss) : result.loss;
        }
        const exchanged = exchange(next, i);
        states = exchanged?.states ?? next;
        sent.values += exchanged?.values ?? 0;
        sent.bytes += exchanged?.bytes ?? 0;
        return { loss: mul(total!, 1 / count), states };
      },
      options,
    );
    const models = states.map(({ trainable, frozen }) =>
      stateDict(names.map((name) => [name, trainable[name] ?? frozen[name]!] as const)),
    );
    const params = await uniformSoup(models);
    dispose(states.map((state) => state.optimizer));
    return { params, models, losses, sent };
  } catch (error) {
    dispose(states);
    throw error;
  }
}

function checkPopulation<B>(where: string, { models, steps }: PopulationOptions<B>): void {
  if (models.length < 2) {
    throw new RangeError(`${where}: expected at least two models, received ${models.length}`);
  }
  checkCount(where, 'steps', steps);
  assertSameStructure(models, { where });
}
