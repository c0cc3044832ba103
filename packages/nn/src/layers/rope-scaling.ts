/** How rotary frequencies are stretched for texts longer than those of the training, as in `config.json`. */
export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      /** Context of the first training. */
      readonly originalContext: number;
    };

/**
 * `linear` divides every frequency by the factor. `llama3` divides slow ones (wave longer than `originalContext / lowFrequencyFactor`),
 * keeps fast ones (shorter than `originalContext / highFrequencyFactor`) and blends between.
 *
 * @see Chen et al. 2023, arXiv:2306.15595 (linear); Llama 3.1's `rope_scaling`
 */
export function scaleFrequency(frequency: number, scaling: RopeScaling): number {
  const { factor } = scaling;
  if (scaling.type === 'linear') return frequency / factor;
  const { lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
  const turns = (originalContext * frequency) / (2 * Math.PI);
  const share = Math.min(Math.max((turns - low) / (high - low), 0), 1);
  return (frequency / factor) * (1 - share) + frequency * share;
}
