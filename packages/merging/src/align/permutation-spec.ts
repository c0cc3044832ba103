/**
 * What an axis of a tensor has to do with a permutation group: nothing (`null`), its units in order (the group's name), or
 * units that take several places.
 */
export type AxisSpec = null | string | BlockAxisSpec;

/** An axis of `parts · units · block` places: part by part, in each part unit by unit, in each unit its block. */
export interface BlockAxisSpec {
  readonly group: string;
  /** Places in a row that make one unit: the width of an attention head, or the pixels of a channel after flattening; default 1. */
  readonly block?: number;
  /** How often all units follow one another: 3 where queries, keys and values lie in one tensor; default 1. */
  readonly parts?: number;
}

/**
 * Which axes of a model's tensors may be permuted together without changing what it computes. Plain data: write it in JSON
 * or YAML.
 *
 * ```yaml
 * tensors:
 *   embedding.weight: [null, stream]          # [vocabulary, width]
 *   layers.*.up.weight: [layers.*.mlp, stream] # each * stands for one part of a name, the same on both sides
 *   layers.*.up.bias: [layers.*.mlp]
 *   layers.*.down.weight: [stream, layers.*.mlp]
 *   layers.*.down.bias: [stream]
 *   head.weight: [null, stream]
 * ```
 *
 * Every tensor of the model must be named, those that stay as they are with `null`. A group must not stand on two axes of
 * one tensor: such a tensor is no linear function of the permutation, so that matching could not be exact.
 */
export interface PermutationSpec {
  /** One entry per axis, or `null` for a tensor without groups, by name; `*` matches any letters but a dot. */
  readonly tensors: Readonly<Record<string, readonly AxisSpec[] | null>>;
  /** Names of linear weights that are stored `[in, out]`, as GPT-2 does; `*` as above. Activation matching must know. */
  readonly transposed?: readonly string[];
}

/** One axis of one tensor that a group permutes. */
export interface GroupUse {
  readonly tensor: string;
  readonly axis: number;
  readonly block: number;
  readonly parts: number;
}

/** A group of a spec for a given model. */
export interface PermutationGroup {
  /** Number of units. */
  readonly size: number;
  /** Where it acts, by name of the tensor, then axis. */
  readonly uses: readonly GroupUse[];
}

/** Permutations by group: the new unit `i` is the old unit `permutations[group][i]`. Groups that are missing stay. */
export type Permutations = Readonly<Record<string, ArrayLike<number>>>;
