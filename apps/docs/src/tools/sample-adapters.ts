import { fromFloat32, type RawStateDict, serializeSafetensors } from '@weightloom/checkpoint';
import { foldIn, generator, key } from '@weightloom/tensor-gpu';
import type { SampleFolder } from './sample-models.js';

const HIDDEN = 48;

/** Two LoRA adapters as PEFT stores them, for the attention of the sample models, of different ranks. */
export function sampleAdapters(): SampleFolder[] {
  return [
    adapter('poet', { r: 4, alpha: 8, targets: ['q_proj', 'v_proj'] }),
    adapter('lawyer', { r: 8, alpha: 8, targets: ['q_proj', 'v_proj'] }),
  ];
}

interface Settings {
  readonly r: number;
  readonly alpha: number;
  readonly targets: readonly string[];
}

function adapter(path: string, { r, alpha, targets }: Settings): SampleFolder {
  const tensors: RawStateDict = {};
  for (let layer = 0; layer < 8; layer++) {
    for (const target of targets) {
      const module = `base_model.model.model.layers.${layer}.self_attn.${target}`;
      const factor = (name: string, shape: readonly [number, number]) => {
        const { uniform } = generator(foldIn(foldIn(key(0), path), `${module}.${name}`));
        // The later a layer, the larger its change, and the more of the directions matter.
        const size = (i: number) => (0.02 + 0.02 * layer) / (1 + (i % r) * (1 - layer / 8));
        const values = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => {
          const direction = name === 'lora_A' ? Math.floor(i / HIDDEN) : i % r;
          return (2 * uniform() - 1) * (name === 'lora_A' ? 1 : size(direction));
        });
        return fromFloat32(values, 'F32', { shape });
      };
      tensors[`${module}.lora_A.weight`] = factor('lora_A', [r, HIDDEN]);
      tensors[`${module}.lora_B.weight`] = factor('lora_B', [HIDDEN, r]);
    }
  }
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: 'base',
    r,
    lora_alpha: alpha,
    target_modules: targets,
  };
  return {
    path,
    files: new Map([
      ['adapter_config.json', new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`)],
      [
        'adapter_model.safetensors',
        serializeSafetensors(tensors, { format: 'pt' }) as Uint8Array<ArrayBuffer>,
      ],
    ]),
  };
}
