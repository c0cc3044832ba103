/** Layouts of adapter files that can be read and written. */
export const adapterLayouts = ['peft', 'kohya', 'diffusers', 'mlx'] as const;
export type AdapterLayout = (typeof adapterLayouts)[number];

/**
 * Tells the layout of an adapter by its files: by the configuration beside the weights, else by the names of the tensors.
 *
 * @param names - names of the tensors
 * @param config - the text of `adapter_config.json`, where there is one
 */
export function detectLayout(names: Iterable<string>, config?: string): AdapterLayout {
  if (config !== undefined && /"peft_type"/.test(config)) return 'peft';
  if (config !== undefined && /"(lora_parameters|fine_tune_type)"/.test(config)) return 'mlx';
  for (const name of names) if (/^lora_(unet|te\d?|transformer|prior_unet)_/.test(name)) return 'kohya';
  return 'diffusers';
}
