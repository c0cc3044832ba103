/** What the names of a part's tensors begin with, in the models there are; a part's own name is tried first. */
const prefixes: Readonly<Record<string, readonly string[]>> = {
  text_decoder: ['model.language_model.', 'language_model.', 'text_model.', 'lm_head.'],
  vision_tower: ['model.vision_tower.', 'vision_tower.', 'vision_model.', 'model.visual.', 'visual.'],
  multi_modal_projector: ['model.multi_modal_projector.', 'multi_modal_projector.'],
  audio_tower: ['model.audio_tower.', 'audio_tower.'],
};

/** Whether a tensor belongs to a part of a model; `undefined` when no tensor does. */
export function moduleFilter(
  module: string,
  names: readonly string[],
): ((name: string) => boolean) | undefined {
  const candidates = [`${module}.`, `model.${module}.`, ...(prefixes[module] ?? [])];
  const found = candidates.filter((prefix) => names.some((name) => name.startsWith(prefix)));
  return found.length > 0 ? (name) => found.some((prefix) => name.startsWith(prefix)) : undefined;
}
