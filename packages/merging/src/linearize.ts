import type { Model } from '@weightloom/nn';
import { assertSameStructure, isFloat, type StateDict, stateDict, subtract } from '@weightloom/state-dict';
import { add, jvp, type Tensor } from '@weightloom/tensor-gpu';

/** A model made linear in its weights. */
export interface LinearizedModel {
  /** `f_lin(x; θ)`, for `θ` with the names, shapes and dtypes of the base. */
  readonly apply: (params: StateDict, inputs: Tensor) => Tensor;
}

/**
 * The tangent model at a base: linear in the weights, though not in the inputs.
 *
 * `f_lin(x; θ) = f(x; θ₀) + J(θ₀) (θ - θ₀)`, with `J` the Jacobian by the weights: one forward pass in forward mode, about as
 * dear as two. At `θ₀` it is the model itself. Fine-tune it as any model, `fit({ model: linearize(model, base), params: base, … })`:
 * task vectors found so interfere less when they are added.
 *
 * The model runs as in evaluation, whatever it is called with: no dropout, batch norm with its running statistics. Whole numbers
 * and masks are those of the base.
 *
 * @param model - its `apply` gives outputs `[n, …]` for inputs `[n, …]`, made of tensor operations
 * @param base - `θ₀`
 * @returns a model whose `apply` nests in `jit`, `grad` and `vmap`, and throws `StateDictError`, `ShapeError` or `DTypeError` for
 *   weights that do not fit the base
 * @see Ortiz-Jimenez et al. 2023, "Task Arithmetic in the Tangent Space: Improved Editing of Pre-Trained Models",
 *   arXiv:2305.12827, equation 5
 */
export function linearize(model: Pick<Model, 'apply'>, base: StateDict): LinearizedModel {
  const names = Object.keys(base).filter((name) => isFloat(base[name]!));
  const pick = (params: StateDict): StateDict =>
    stateDict(names.map((name): [string, Tensor] => [name, params[name]!]));
  const start = pick(base);
  return {
    apply(params, inputs) {
      assertSameStructure([base, params], { where: 'linearize', labels: ['the base', 'the weights'] });
      const [value, change] = jvp(
        (weights: StateDict) => model.apply({ ...base, ...weights }, inputs),
        [start],
        [subtract(pick(params), start)],
      );
      return add(value, change);
    },
  };
}
