import { describe, expect, it } from 'vitest';
import { detectLayout } from '../../src/index.js';

describe('detectLayout', () => {
  it('believes the configuration first', () => {
    expect(detectLayout(['lora_unet_mid.alpha'], '{"peft_type": "LORA"}')).toBe('peft');
    expect(detectLayout([], '{"fine_tune_type": "lora"}')).toBe('mlx');
  });

  it('tells kohya from diffusers by the names', () => {
    expect(detectLayout(['lora_te1_text_model.lora_down.weight'])).toBe('kohya');
    expect(detectLayout(['unet.mid_block.to_q.lora.down.weight'])).toBe('diffusers');
  });
});
