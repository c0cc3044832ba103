import type { LoraConfig } from '../format/lora-config.js';

/** Starts that subtract something from the base: their factors mean nothing without the changed base. */
export const changesBase = ({ initLoraWeights }: Pick<LoraConfig, 'initLoraWeights'>): boolean =>
  typeof initLoraWeights === 'string' && /^(pissa|olora|corda|lora_ga|loftq)/i.test(initLoraWeights);
