"""What a LoRA adapter adds to the weights of its base (arXiv:2106.09685, section 4.1).

Its files are as PEFT saves them.

    W' = W + s B A      s = lora_alpha / r, or lora_alpha / sqrt(r) with use_rslora

Only this sum is supported. Settings that need more (other biases or modules, DoRA, per-layer ranks, an adapter whose
start changed the base) are refused by name, because without them the merged model would answer differently.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from inference.model.checkpoint.files import ADAPTER_FILE
from inference.model.checkpoint.tensor_names import Shapes, hugging_face_name, interleaved, is_turned
from inference.model.config import CheckpointError, read_object, reason

WEIGHTS_FILE = "adapter_model.safetensors"

_READ = {"peft_type", "r", "lora_alpha", "use_rslora", "bias", "task_type", "init_lora_weights"}
_SEEN_IN_NAMES = {"target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"}
_TRAINING = {
    "arrow_config",
    "auto_mapping",
    "base_model_name_or_path",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "inference_mode",
    "loftq_config",
    "lora_dropout",
    "megatron_core",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
}
_TENSOR = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")


@dataclass(frozen=True, slots=True)
class Adapter:
    """Low-rank factors A (r, n_in) and B (n_out, r), by the base's tensor names."""

    scale: float
    factors: Mapping[str, tuple[Tensor, Tensor]]
    head_dim: int

    def merged(self, name: str, weight: Tensor) -> Tensor:
        """Return `weight` (n_out, n_in) plus its change, added in float32 and rounded once to the dtype of `weight`."""
        if name not in self.factors:
            return weight
        a, b = self.factors[name]
        change = self.scale * (b.float() @ a.float())
        if is_turned(name):  # an adapter's rows of q and k are in Hugging Face's order
            change = interleaved(change, self.head_dim).reshape(weight.shape)
        return (weight.float() + change).to(weight.dtype)


def read_adapter(folder: Path, shapes: Shapes, head_dim: int) -> Adapter:
    """Read the adapter in a folder, for a base with these tensors.

    Raises CheckpointError for a missing or damaged file, a setting that cannot be merged, and a tensor that fits no
    weight.
    """
    scale = _scale(folder / ADAPTER_FILE)
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        raise CheckpointError(f"no {WEIGHTS_FILE} in {folder}; an adapter saved as safetensors was expected")
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is truncated or damaged ({reason(error, path)}); copy it again from where it came"
        ) from error
    modules = {hugging_face_name(name).removesuffix(".weight"): name for name in shapes}
    halves: dict[str, dict[str, Tensor]] = {}
    problems = []
    for key, tensor in sorted(tensors.items()):
        match = _TENSOR.fullmatch(key)
        if match is None or match[1] not in modules or len(shapes[modules[match[1]]]) != 2:
            problems.append(f"{key} belongs to no weight of the base that can be merged")
        else:
            halves.setdefault(modules[match[1]], {})[match[2]] = tensor
    factors = {}
    for name, pair in halves.items():
        n_out, n_in = shapes[name]
        if pair.keys() != {"A", "B"}:
            problems.append(f"{name} has lora_{next(iter(pair))} alone")
        elif pair["A"].shape != (len(pair["A"]), n_in) or pair["B"].shape != (n_out, len(pair["A"])):
            sizes = " and ".join(str(list(pair[half].shape)) for half in "AB")
            problems.append(f"{name} {[n_out, n_in]} does not fit lora_A and lora_B {sizes}")
        else:
            factors[name] = (pair["A"], pair["B"])
    if problems or not factors:
        raise CheckpointError(f"{path} does not fit the base: {'; '.join(problems) or 'it has no factors'}")
    return Adapter(scale, factors, head_dim)


def _scale(path: Path) -> float:
    raw = read_object(path, "states the rank and the scale of the adapter")
    if raw.get("peft_type") != "LORA":
        raise CheckpointError(f"{path}: peft_type is {raw.get('peft_type')!r}; only 'LORA' can be merged")
    if raw.get("bias", "none") != "none":
        raise CheckpointError(f"{path}: bias is {raw['bias']!r}; only 'none' can be merged")
    start = raw.get("init_lora_weights", True)
    if isinstance(start, str) and start.partition("_")[0] in {"pissa", "olora", "corda", "loftq"}:
        raise CheckpointError(f"{path}: init_lora_weights {start!r} changed the base; that cannot be repeated")
    others = sorted(key for key, value in raw.items() if value and key not in _READ | _SEEN_IN_NAMES | _TRAINING)
    if others:
        asked = ", ".join(f"{key} {raw[key]!r}" for key in others)
        raise CheckpointError(f"{path} sets {asked}; that cannot be merged")
    rank, alpha = _number(path, raw, "r"), _number(path, raw, "lora_alpha")
    return alpha / (sqrt(rank) if raw.get("use_rslora") else rank)


def _number(path: Path, raw: dict[str, Any], key: str) -> float:
    value: Any = raw.get(key)
    if type(value) not in (int, float) or not 0 < value < float("inf"):
        raise CheckpointError(f"{path}: {key} is {value!r}; a number above 0 was expected")
    return float(value)
