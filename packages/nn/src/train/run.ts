import { backendReport, copy, dispose, type Tensor } from '@weightloom/tensor-gpu';
import type { StateDict } from '../model.js';
import { averagedWeights } from '../optimizers/track-average.js';
import { DivergedError } from './diverged-error.js';
import { type EarlyStoppingOptions, judge } from './early-stopping.js';
import type { EpochRecord } from './epoch-record.js';
import type { FedBatch, FedStep } from './feed.js';
import type { FitResult } from './fit-options.js';
import { paramsOf, type StepControl, type TrainState, type TrainStep } from './train-step.js';
import { decodeSnapshot, encodeSnapshot, type RunRecord } from './training-snapshot.js';

/** What changes while `fit` runs, and who owns which tensors. */
export class Run {
  state: TrainState;
  losses: number[] = [];
  history: EpochRecord[] = [];
  #best: StateDict | null = null;
  /** Losses that were computed and not yet read. */
  #pending: Tensor[] = [];

  constructor(state: TrainState) {
    this.state = state;
  }

  step({ step, accumulate }: TrainStep<FedBatch>, { parts, release }: FedStep, control: StepControl): void {
    const { state, loss } =
      parts.length === 1 ? step(this.state, parts[0].batch, control) : accumulate(this.state, parts, control);
    this.state = state;
    this.#pending.push(loss);
    release();
  }

  /** Reads the losses of the steps since the last time. */
  async flush(): Promise<void> {
    const values = await Promise.all(this.#pending.map((t) => t.data()));
    dispose(this.#pending);
    this.#pending = [];
    for (const [value] of values) {
      if (!Number.isFinite(value)) throw new DivergedError('fit', this.losses.length, value);
      this.losses.push(value);
    }
  }

  /** Keeps the weights when the last epoch was the best; true when it is time to stop. */
  verdict(options: EarlyStoppingOptions | undefined): boolean {
    if (!options || this.history.length === 0) return false;
    const { best, stop } = judge(this.history, options);
    if (best === this.history.length && options.restoreBest !== false) {
      dispose(this.#best);
      this.#best = copy(paramsOf(this.state));
    }
    return stop;
  }

  label(done: number, total: number, stepsPerEpoch: number): string {
    const epoch = `epoch ${Math.ceil(done / stepsPerEpoch)}/${Math.ceil(total / stepsPerEpoch)}`;
    const last = this.losses.at(-1);
    return last === undefined ? epoch : `${epoch}, loss ${last.toPrecision(4)}`;
  }

  async encode(options: RunRecord['options']): Promise<Uint8Array> {
    await this.flush();
    const { losses, history } = this;
    return encodeSnapshot({
      state: this.state,
      best: this.#best,
      record: { options, step: losses.length, losses, history },
    });
  }

  /** Goes on from a snapshot; an epoch it had cut short is not an epoch of a longer run. */
  resume(snapshot: Uint8Array, options: RunRecord['options'], stepsPerEpoch: number): void {
    const { state, best, record } = decodeSnapshot(snapshot, this.state, options);
    this.state = state;
    this.#best = best;
    this.losses = [...record.losses];
    this.history = (record.history as EpochRecord[]).filter(({ step }) => step % stepsPerEpoch === 0);
  }

  /** Hands the weights out and disposes the rest. */
  result(earlyStopping: EarlyStoppingOptions | undefined): FitResult {
    const { state, history, losses } = this;
    const average = averagedWeights(state.optimizer);
    const kept = average && copy(average);
    const params = this.#best ?? paramsOf(state);
    dispose(this.#best ? state : state.optimizer);
    return {
      params,
      ...(kept && { average: kept }),
      history,
      losses,
      stoppedEarly: earlyStopping !== undefined && judge(history, earlyStopping).stop,
      backend: backendReport(),
    };
  }

  dispose(): void {
    dispose([this.state, this.#best, this.#pending]);
  }
}
