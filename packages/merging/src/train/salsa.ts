import { createTrainStep, klDivergence, type LongWorkOptions, type Optimizer } from '@weightloom/nn';
import { assertSameStructure, type StateDict, stateDict } from '@weightloom/state-dict';
import {
  add,
  categorical,
  clip as clamp,
  copy,
  dispose,
  exp,
  expandDims,
  foldIn,
  jit,
  type Key,
  logSoftmax,
  mean,
  minimum,
  mul,
  neg,
  reshape,
  ShapeError,
  squeeze,
  sub,
  sum,
  takeAlongAxis,
  type Tensor,
} from '@weightloom/tensor-gpu';
import { checkCount, checkNumber } from '../internal/check-number.js';
import { runSteps } from '../internal/run-steps.js';
import { linear } from '../linear.js';

export interface TrainSalsaOptions<Contexts> extends LongWorkOptions {
  /** Two or more models fine-tuned from one base with other seeds; left unchanged. */
  readonly models: readonly StateDict[];
  /** Share of each in the soup (default equal; of two, `[a, 1 - a]`); normalised to sum 1. */
  readonly weights?: readonly number[];
  /** The policy: scores `[n, V]` of actions, or `[n, T, V]` of the tokens at every place of `actions`. */
  readonly logits: (params: StateDict, contexts: Contexts, actions: Tensor | undefined) => Tensor;
  /**
   * What the policy does in the contexts: int32 `[n]` or `[n, T]` (default: one draw from `logits(params, contexts, undefined)`,
   * for policies that act once). Language models generate here.
   */
  readonly sample?: (params: StateDict, contexts: Contexts, key: Key) => Tensor;
  /** `R(x, y)`, float32 `[n]`. */
  readonly reward: (contexts: Contexts, actions: Tensor) => Tensor;
  /** `β ≥ 0`, how strongly the policy is held to the reference. */
  readonly beta: number;
  /** What the policy is held to: the soup (default), or the first model, which is plain PPO. */
  readonly reference?: 'soup' | 'first';
  /** Where the policy starts: at the first model (default) or at the soup. */
  readonly start?: 'first' | 'soup';
  /**
   * How the divergence enters: `'exact'` (default), over all actions at every place, as a term of the loss; `'sampled'`, as
   * `-β log (π / π_ref)` of the sampled actions, taken from the reward.
   */
  readonly divergence?: 'exact' | 'sampled';
  /** The contexts of a step, counted from 0; tensors made for them are freed after the step. */
  readonly batch: (step: number) => Contexts;
  readonly steps: number;
  /** Updates for each batch (default 4). */
  readonly epochs?: number;
  /** `ε > 0` of PPO: ratios outside `1 ± ε` give no further gradient (default 0.2). */
  readonly clip?: number;
  readonly optimizer: Optimizer;
  /** Draws the actions; the same key gives the same bits. */
  readonly key: Key;
}

export interface SalsaResult {
  /** The policy. */
  readonly params: StateDict;
  /** What it was held to. */
  readonly reference: StateDict;
  /** Mean reward of each step's actions, before its updates. */
  readonly rewards: readonly number[];
  /** `KL(π ‖ π_ref)` of each step, before its updates, summed over places and averaged over contexts. */
  readonly divergences: readonly number[];
  /** The loss of each step's last update. */
  readonly losses: readonly number[];
}

/**
 * SALSA: reinforcement learning from rewards in which the policy is held to a soup of fine-tuned models instead of to one of them.
 *
 * `θ_soup = Σ aᵢ θᵢ`; from the first model, `max E[R(x, y)] - β KL(π ‖ π_soup)` by PPO: with `A = R - mean R` over the batch and `r = π / π_old`
 * each update descends `-mean_n Σ_t min(r A, clip(r, 1 - ε, 1 + ε) A) + β mean_n Σ_t KL`.
 *
 * Where we differ: the baseline is the mean reward of the batch, not a learned value.
 *
 * @throws {RangeError} for fewer than two models, `β` below 0 or other options out of range; {StateDictError}, {ShapeError} naming the
 *   tensor in which models differ, vocabularies of another size included; {DivergedError} for a loss that is not finite
 * @see Chegini et al. 2024, "SALSA: Soup-based Alignment Learning for Stronger Adaptation in RLHF", arXiv:2411.01798
 */
