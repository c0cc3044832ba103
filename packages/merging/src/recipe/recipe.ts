import type { Dtype } from '@weightloom/checkpoint';
import type { ParameterValue } from './parameter-value.js';

/** A model as a recipe names it. */
export interface ModelReference {
  /** Path, Hub id, or the name of an earlier stage. */
  readonly path: string;
  readonly revision?: string;
  /** An adapter that is folded into the model first. */
  readonly adapter?: { readonly path: string; readonly revision?: string };
  /** An architecture to take it for, instead of the one its config names. */
  readonly architecture?: string;
}

/** Parameters by mergekit's name. */
export type RecipeParameters = ReadonlyMap<string, ParameterValue>;

/** One model that takes part, with parameters of its own. */
export interface RecipeInput {
  readonly model: ModelReference;
  readonly parameters: RecipeParameters;
  /** Where it stands in the text. */
  readonly where: string;
}

/** One model's part of a slice: layers `start` to `end` (exclusive). */
export interface SliceSource extends RecipeInput {
  readonly layerRange: readonly [start: number, end: number];
}

/** Layers that follow each other in the output. */
export interface RecipeSlice {
  readonly sources: readonly SliceSource[];
  readonly base?: ModelReference;
  readonly parameters: RecipeParameters;
  readonly where: string;
}

/** What is merged: whole models, or slices of layers. */
export type RecipeBody =
  | { readonly kind: 'models'; readonly models: readonly RecipeInput[] }
  | { readonly kind: 'slices'; readonly slices: readonly RecipeSlice[] };

/** One part of a model of several parts (a text decoder, a vision tower). */
export interface RecipeModule {
  readonly name: string;
  readonly body: RecipeBody;
  readonly parameters: RecipeParameters;
  readonly where: string;
}

/** Where the embedding of a token comes from. */
export type TokenSource =
  | { readonly kind: 'model'; readonly model: ModelReference }
  | {
      readonly kind: 'model_token';
      readonly model: ModelReference;
      readonly token?: string;
      readonly tokenId?: number;
    }
  | { readonly kind: 'zero' };

/** How vocabularies are brought together. */
export interface RecipeTokenizer {
  readonly source: 'union' | 'base' | ModelReference;
  /** Tokens whose embedding is said explicitly; with `force`, also for models that have the token. */
  readonly tokens: ReadonlyMap<
    string,
    { readonly source?: TokenSource; readonly force: boolean; readonly where: string }
  >;
  readonly padToMultipleOf?: number;
}

/** One recipe, checked for form. */
export interface Recipe {
  /** Its name among several in one file. */
  readonly name?: string;
  /** mergekit's name of the method. */
  readonly method: string;
  readonly base?: ModelReference;
  readonly body: RecipeBody | { readonly kind: 'modules'; readonly modules: readonly RecipeModule[] };
  readonly parameters: RecipeParameters;
  /** The storage dtype where `outDtype` is not set; arithmetic is float32 whatever it says. */
  readonly dtype?: Dtype;
  readonly outDtype?: Dtype;
  readonly tokenizer?: RecipeTokenizer;
  readonly chatTemplate?: string;
  /** Where it stands in the text. */
  readonly where: string;
  /** The text as it was given, for the record. */
  readonly source: string;
}
