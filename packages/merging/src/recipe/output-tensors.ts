import { listSome } from '../internal/list-some.js';
import { arrangeInputs, type Participant } from './arrange-inputs.js';
import { findLayers, layerOf, type LayerStack, nameInLayer } from './find-layers.js';
import { describeStacks, mainStack } from './main-stack.js';
import { moduleFilter } from './module-prefixes.js';
import type { RecipeModels } from './open-models.js';
import type { Recipe, RecipeBody, RecipeParameters, RecipeSlice } from './recipe.js';
import { RecipeError } from './recipe-error.js';
import type { RecipeMethod } from './recipe-methods.js';
import { type RecipeModel, storedName } from './recipe-model.js';

/** A tensor of the output, and what it is made from. */
export interface OutputTensor {
  readonly name: string;
  /** In the order of the method; the base first where `hasBase`. */
  readonly inputs: readonly {
    readonly model: RecipeModel;
    readonly name: string;
    readonly parameters: RecipeParameters;
  }[];
  readonly hasBase: boolean;
  /** Where its layer is in the slice, 0 to 1; 0 outside the layers. */
  readonly t: number;
  /** Parameters of slice, module and recipe, the nearest first. */
  readonly levels: readonly RecipeParameters[];
  /** Taken from the base as it is: a part of the model that no module names. */
  readonly isCopied?: boolean;
}

export interface OutputTensors {
  readonly tensors: readonly OutputTensor[];
  readonly layers: readonly { readonly model: RecipeModel; readonly index: number }[];
  readonly warnings: readonly string[];
}

export interface OutputTensorsOptions {
  readonly compat?: 'mergekit';
  readonly tensors?: 'same' | 'intersection' | 'union';
}

/** Tables that follow from the configuration and are stored by some versions only. */
const BUFFER = /(rotary_emb\.inv_freq|attn\.(masked_)?bias|position_ids)$/;

/** What is merged at one time: a recipe's models or slices, or those of one module. */
interface Scope {
  readonly body: RecipeBody;
  /** Parameters of the module and of the recipe, the nearest first. */
  readonly levels: readonly RecipeParameters[];
  readonly includes: (name: string) => boolean;
  readonly where: string;
}

/** Every tensor that a recipe asks for, by the names of its models' tensors. */
export function outputTensors(
  recipe: Recipe,
  method: RecipeMethod,
  models: RecipeModels,
  options: OutputTensorsOptions = {},
): OutputTensors {
  const planner = new Planner(recipe, method, models, options);
  const { body, parameters } = recipe;
  if (body.kind !== 'modules') {
    planner.addScope({ body, levels: [parameters], includes: () => true, where: recipe.where });
    return planner;
  }
  const includes: ((name: string) => boolean)[] = [];
  for (const module of body.modules) {
    const first = module.body.kind === 'models' ? module.body.models[0]! : module.body.slices[0]!.sources[0]!;
    const { checkpoint, label } = models.get(first.model);
    const filter = moduleFilter(module.name, checkpoint.names);
    if (!filter) {
      throw new RecipeError({
        where: module.where,
        expected: `tensors of a module ${JSON.stringify(module.name)} in ${label}`,
        received: `none among ${listSome(checkpoint.names)}`,
      });
    }
    includes.push(filter);
    planner.addScope({
      body: module.body,
      levels: [module.parameters, parameters],
      includes: filter,
      where: module.where,
    });
  }
  planner.copyOthers((name) => includes.some((filter) => filter(name)));
  return planner;
}

class Planner implements OutputTensors {
  readonly tensors: OutputTensor[] = [];
  readonly layers: { readonly model: RecipeModel; readonly index: number }[] = [];
  readonly warnings: string[] = [];

  constructor(
    readonly recipe: Recipe,
    readonly method: RecipeMethod,
    readonly models: RecipeModels,
    readonly options: OutputTensorsOptions,
  ) {}

  addScope(scope: Scope): void {
    if (scope.body.kind === 'models') this.#addModels(scope);
    else this.#addSlices(scope, scope.body.slices);
  }

  /** Parts that no module names come from the base. */
  copyOthers(isCovered: (name: string) => boolean): void {
    const { base, body, where } = this.recipe;
    if (body.kind !== 'modules') return;
    const [module] = body.modules;
    const first =
      module!.body.kind === 'models' ? module!.body.models[0]! : module!.body.slices[0]!.sources[0]!;
    const model = this.models.get(base ?? first.model);
    const others = model.checkpoint.names.filter((name) => !isCovered(name));
    if (others.length > 0 && !base) {
      throw new RecipeError({
        where,
        expected: 'modules that cover the whole model, or a base_model to take the rest from',
        received: `none for ${listSome(others)}`,
      });
    }
    for (const name of others) {
      const inputs = [{ model, name, parameters: new Map() }];
      this.tensors.push({ name, inputs, hasBase: false, t: 0, levels: [], isCopied: true });
    }
  }

