/** A recipe to start from; it names the sample models. */
export interface SampleRecipe {
  readonly name: string;
  readonly text: string;
}

export const sampleRecipes: readonly SampleRecipe[] = [
  {
    name: 'TIES: two fine-tunes onto their base',
    text: `# Keeps the largest changes of each model, lets them vote on signs, adds what agrees.
merge_method: ties
base_model: base
models:
  - model: chat
    parameters:
      density: 0.6
      weight: 1.0
  - model: code
    parameters:
      density: 0.6
      weight: [0.4, 1.0] # rises over the layers
parameters:
  normalize: true
dtype: bfloat16
`,
  },
  {
    name: 'Linear: a weighted average',
    text: `merge_method: linear
models:
  - model: chat
    parameters:
      weight: 0.6
  - model: code
    parameters:
      weight: 0.4
dtype: bfloat16
`,
  },
  {
    name: 'SLERP: from one model to another, by layer',
    text: `merge_method: slerp
base_model: chat
slices:
  - sources:
      - model: chat
        layer_range: [0, 8]
      - model: code
        layer_range: [0, 8]
parameters:
  t:
    - filter: self_attn
      value: [0, 0.5, 0.3, 0.7, 1]
    - filter: mlp
      value: [1, 0.5, 0.7, 0.3, 0]
    - value: 0.5
dtype: bfloat16
`,
  },
  {
    name: 'Task arithmetic, with an adapter folded in',
    text: `merge_method: task_arithmetic
base_model: base
models:
  - model: base+poet
    parameters:
      weight: 0.7
  - model: code
    parameters:
      weight: 0.8
dtype: bfloat16
`,
  },
  {
    name: 'DARE: changes dropped at random',
    text: `merge_method: dare_ties
base_model: base
models:
  - model: chat
    parameters:
      density: 0.5
      weight: 0.6
  - model: code
    parameters:
      density: 0.5
      weight: 0.6
dtype: bfloat16
`,
  },
  {
    name: 'Passthrough: layers of two models stacked',
    text: `merge_method: passthrough
slices:
  - sources:
      - model: chat
        layer_range: [0, 6]
  - sources:
      - model: code
        layer_range: [2, 8]
dtype: bfloat16
`,
  },
  {
    name: 'Two stages: a stock of both, then thinned out',
    text: `name: stock
merge_method: model_stock
base_model: base
models:
  - model: chat
  - model: code
dtype: float32
---
merge_method: breadcrumbs
base_model: base
models:
  - model: stock
    parameters:
      weight: 1.2
      density: 0.6
      gamma: 0.1
dtype: bfloat16
`,
  },
];
