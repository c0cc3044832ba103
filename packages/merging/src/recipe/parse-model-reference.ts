import type { ModelReference } from './recipe.js';

/**
 * A model as mergekit writes it: `path[@revision][+adapter[@revision]]`.
 *
 * @returns `undefined` when the text has another form: a second `+`, a second `@` in a part, an empty part
 */
export function parseModelReference(text: string): ModelReference | undefined {
  const [model, adapter, ...more] = text.split('+').map(parsePart);
  if (more.length > 0 || !model || (text.includes('+') && !adapter)) return undefined;
  return adapter ? { ...model, adapter } : model;
}

function parsePart(text: string): { path: string; revision?: string } | undefined {
  const [path, revision, ...more] = text.split('@');
  if (more.length > 0 || !path || revision === '') return undefined;
  return revision === undefined ? { path } : { path, revision };
}

/** The reference as text, the way mergekit writes it. */
export function showModelReference({ path, revision, adapter }: ModelReference): string {
  const show = (part: { readonly path: string; readonly revision?: string }) =>
    part.revision === undefined ? part.path : `${part.path}@${part.revision}`;
  return show({ path, revision }) + (adapter ? `+${show(adapter)}` : '');
}
