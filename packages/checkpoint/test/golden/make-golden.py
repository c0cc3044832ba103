"""Makes float-codes.json, the numpy.* files beside it and the folders in ../__fixtures__, with NumPy, ml_dtypes and struct only.

Run: python3 make-golden.py   (numpy, ml_dtypes). The tests read what it wrote and do not need Python.
"""

import base64
import gzip
import json
import os
import struct
import sys

import ml_dtypes
import numpy as np

ORIGIN = f"numpy {np.__version__}, ml_dtypes {ml_dtypes.__version__}, Python {sys.version.split()[0]} (make-golden.py)"
NARROW = {
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "F8_E8M0": ml_dtypes.float8_e8m0fnu,
    "F4": ml_dtypes.float4_e2m1fn,
}


def packed(array):
    return base64.b64encode(gzip.compress(np.ascontiguousarray(array).tobytes(), 9, mtime=0)).decode()


def codes():
    decoded, encoded = {}, {}
    rng = np.random.default_rng(0)
    for name, dtype in NARROW.items():
        if name == "F4":
            every = np.arange(16, dtype=np.uint8)
        else:
            every = np.arange(2 ** (8 * np.dtype(dtype).itemsize), dtype=np.uint16 if np.dtype(dtype).itemsize == 2 else np.uint8)
        with np.errstate(all="ignore"):
            values = every.view(dtype).astype(np.float32)
        decoded[name] = packed(values.view(np.uint32))
        if name == "F8_E8M0":
            continue
        # Every midpoint between neighbours, its neighbours in float32, and 4000 random numbers over the range.
        finite = np.unique(values[np.isfinite(values)]).astype(np.float64)
        middles = ((finite[1:] + finite[:-1]) / 2).astype(np.float32)
        if len(middles) > 1500:
            middles = middles[:: len(middles) // 1500 + 1]
        inputs = np.concatenate([
            middles, np.nextafter(middles, np.float32(np.inf)), np.nextafter(middles, np.float32(-np.inf)),
            (rng.standard_normal(1000) * 2.0 ** rng.integers(-30, 12, 1000)).astype(np.float32),
            np.array([0.0, -0.0, np.inf, -np.inf, 1e-45, -1e-45, 3e38, -3e38], np.float32),
        ])
        if name == "F4":
            inputs = inputs[np.abs(inputs) <= 6][:800]
        with np.errstate(all="ignore"):
            outputs = inputs.astype(dtype)
        encoded[name] = {
            "inputs": packed(inputs.view(np.uint32)),
            "outputs": packed(outputs.view(np.uint16 if np.dtype(dtype).itemsize == 2 else np.uint8)),
        }
    return {"origin": ORIGIN, "decoded": decoded, "encoded": encoded}


def write_safetensors(path, tensors, metadata=None, order=None):
    """The format from its description: u64 length, JSON padded with spaces, data in the order of the header."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name in order or list(tensors):
        dtype, array = tensors[name]
        raw = array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def files():
    rng = np.random.default_rng(1)
    weight = rng.standard_normal((3, 4)).astype(np.float32)
    tensors = {
        "steps": ("I64", np.array([2**53 + 1, -7], np.int64)),
        "scale": ("F64", np.array(0.1)),
        "fc.weight": ("F32", weight),
        "fc.bias": ("F32", np.array([1, -2, 0.5], np.float32)),
        "half": ("F16", weight.astype(np.float16)),
        "brain": ("BF16", weight.astype(ml_dtypes.bfloat16)),
        "mask": ("BOOL", np.array([[True, False], [False, True]])),
        "empty": ("U8", np.zeros((2, 0), np.uint8)),
        "ünï.漢字.😀": ("I32", np.array(42, np.int32)),
    }
    # In the order of the Rust writer: widest dtype first, then name.
    order = ["steps", "scale", "fc.bias", "fc.weight", "ünï.漢字.😀", "brain", "half", "empty", "mask"]
    write_safetensors("numpy.safetensors", tensors, {"format": "np"}, order)
    with open("numpy.json", "w") as f:
        json.dump({"origin": ORIGIN, "fc.weight": weight.astype(float).ravel().tolist(),
                   "half": weight.astype(np.float16).astype(float).ravel().tolist(),
                   "brain": weight.astype(ml_dtypes.bfloat16).astype(float).ravel().tolist()}, f)


def sharded():
    """A model in two shards as Hugging Face lays it out: by name, at most 40 bytes of tensors each."""
    os.makedirs("../__fixtures__/sharded", exist_ok=True)
    tensors = {
        "a.bias": ("F32", np.arange(2, dtype=np.float32)),
        "a.weight": ("F32", np.arange(6, dtype=np.float32).reshape(2, 3)),
        "b.weight": ("BF16", np.arange(10).astype(ml_dtypes.bfloat16)),
        "steps": ("I64", np.array(7, np.int64)),
    }
    shards = [["a.weight", "a.bias"], ["steps", "b.weight"]]
    weight_map = {}
    for i, names in enumerate(shards):
        file = f"model-{i + 1:05d}-of-{len(shards):05d}.safetensors"
        order = ["a.bias", "a.weight"] if i == 0 else names
        write_safetensors(f"../__fixtures__/sharded/{file}", tensors, {"format": "pt"}, order)
        weight_map |= {name: file for name in names}
    total = sum(array.nbytes for _, array in tensors.values())
    with open("../__fixtures__/sharded/model.safetensors.index.json", "w") as f:
        json.dump({"metadata": {"total_size": total}, "weight_map": weight_map}, f, indent=2, sort_keys=True)
        f.write("\n")
    with open("../__fixtures__/sharded/config.json", "w") as f:
        f.write(json.dumps({"rms_norm_eps": 1e-06, "vocab_size": 32000}, indent=2, sort_keys=True) + "\n")


def adapter():
    """A LoRA adapter with the names PEFT 0.10 and later gives."""
    os.makedirs("../__fixtures__/adapter", exist_ok=True)
    q = "base_model.model.model.layers.0.self_attn.q_proj"
    e = "base_model.model.model.embed_tokens"
    f32 = lambda *shape: ("F32", np.ones(shape, np.float32))
    tensors = {
        f"{e}.lora_embedding_A": f32(2, 8),
        f"{e}.lora_embedding_B": f32(4, 2),
        f"{q}.lora_A.weight": f32(2, 4),
        f"{q}.lora_B.weight": f32(4, 2),
        f"{q}.lora_magnitude_vector.weight": f32(4),
        "base_model.model.score.weight": f32(1, 4),
    }
    write_safetensors("../__fixtures__/adapter/adapter_model.safetensors", tensors, {"format": "pt"})
    config = {"base_model_name_or_path": "x/y", "lora_alpha": 16, "peft_type": "LORA", "r": 2,
              "seed": 12345678901234567890, "lora_dropout": 1e-05, "target_modules": ["q_proj", "embed_tokens"]}
    with open("../__fixtures__/adapter/adapter_config.json", "w") as f:
        f.write(json.dumps(config, indent=2, sort_keys=True))


with open("float-codes.json", "w") as f:
    json.dump(codes(), f)
files()
sharded()
adapter()