  #addModels({ body, levels, includes, where }: Scope): void {
    if (body.kind !== 'models') return;
    const listed = body.models.map(({ model, parameters }) => ({ model, parameters, firstLayer: 0 }));
    const { inputs, hasBase } = this.#arrange(listed, undefined, where);
    const names = this.#commonNames(inputs, includes);
    const stacks = findLayers(names);
    for (const name of names) {
      const layer = layerOf(name, stacks);
      const t = layer ? fraction(layer.index, layer.stack.count) : 0;
      this.#add(name, inputs, hasBase, () => name, t, levels);
    }
    const first = this.models.get(inputs[0]!.model);
    const stack = mainStack(first, stacks);
    for (let i = 0; i < (stack?.count ?? 0); i++) this.layers.push({ model: first, index: i });
  }

  #addSlices({ levels, includes, where }: Scope, slices: readonly RecipeSlice[]): void {
    const arranged = slices.map((slice) => {
      const listed = slice.sources.map(({ model, parameters, layerRange }) => ({
        model,
        parameters,
        firstLayer: layerRange[0],
      }));
      return { slice, ...this.#arrange(listed, slice.base, slice.where) };
    });
    const [start, end] = [arranged[0]!, arranged.at(-1)!];
    const leader = this.models.get(start.inputs[0]!.model);
    const stack = mainStack(leader, findLayers(leader.checkpoint.names.filter(includes)));
    if (!stack) {
      throw new RecipeError({
        where,
        expected: `one stack of layers in ${leader.label}, to cut slices from`,
        received: describeStacks(findLayers(leader.checkpoint.names.filter(includes))),
        cure: 'name the parts of the model under modules',
      });
    }
    const isOutside = (name: string) => layerOf(name, [stack]) === undefined;
    const { before } = leader.architecture;
    for (const { slice, inputs, hasBase } of [start, end]) {
      const isStart = inputs === start.inputs;
      const names = this.#commonNames(inputs, (name) => includes(name) && isOutside(name));
      for (const name of names) {
        if (before.test(name) !== isStart && start !== end) continue;
        this.#add(name, inputs, hasBase, () => name, 0, [slice.parameters, ...levels]);
      }
      if (start === end) break;
    }
    let output = 0;
    for (const { slice, inputs, hasBase } of arranged) {
      const [from, to] = slice.sources[0]!.layerRange;
      for (let i = 0; i < to - from; i++) {
        this.#addLayer(stack, output++, i, inputs, hasBase, fraction(i, to - from), [
          slice.parameters,
          ...levels,
        ]);
      }
    }
  }

  /** One layer of a slice: number `offset` from its start, number `output` in the result. */
  #addLayer(
    stack: LayerStack,
    output: number,
    offset: number,
    inputs: readonly Participant[],
    hasBase: boolean,
    t: number,
    levels: readonly RecipeParameters[],
  ): void {
    const first = inputs[0]!;
    const model = this.models.get(first.model);
    const index = first.firstLayer + offset;
    this.layers.push({ model, index });
    const rests = model.checkpoint.names.flatMap((name) => {
      const layer = layerOf(name, [{ ...stack, count: Infinity }]);
      return layer?.index === index && !BUFFER.test(name) ? [layer.rest] : [];
    });
    if (rests.length === 0) {
      throw new RecipeError({
        where: model.label,
        expected: `a layer ${index}, as the slice asks for`,
        received: `${mainStack(model, findLayers(model.checkpoint.names))?.count ?? 0} layers`,
      });
    }
    for (const rest of rests) {
      const nameIn = (participant: Participant) => nameInLayer(stack, participant.firstLayer + offset, rest);
      this.#add(nameInLayer(stack, output, rest), inputs, hasBase, nameIn, t, levels);
    }
  }

  #add(
    name: string,
    participants: readonly Participant[],
    hasBase: boolean,
    nameIn: (participant: Participant) => string,
    t: number,
    levels: readonly RecipeParameters[],
  ): void {
    const found = participants.map((participant) => {
      const model = this.models.get(participant.model);
      return { model, name: nameIn(participant), parameters: participant.parameters };
    });
    const inputs = found.filter(({ model, name: own }) => storedName(model, own) !== undefined);
    if (inputs.length === found.length) {
      this.tensors.push({ name, inputs, hasBase, t, levels });
      return;
    }
    const lacks = found.find((input) => !inputs.includes(input))!;
    if (this.options.tensors !== 'union' || (hasBase && lacks === found[0] && inputs.length > 1)) {
      throw lacking(lacks.model, [lacks.name]);
    }
    const isCopied = inputs.length === 1;
    this.tensors.push({ name, inputs, hasBase: hasBase && !isCopied, t, levels, isCopied });
  }

  #arrange(listed: readonly Participant[], base: Recipe['base'], where: string) {
    const { recipe, method, options } = this;
    return arrangeInputs(recipe.method, method, listed, base ?? recipe.base, where, options.compat);
  }

  /** The names that all participants have; buffers may be lacking, tied heads are found by their embedding. */
  #commonNames(participants: readonly Participant[], includes: (name: string) => boolean): string[] {
    const models = participants.map(({ model }) => this.models.get(model));
    const all = new Set(models.flatMap(({ checkpoint }) => checkpoint.names.filter(includes)));
    const dropped: string[] = [];
    const names = [...all].filter((name) => {
      const without = models.filter((model) => storedName(model, name) === undefined);
      if (without.length === 0 || this.options.tensors === 'union') return true;
      if (!BUFFER.test(name) && this.options.tensors !== 'intersection') {
        throw lacking(
          without[0]!,
          [...all].filter((other) => storedName(without[0]!, other) === undefined && !BUFFER.test(other)),
        );
      }
      dropped.push(name);
      return false;
    });
    if (dropped.length > 0) this.warnings.push(`left out, as not all models have them: ${listSome(dropped)}`);
    return names;
  }
}

/** Where layer `index` of `count` is: 0 for the first, 1 for the last; a single layer is the last. */
const fraction = (index: number, count: number): number => (count > 1 ? index / (count - 1) : 1);

const lacking = (model: RecipeModel, names: readonly string[]): RecipeError =>
  new RecipeError({
    where: model.label,
    expected: 'the tensors that the other models have',
    received: `a model without ${listSome(names)}`,
  });
