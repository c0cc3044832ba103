import type { ModuleInfo } from '../format/match-modules.js';

/** Names that tables of embeddings go by; a state dict does not tell them from linear layers. */
const EMBEDDING =
  /(^|\.)(embed\w*|\w*embeddings?|wte|wpe|tok_embeddings|shared|relative_attention_bias|emb)$/i;

/** Whether a path is that of an embedding, by its last segment. */
export const looksLikeEmbedding = (path: string): boolean => EMBEDDING.test(path);

export interface ModuleKindOptions {
  /** Which matrices are tables of embeddings (default: by the usual names). */
  readonly embeddings?: (path: string) => boolean;
  /** Matrices are stored `[in, out]`, as GPT-2's are (default `false`). */
  readonly fanInFanOut?: boolean;
}

/** The modules of a model that can be adapted, in the order of their names' first appearance: those with a weight of 2 to 5 axes. */
export function adaptableModules(
  shapes: ReadonlyMap<string, readonly number[]>,
  { embeddings = looksLikeEmbedding, fanInFanOut = false }: ModuleKindOptions = {},
): (ModuleInfo & { readonly kind: NonNullable<ModuleInfo['kind']> })[] {
  const modules: (ModuleInfo & { readonly kind: NonNullable<ModuleInfo['kind']> })[] = [];
  for (const [name, shape] of shapes) {
    if (!name.endsWith('.weight') || shape.length < 2 || shape.length > 5) continue;
    const path = name.slice(0, -'.weight'.length);
    const matrix = embeddings(path) ? 'embedding' : fanInFanOut ? 'conv1d' : 'linear';
    modules.push({ path, kind: shape.length > 2 ? 'conv' : matrix });
  }
  return modules;
}
