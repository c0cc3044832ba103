/** A value as YAML has it. */
export type Scalar = number | boolean | string;

/** One value, or a gradient: values at equal distances over the layers, with straight lines between numbers. */
export type ScalarOrGradient = Scalar | readonly Scalar[];

/** A value for the tensors whose name contains `filter`, or for all. */
export interface FilteredValue {
  /** A part of a tensor's name; `undefined` and `*` match every name. */
  readonly filter?: string;
  readonly value: ScalarOrGradient;
}

/** What a parameter may be in a recipe; of filtered values, the first that matches counts. */
export type ParameterValue =
  | { readonly kind: 'plain'; readonly value: ScalarOrGradient }
  | { readonly kind: 'filtered'; readonly values: readonly FilteredValue[] };

/**
 * The value of a parameter for one tensor.
 *
 * A gradient `v₀ … vₙ` is read at `x = t · n`, linearly between its numbers; other values at `⌊x⌋`.
 *
 * @param name - of the tensor
 * @param t - where its layer is in the slice: 0 for the first, 1 for the last; tensors outside the layers have 0
 * @returns `undefined` when no filter matches
 */
export function evaluateParameter(parameter: ParameterValue, name: string, t: number): Scalar | undefined {
  if (parameter.kind === 'plain') return evaluate(parameter.value, t);
  const match = parameter.values.find(
    ({ filter }) => filter === undefined || filter === '*' || name.includes(filter),
  );
  return match && evaluate(match.value, t);
}

function evaluate(value: ScalarOrGradient, t: number): Scalar {
  if (!Array.isArray(value)) return value as Scalar;
  const x = t * (value.length - 1);
  const index = Math.min(Math.floor(x), value.length - 1);
  const [here, next] = [value[index] as Scalar, value[Math.min(index + 1, value.length - 1)] as Scalar];
  if (typeof here !== 'number' || typeof next !== 'number') return here;
  return here + (x - index) * (next - here);
}
