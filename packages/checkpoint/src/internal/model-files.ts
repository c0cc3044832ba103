const names = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer.model',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'spiece.model',
  'sentencepiece.bpe.model',
  'tekken.json',
  'preprocessor_config.json',
  'processor_config.json',
  'image_processor_config.json',
  'video_preprocessor_config.json',
  'feature_extractor_config.json',
  'chat_template.json',
  'chat_template.jinja',
  'adapter_config.json',
]);

/** Whether a file belongs to a model beside its weights: configuration, tokenizer, templates, remote code excluded. */
export const isModelFile = (name: string): boolean =>
  names.has(name) || /^(tokenizer|vocab)[\w.-]*\.(model|txt|json)$/.test(name);
