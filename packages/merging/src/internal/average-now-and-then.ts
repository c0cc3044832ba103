import type { TrainState } from '@weightloom/nn';
import { mapTensors, weightedSum } from '@weightloom/state-dict';
import { cast, jit, type Tensor } from '@weightloom/tensor-gpu';
import { type PopulationOptions, type PopulationResult, trainPopulation } from './train-population.js';

export interface Averaging {
  /** `[N][N]`: row i says how much of each model goes into the new model i. */
  readonly shares: readonly (readonly number[])[];
  /** How many models' weights are sent for it. */
  readonly senders: number;
}

/** Trains a population whose models become averages of models when `due` says so of the number of steps done. */
export function averageNowAndThen<Batch>(
  where: string,
  options: PopulationOptions<Batch>,
  due: (done: number) => Averaging | undefined,
): Promise<PopulationResult> {
  const average = jit(
    (states: readonly TrainState[], shares: Averaging['shares']): TrainState[] => {
      const weights = states.map(({ trainable }) => trainable);
      return states.map((state, i) => ({
        ...state,
        trainable: mapTensors(weightedSum(weights, shares[i]!), (t, name) =>
          cast(t, weights[i]![name]!.dtype),
        ),
      }));
    },
    { donate: [0], name: where },
  );
  return trainPopulation(where, options, (states, step) => {
    const averaging = due(step + 1);
    if (!averaging) return undefined;
    const weights = Object.values(states[0]!.trainable);
    const total = (of: (t: Tensor) => number): number =>
      averaging.senders * weights.reduce((sum, t) => sum + of(t), 0);
    return {
      states: average(states, averaging.shares),
      values: total(({ size }) => size),
      bytes: total(({ byteLength }) => byteLength),
    };
  });
}
