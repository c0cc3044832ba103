"""Writes ../__fixtures__/layouts: one set of updates in the layouts of sd-scripts, diffusers (new and old spelling) and MLX.

Run: python3 make-layouts.py   (numpy, safetensors). Follows the descriptions of the formats only; `deltas.safetensors` holds
what each module's weight changes by, computed here.
"""

import json
import os

import numpy as np
from safetensors.numpy import save_file

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "__fixtures__", "layouts")
rng = np.random.default_rng(7)
normal = lambda *shape: rng.standard_normal(shape).astype(np.float32)

UNET = {
    "down_blocks.0.attn_1.to_q": (normal(3, 6), normal(4, 3), 1.5),
    "down_blocks.0.attn_1.to_out.0": (normal(2, 4), normal(6, 2), 2.0),
    "mid_block.conv_in": (normal(2, 3, 3, 3), normal(5, 2, 1, 1), 4.0),
}
TEXT = {"text_model.encoder.layers.0.self_attn.q_proj": (normal(2, 4), normal(4, 2), 1.0)}
LLM = {
    "model.layers.0.self_attn.q_proj": (normal(3, 6), normal(4, 3)),
    "model.layers.1.mlp.up_proj": (normal(3, 4), normal(8, 3)),
    "model.embed_tokens": (normal(3, 9), normal(4, 3)),
}


def delta(a, b, scale):
    return (scale * (b.reshape(len(b), -1).astype(np.float64) @ a.reshape(len(a), -1))).reshape(len(b), *a.shape[1:]).astype(np.float32)


os.makedirs(OUT, exist_ok=True)
deltas, kohya, new, old = {}, {}, {}, {}
for part, prefix, modules in (("unet", "lora_unet", UNET), ("text_encoder", "lora_te", TEXT)):
    for path, (a, b, alpha) in modules.items():
        deltas[f"{part}/{path}"] = delta(a, b, alpha / len(a))
        name = f"{prefix}_{path.replace('.', '_')}"
        kohya[f"{name}.lora_down.weight"], kohya[f"{name}.lora_up.weight"] = a, b
        kohya[f"{name}.alpha"] = np.array(alpha, np.float32)
        new[f"{part}.{path}.lora_A.weight"], new[f"{part}.{path}.lora_B.weight"] = a, b * np.float32(alpha / len(a))
kohya["lora_unet_other_module.lora_down.weight"], kohya["lora_unet_other_module.lora_up.weight"] = normal(2, 2), normal(2, 2)
save_file(kohya, os.path.join(OUT, "kohya.safetensors"), {"ss_network_dim": "3"})
save_file(new, os.path.join(OUT, "diffusers.safetensors"), {"format": "pt"})

query, out, text = *list(UNET.values())[:2], TEXT["text_model.encoder.layers.0.self_attn.q_proj"]
old["unet.down_blocks.0.attn_1.processor.to_q_lora.down.weight"] = query[0]
old["unet.down_blocks.0.attn_1.processor.to_q_lora.up.weight"] = query[1]
old["unet.down_blocks.0.attn_1.processor.to_out_lora.down.weight"] = out[0]
old["unet.down_blocks.0.attn_1.processor.to_out_lora.up.weight"] = out[1]
old["text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.down.weight"] = text[0]
old["text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.up.weight"] = text[1]
old["mid_block.proj.lora.down.weight"], old["mid_block.proj.lora.up.weight"] = normal(2, 3), normal(3, 2)
for path, (a, b, _) in list(UNET.items())[:2]:
    deltas[f"old unet/{path}"] = delta(a, b, 1)
deltas["old unet/mid_block.proj"] = delta(old["mid_block.proj.lora.down.weight"], old["mid_block.proj.lora.up.weight"], 1)
deltas["old text_encoder/text_model.encoder.layers.0.self_attn.q_proj"] = delta(text[0], text[1], 1)
save_file(old, os.path.join(OUT, "diffusers-old.safetensors"))

mlx = {}
for path, (a, b) in LLM.items():
    mlx[f"{path}.lora_a"], mlx[f"{path}.lora_b"] = np.ascontiguousarray(a.T), np.ascontiguousarray(b.T)
    change = delta(a, b, 12.5)
    deltas[f"mlx/{path}"] = np.ascontiguousarray(change.T) if path.endswith("embed_tokens") else change
save_file(mlx, os.path.join(OUT, "adapters.safetensors"), {"format": "mlx"})
with open(os.path.join(OUT, "adapter_config.json"), "w") as file:
    json.dump({"fine_tune_type": "lora", "num_layers": 2, "lora_parameters": {"rank": 3, "scale": 12.5, "dropout": 0.05}}, file)
save_file(deltas, os.path.join(OUT, "deltas.safetensors"))
with open(os.path.join(OUT, "ORIGIN.md"), "w") as file:
    file.write(f"Written by `../../golden/make-layouts.py`: NumPy {np.__version__}, the safetensors library of Python.\n")
