"""Writes ../__fixtures__/peft with PEFT itself: adapters of every kind, the base, merged weights, outputs, combinations.

Run: python3 make-peft.py   (peft 0.21.0, torch, safetensors). transformers and accelerate are replaced by stand-ins, which the
LoRA part of PEFT only imports. The tests read what this wrote and do not need Python.
"""

import importlib
import importlib.abc
import importlib.machinery
import json
import os
import shutil
import sys
import types
import warnings

import torch
import torch.nn as nn
from safetensors.torch import load_file, save_file


class StandIn(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        setattr(self, name, type(name, (), {}))
        return getattr(self, name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("transformers", "accelerate"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return StandIn(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, Finder())
warnings.simplefilter("ignore")
import accelerate  # noqa: E402
import transformers.pytorch_utils  # noqa: E402

transformers.__version__, accelerate.__version__ = "4.57.0", "1.0.0"
for module in ("integrations", "deepspeed", "integrations.deepspeed"):
    importlib.import_module(f"transformers.{module}").is_deepspeed_zero3_enabled = lambda: False


class Conv1D(nn.Module):
    """GPT-2's linear layer: weight [in, out]."""

    def __init__(self, nf, nx):
        super().__init__()
        self.nf, self.nx = nf, nx
        self.weight, self.bias = nn.Parameter(torch.randn(nx, nf)), nn.Parameter(torch.randn(nf))

    def forward(self, x):
        return x @ self.weight + self.bias


transformers.pytorch_utils.Conv1D = Conv1D
import peft  # noqa: E402
from peft import IA3Config, LoHaConfig, LoKrConfig, LoraConfig, MissConfig, get_peft_model  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "__fixtures__", "peft")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 6)
        self.layers = nn.ModuleList([nn.Linear(6, 8), nn.Linear(8, 6)])
        self.c_attn = Conv1D(10, 6)
        self.c_proj = Conv1D(6, 10)
        self.conv = nn.Conv2d(2, 4, 3)
        self.pointwise = nn.Conv2d(4, 3, 1)
        self.head = nn.Linear(6, 3)

    def forward(self, tokens, image):
        h = self.embed(tokens)
        for layer in self.layers:
            h = torch.tanh(layer(h))
        h = self.c_proj(torch.tanh(self.c_attn(h)))
        return self.head(h), self.pointwise(torch.tanh(self.conv(image)))


def base():
    torch.manual_seed(0)
    return Net()


TOKENS = torch.tensor([0, 3, 8, 5])
torch.manual_seed(1)
IMAGE = torch.randn(2, 2, 5, 5)


def randomise(model, seed, std=0.4):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            noise = torch.randn(parameter.shape, generator=generator) * std
            parameter.data = parameter.data + noise if "magnitude" in name or "ia3" in name else noise


def contiguous(state):
    return {name: value.detach().clone().contiguous() for name, value in state.items()}


def adapt(name, config, seed, extra=None):
    model = get_peft_model(base(), config)
    randomise(model, seed)
    if extra:
        extra(model)
    folder = os.path.join(OUT, name)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "README.md"))
    logits, image = model.eval()(TOKENS, IMAGE)
    merged = model.merge_and_unload()
    save_file(contiguous(merged.state_dict()), os.path.join(folder, "merged.safetensors"), {"format": "pt"})
    save_file(contiguous({"logits": logits, "image": image}), os.path.join(folder, "outputs.safetensors"))


LINEAR = ["layers.0", "layers.1"]
ALL = [*LINEAR, "c_attn", "c_proj", "conv", "pointwise", "embed"]


def half(model):
    """Factors that bfloat16 holds exactly, so that what PEFT computes with them in float32 is what the file means."""
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(torch.bfloat16).float()


def store_half(name):
    path = os.path.join(OUT, name, "adapter_model.safetensors")
    tensors = {key: value.to(torch.bfloat16) for key, value in load_file(path).items()}
    save_file(tensors, path, {"format": "pt"})


