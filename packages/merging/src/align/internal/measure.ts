import type { StateDict } from '@weightloom/state-dict';

/** Numbers of a model by name. */
export type Scores = Readonly<Record<string, number>>;

export interface MeasureOptions {
  readonly evaluate: (params: StateDict, t: number) => number | Scores | Promise<number | Scores>;
  readonly prepare?: (params: StateDict, t: number) => StateDict | Promise<StateDict>;
}

/** What a user's `evaluate` says of a model, checked; a plain number is called `loss`. */
export async function measure(
  where: string,
  params: StateDict,
  t: number,
  { evaluate, prepare }: MeasureOptions,
  like?: Scores,
): Promise<Scores> {
  const given = await evaluate(prepare ? await prepare(params, t) : params, t);
  const scores = typeof given === 'number' ? { loss: given } : given;
  const isRecord = typeof scores === 'object' && scores !== null;
  const bad = isRecord ? Object.entries(scores).find(([, value]) => !Number.isFinite(value)) : undefined;
  if (!isRecord || bad || Object.keys(scores).length === 0) {
    const received = bad ? `${String(bad[1])} as ${JSON.stringify(bad[0])}` : String(JSON.stringify(given));
    throw new RangeError(
      `${where}: expected evaluate to give a finite number, or several by name, received ${received} at t = ${t}`,
    );
  }
  const [names, wanted] = [scores, like ?? scores].map((record) => Object.keys(record).sort().join(', '));
  if (names !== wanted) {
    throw new RangeError(
      `${where}: expected ${wanted} from evaluate at every point, received ${names} at t = ${t}`,
    );
  }
  return scores;
}
