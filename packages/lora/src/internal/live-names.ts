/**
 * Names of an adapter's tensors beside those of a model: as PEFT has them in memory, with the adapter's own name in them, so that
 * several adapters fit into one state dict.
 */
export const liveName = {
  a: (path: string, own: string) => `${path}.lora_A.${own}.weight`,
  b: (path: string, own: string) => `${path}.lora_B.${own}.weight`,
  bias: (path: string, own: string) => `${path}.lora_B.${own}.bias`,
  embeddingA: (path: string, own: string) => `${path}.lora_embedding_A.${own}`,
  embeddingB: (path: string, own: string) => `${path}.lora_embedding_B.${own}`,
  magnitude: (path: string, own: string) => `${path}.lora_magnitude_vector.${own}`,
  tokens: (path: string, own: string) => `${path}.token_adapter.trainable_tokens_delta.${own}`,
  saved: (module: string, own: string, param: string) => `${module}.modules_to_save.${own}.${param}`,
};

/** What a tensor of a given adapter is; `undefined` for tensors of the model and of other adapters. */
export interface LivePart {
  readonly kind: keyof typeof liveName;
  /** The module's path. */
  readonly path: string;
  /** Of a whole module: which of its tensors. */
  readonly param?: string;
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Reads the names of one adapter. */
export function livePartOf(own: string): (name: string) => LivePart | undefined {
  const saved = new RegExp(`^(.*)${escape(liveName.saved('', own, ''))}(.+)$`);
  const kinds = Object.keys(liveName).filter((kind) => kind !== 'saved') as Exclude<
    LivePart['kind'],
    'saved'
  >[];
  const endings = kinds.map((kind) => [kind, liveName[kind]('', own)] as const);
  return (name) => {
    const ending = endings.find(([, text]) => name.endsWith(text));
    if (ending) return { kind: ending[0], path: name.slice(0, -ending[1].length) };
    const [, path, param] = saved.exec(name) ?? [];
    return path === undefined ? undefined : { kind: 'saved', path, param };
  };
}

/** Refuses names that would not come apart again. */
export function checkAdapterName(own: string, where: string): void {
  if (/^[^.\s]+$/.test(own)) return;
  throw new RangeError(
    `${where}: expected an adapter name without dots and blanks, received ${JSON.stringify(own)}`,
  );
}