export async function trainSalsa<Contexts>(options: TrainSalsaOptions<Contexts>): Promise<SalsaResult> {
  const where = 'trainSalsa';
  checkOptions(where, options);
  const { models, weights, logits, reward, beta, steps, epochs = 4, clip = 0.2, key } = options;
  const isExact = (options.divergence ?? 'exact') === 'exact';
  const drawn = jit((params: StateDict, contexts: Contexts, k: Key) =>
    categorical(k, logits(params, contexts, undefined)),
  );
  const { sample = drawn } = options;
  const soup = await linear(models, { weights });
  const reference = options.reference === 'first' ? copy(models[0]!) : copy(soup);

  const observe = jit(
    (params: StateDict, held: StateDict, contexts: Contexts, actions: Tensor, rewards: Tensor) => {
      const [own, other] = [logits(params, contexts, actions), logits(held, contexts, actions)];
      const old = chosen(own, actions);
      const cost = isExact ? 0 : mul(perRow(sub(old, chosen(other, actions))), beta);
      const gain = sub(rewards, cost);
      return {
        batch: { contexts, actions, old, held: other, advantage: sub(gain, mean(gain)) } as Update<Contexts>,
        reward: mean(rewards),
        divergence: mean(divergenceOf(own, other)),
      };
    },
  );
  const { init, step } = createTrainStep<Update<Contexts>>({
    objective: (params, { contexts, actions, old, held, advantage }) => {
      const own = logits(params, contexts, actions);
      const ratio = exp(sub(chosen(own, actions), old));
      const a = reshape(advantage, [-1, ...old.shape.slice(1).map(() => 1)]);
      const surrogate = minimum(mul(ratio, a), mul(clamp(ratio, 1 - clip, 1 + clip), a));
      const loss = neg(mean(perRow(surrogate)));
      return isExact && beta > 0 ? add(loss, mul(mean(divergenceOf(own, held)), beta)) : loss;
    },
    optimizer: options.optimizer,
  });

  let state = init(copy(options.start === 'soup' ? soup : models[0]!));
  dispose(soup);
  const seen: { readonly reward: Tensor; readonly divergence: Tensor }[] = [];
  try {
    const losses = await runSteps(
      where,
      steps,
      (i) => {
        const contexts = options.batch(i);
        const params = stateDict({ ...state.frozen, ...state.trainable });
        const actions = sample(params, contexts, foldIn(key, i));
        const rewards = reward(contexts, actions);
        checkRewards(where, rewards, actions);
        const { batch, ...observed } = observe(params, reference, contexts, actions, rewards);
        seen.push(observed);
        let loss: Tensor;
        for (let epoch = 0; epoch < epochs; epoch++) ({ state, loss } = step(state, batch));
        return { loss: loss!, state, observed };
      },
      options,
    );
    const [rewards, divergences] = await Promise.all([
      read(seen.map((one) => one.reward)),
      read(seen.map((one) => one.divergence)),
    ]);
    dispose(state.optimizer);
    return {
      params: stateDict({ ...state.frozen, ...state.trainable }),
      reference,
      rewards,
      divergences,
      losses,
    };
  } catch (error) {
    dispose([state, reference]);
    throw error;
  } finally {
    dispose(seen);
  }
}

/** What an update is made from. */
interface Update<Contexts> {
  readonly contexts: Contexts;
  readonly actions: Tensor;
  /** Log-probabilities of the actions when they were drawn, `[n, …]`. */
  readonly old: Tensor;
  /** Scores of the reference, `[n, …, V]`. */
  readonly held: Tensor;
  /** `[n]`. */
  readonly advantage: Tensor;
}

/** Log-probabilities of actions. */
const chosen = (logits: Tensor, actions: Tensor): Tensor =>
  squeeze(takeAlongAxis(logSoftmax(logits), expandDims(actions, -1), -1), -1);

/** `[n, …] → [n]`, summed. */
const perRow = (x: Tensor): Tensor => (x.rank === 1 ? x : sum(reshape(x, [x.shape[0]!, -1]), { axis: 1 }));

/** `KL(π ‖ π_ref)` of each context, `[n]`. */
const divergenceOf = (own: Tensor, held: Tensor): Tensor =>
  perRow(klDivergence(held, own, { reduction: 'none' }));

const read = async (values: readonly Tensor[]): Promise<number[]> =>
  (await Promise.all(values.map((value) => value.data()))).map(([value]) => value!);

function checkRewards(where: string, rewards: Tensor, actions: Tensor): void {
  if (rewards.rank === 1 && rewards.shape[0] === actions.shape[0]) return;
  throw new ShapeError({
    where: `${where}: reward`,
    expected: `one number for each context, shape [${actions.shape[0]}]`,
    received: `[${rewards.shape.join(', ')}]`,
  });
}

function checkOptions<C>(where: string, options: TrainSalsaOptions<C>): void {
  const { models, beta, steps, epochs = 4, clip = 0.2 } = options;
  if (models.length < 2) {
    throw new RangeError(`${where}: expected at least two models, received ${models.length}`);
  }
  assertSameStructure(models, { where });
  checkNumber(where, 'beta', beta, 0);
  checkCount(where, 'steps', steps);
  checkCount(where, 'epochs', epochs);
  if (!(clip > 0 && Number.isFinite(clip))) {
    throw new RangeError(`${where}: expected clip above 0, received ${String(clip)}`);
  }
  const choices = {
    reference: ['soup', 'first'],
    start: ['first', 'soup'],
    divergence: ['exact', 'sampled'],
  } as const;
  for (const [name, known] of Object.entries(choices)) {
    const value = options[name as keyof typeof choices];
    if (value === undefined || (known as readonly string[]).includes(value)) continue;
    throw new RangeError(`${where}: expected ${name} to be ${known.join(' or ')}, received ${String(value)}`);
  }
}