def adapters():
    adapt("linear", LoraConfig(r=2, lora_alpha=3, target_modules=LINEAR), 10)
    adapt(
        "every-layer",
        LoraConfig(
            r=3, lora_alpha=5, use_rslora=True, lora_dropout=0.1, target_modules=ALL, modules_to_save=["head"],
            rank_pattern={"layers.0": 2, "conv": 4}, alpha_pattern={"layers.1": 1.5, "^c_attn": 7},
        ),
        11,
    )
    adapt("dora", LoraConfig(r=2, lora_alpha=4, use_dora=True, target_modules=ALL), 12)
    adapt("lora-bias", LoraConfig(r=2, lora_alpha=2, lora_bias=True, target_modules=["layers.0", "conv"]), 13)
    adapt("bias-all", LoraConfig(r=2, bias="all", target_modules=LINEAR), 14)
    adapt("bias-lora-only", LoraConfig(r=2, bias="lora_only", target_modules=LINEAR), 15)
    adapt("tokens", LoraConfig(r=2, target_modules=["layers.0"], trainable_token_indices={"embed": [3, 5]}), 16)
    adapt("regex", LoraConfig(r=2, target_modules=r"(?i)LAYERS\.(?P<index>\d)"), 17)
    adapt("bfloat16", LoraConfig(r=2, target_modules=LINEAR), 27, half)
    store_half("bfloat16")
    adapt("loha", LoHaConfig(r=2, alpha=3, target_modules=["layers.0", "conv"], use_effective_conv2d=True), 18)
    adapt("loha-plain", LoHaConfig(r=2, alpha=3, target_modules=["layers.1", "conv"]), 19)
    adapt("lokr", LoKrConfig(r=1, alpha=2, target_modules=["layers.0", "conv"], decompose_both=True), 20)
    adapt("lokr-tucker", LoKrConfig(r=1, alpha=2, target_modules=["layers.1", "conv"], use_effective_conv2d=True), 21)
    ia3 = {"target_modules": ["layers.0", "layers.1", "conv"], "feedforward_modules": ["layers.1"]}
    adapt("ia3", IA3Config(**ia3), 22)
    adapt("miss", MissConfig(r=4, target_modules=LINEAR), 23)
    adapt("miss-uneven", MissConfig(r=5, target_modules=LINEAR), 24)
    adapt("bat", MissConfig(r=2, init_weights="bat", target_modules=LINEAR), 25)
    adapt("miss-mini", MissConfig(r=2, mini_r=2, init_weights="mini", target_modules=LINEAR), 26)


COMBINATIONS = [
    ("cat", {}), ("linear", {}), ("svd", {}), ("svd", {"svd_rank": 2}),
    ("ties", {"density": 0.6}), ("ties", {"density": 0.6, "majority_sign_method": "frequency"}),
    ("ties_svd", {"density": 0.6}), ("magnitude_prune", {"density": 0.5}), ("magnitude_prune_svd", {"density": 0.5}),
]


def combinations():
    """Two adapters of equal rank, other scalings, on overlapping modules; deltas of every combination PEFT draws no lots for."""
    first = LoraConfig(r=3, lora_alpha=6, target_modules=[*LINEAR, "c_attn", "conv"])
    second = LoraConfig(r=3, lora_alpha=2, use_rslora=True, target_modules=[*LINEAR, "embed", "pointwise"])
    model = get_peft_model(base(), first, adapter_name="first")
    model.add_adapter("second", second)
    for index, name in enumerate(["first", "second"]):
        generator = torch.Generator().manual_seed(30 + index)
        for key, parameter in model.named_parameters():
            if f".{name}" in key:
                parameter.data = torch.randn(parameter.shape, generator=generator) * 0.4
    for name in ["first", "second"]:
        model.save_pretrained(os.path.join(OUT, "combine"), selected_adapters=[name])
    os.remove(os.path.join(OUT, "combine", "README.md"))
    deltas, index = {}, []
    for number, (kind, options) in enumerate(COMBINATIONS):
        weights = [0.7, -0.4]
        model.add_weighted_adapter(["first", "second"], weights, f"mix{number}", combination_type=kind, **options)
        index.append({"type": kind, "weights": weights, **options})
        for path, module in model.named_modules():
            if hasattr(module, "get_delta_weight") and f"mix{number}" in module.scaling:
                name = path.replace("base_model.model.", "")
                deltas[f"{number}/{name}"] = module.get_delta_weight(f"mix{number}")
    save_file(contiguous(deltas), os.path.join(OUT, "combine", "deltas.safetensors"))
    with open(os.path.join(OUT, "combine", "combinations.json"), "w") as file:
        json.dump(index, file, indent=1)


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    save_file(contiguous(base().state_dict()), os.path.join(OUT, "base.safetensors"), {"format": "pt"})
    save_file({"tokens": TOKENS, "image": IMAGE}, os.path.join(OUT, "inputs.safetensors"))
    adapters()
    combinations()
    with open(os.path.join(OUT, "ORIGIN.md"), "w") as file:
        file.write(
            f"Written by `../../golden/make-peft.py`: PEFT {peft.__version__}, torch {torch.__version__}, "
            f"Python {sys.version.split()[0]}.\n"
        )
