/** Parts of pipelines, as folders of diffusers are called. */
export const pipelineParts = [
  'unet',
  'transformer',
  'text_encoder',
  'text_encoder_2',
  'text_encoder_3',
  'prior',
] as const;
