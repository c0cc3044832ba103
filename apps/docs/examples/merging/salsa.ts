import { linear, trainSalsa } from '@weightloom/merging';
import { adam, klDivergence, mlp, type StateDict } from '@weightloom/nn';
import {
  add,
  backendReport,
  dispose,
  foldIn,
  mean as average,
  mul,
  reshape,
  softmax,
  sum,
  take,
  type Tensor,
  tensor,
  uniform,
} from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { pick, rowsOf, rowsOfStep, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { numberOf } from '../../src/number-of.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean } from '../../src/summary.js';

export const paper: Paper = {
  title: 'SALSA: Soup-based Alignment Learning for Stronger Adaptation in RLHF',
  authors: 'Chegini et al.',
  venue: 'arXiv 2024',
  url: 'https://arxiv.org/abs/2411.01798',
};

export const claim =
  'A policy sees a digit and picks one of ten actions, whose rewards a random table holds; two models that imitate the third-best action ' +
  'are the start. Held strongly (β = 10) to their soup, the policy ends nearer to the soup than to the first model; with β = 0 it does not ' +
  'matter what it is held to. The paper finds higher rewards with the soup than with plain PPO; at this scale they are shown as measured, ' +
  'and not claimed.';

const BETAS = [0, 0.1, 1, 10];
const STEPS = 120;
const ACTIONS = 10;

const model = mlp({ sizes: [64, 64, 64, ACTIONS] });

/** Pictures that the policy sees, and what they show, which only the rewards know. */
interface Contexts {
  readonly pictures: Tensor;
  readonly labels: Tensor;
}

const references = ['soup', 'first'] as const;
type Reference = (typeof references)[number];

interface Measured {
  /** Expected reward on test digits, 0 to 1. */
  readonly reward: number;
  /** `KL(π ‖ soup)` and `KL(π ‖ first)` on test digits. */
  readonly soup: number;
  readonly first: number;
  /** `KL(π ‖ π_ref)` at every step. */
  readonly course: readonly number[];
}

async function repetition({ key, signal, quick, step }: Repetition) {
  // #region main
  const { train: pool, validation, test } = await splitDigits(key);
  const table = uniform(foldIn(key, 'rewards'), [10, ACTIONS]);
  const rewards = Array.from(await table.data());
  const rows = Array.from({ length: 10 }, (_, c) => rewards.slice(c * ACTIONS, (c + 1) * ACTIONS));
  const third = rows.map((row) => row.indexOf([...row].sort((a, b) => b - a)[2]!));

  // Two models fine-tuned from one base to imitate the third-best action, on other examples and in another order.
  const labelled = rowsOf(pool, 0, 600);
  const shown = Int32Array.from(await labelled.targets.data(), (label) => third[label]!);
  const lessons = { inputs: labelled.inputs, targets: tensor(shown) };
  const common = { model, signal, quick };
  const base = await train({
    ...common,
    data: rowsOf(lessons, 0, 200),
    epochs: 10,
    key: foldIn(key, 'base'),
  });
  const models: StateDict[] = [];
  for (const m of [0, 1]) {
    const data = pick(
      lessons,
      Array.from({ length: 200 }, (_, i) => 200 + 200 * m + i),
    );
    models.push(await train({ ...common, params: base, data, epochs: 20, key: foldIn(key, `model ${m}`) }));
    dispose(data.inputs);
  }

  /** The reward of an action for a digit. */
  const reward = ({ labels }: Contexts, actions: Tensor): Tensor =>
    take(reshape(table, [-1]), add(mul(labels, ACTIONS), actions));
  const order = rowsOfStep(foldIn(key, 'contexts'), pool.inputs.shape[0]!, 64);
  const practise = (reference: Reference, beta: number) =>
    trainSalsa<Contexts>({
      models,
      reference,
      beta,
      logits: (params, { pictures }) => model.apply(params, pictures),
      reward,
      batch: (i) => {
        const index = order(i);
        return { pictures: take(pool.inputs, index), labels: take(pool.targets, index) };
      },
      steps: quick ? 3 : STEPS,
      epochs: 2,
      optimizer: adam({ learningRate: 1e-3 }),
      key: foldIn(key, 'actions'),
      signal,
    });
  // #endregion main
  await step('imitation');

  const soup = await linear(models);
  const results = new Map<string, Measured>();
  const measure = async (params: StateDict): Promise<Omit<Measured, 'course'>> => {
    const scores = model.apply(params, test.inputs);
    const from = (held: StateDict): Promise<number> =>
      numberOf(() => klDivergence(model.apply(held, test.inputs), scores));
    const reward = await numberOf(() =>
      average(sum(mul(softmax(scores), take(table, test.targets)), { axis: 1 })),
    );
    const result = { reward, soup: await from(soup), first: await from(models[0]!) };
    scores.dispose();
    return result;
  };
  const start = await measure(models[0]!);
  const soupAlone = await measure(soup);
  for (const reference of references) {
    for (const beta of BETAS) {
      const { params, reference: held, divergences } = await practise(reference, beta);
      results.set(`${reference} ${beta}`, { ...(await measure(params)), course: divergences });
      dispose([params, held]);
    }
    await step(`held to ${reference}`);
  }
  dispose([pool, validation, test, table, lessons, base, models, soup, labelled]);
  const best = mean(rows.map((row) => Math.max(...row)));
  return {
    start,
    soupAlone,
    best,
    of: (reference: Reference, beta: number) => results.get(`${reference} ${beta}`)!,
  };
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 1 + references.length, repetition);
  const labels: Record<Reference, string> = {
    soup: 'SALSA: held to the soup',
    first: 'PPO: held to the first model',
  };
  const strong = BETAS.at(-1)!;
  const steps = runs[0]!.of('soup', 0).course.map((_, i) => i);
  return {
    charts: [
      {
        type: 'bar',
        title: 'Expected reward on test digits',
        categories: [...BETAS.map((beta) => `β = ${beta}`)],
        valueAxis: { label: 'reward', range: [0, 1] },
        series: [
          ...references.map((reference) => ({
            name: labels[reference],
            values: BETAS.map((beta) => mean(runs.map((r) => r.of(reference, beta).reward))),
          })),
          { name: 'start', values: BETAS.map(() => mean(runs.map((r) => r.start.reward))) },
        ],
      },
      {
        type: 'line',
        title: 'How far the policy is from what it is held to',
        xAxis: { label: 'step' },
        yAxis: { label: 'KL(π ‖ reference)' },
        series: [0.1, 1].flatMap((beta) =>
          references.map((reference) => ({
            name: `β = ${beta}, ${reference}`,
            x: steps,
            y: steps.map((i) => mean(runs.map((r) => r.of(reference, beta).course[i]!))),
            dashed: reference === 'first',
          })),
        ),
      },
      {
        type: 'bar',
        title: `Where it ends, β = ${strong}`,
        categories: references.map((reference) => labels[reference]),
        valueAxis: { label: 'KL on test digits' },
        series: (['soup', 'first'] as const).map((to) => ({
          name: to === 'soup' ? 'to the soup' : 'to the first model',
          values: references.map((reference) => mean(runs.map((r) => r.of(reference, strong)[to]))),
        })),
      },
    ],
    checks: [
      check(
        `Held to the soup, β = ${strong}: KL(π ‖ soup) ÷ KL(π ‖ first model)`,
        runs.map((r) => r.of('soup', strong).soup / r.of('soup', strong).first),
        { expected: { atMost: 0.8 }, band: [0, 1.5] },
      ),
      check(
        'β = 0: reward held to the soup − reward held to the first model',
        runs.map((r) => r.of('soup', 0).reward - r.of('first', 0).reward),
        { expected: { atLeast: -1e-6, atMost: 1e-6 }, band: [-1e-3, 1e-3] },
      ),
      check(
        'β = 0.1: reward by SALSA − reward of the start',
        runs.map((r) => r.of('soup', 0.1).reward - r.start.reward),
        { expected: { atLeast: 0.02 }, band: [-0.05, 0.5] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: [
        'Seed',
        'start',
        'soup',
        ...BETAS.flatMap((beta) => [`SALSA, β = ${beta}`, `PPO, β = ${beta}`]),
        'best possible',
      ],
      rows: runs.map((r, i) => [
        options.seeds[i]!,
        r.start.reward,
        r.soupAlone.reward,
        ...BETAS.flatMap((beta) => [r.of('soup', beta).reward, r.of('first', beta).reward]),
        r.best,
      ]),
    },
  };
}
