"""A model folder <-> a Transformer: params.json beside consolidated.safetensors, strict both ways.

The file is memory-mapped and each tensor goes straight to the wanted dtype and device. Whatever does not fit (a
missing, extra, misshapen or quantized tensor, a truncated file) is an error that names it: a model with one wrong
tensor still talks, badly.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch.nn import init
from torch.overrides import TorchFunctionMode

from inference.model.config import PARAMS_FILE, CheckpointError, ModelConfig, load_config
from inference.model.transformer import Transformer

WEIGHTS_FILE = "consolidated.safetensors"
_DTYPES = ("BF16", "F16", "F32", "F64")  # as safetensors writes them; others are quantized: numbers without a scale
_SMALL_MODEL = 100_000_000  # parameters; below it float32 is fast enough on a CPU, and exact


def default_dtype(config: ModelConfig, device: torch.device | str = "cpu") -> torch.dtype:
    """float32 for a model of fewer than 100M parameters on a CPU; bfloat16 for larger ones and on a GPU."""
    is_small = config.n_parameters < _SMALL_MODEL
    return torch.float32 if is_small and torch.device(device).type == "cpu" else torch.bfloat16


def load(folder: Path, *, dtype: torch.dtype | None = None, device: torch.device | str = "cpu") -> Transformer:
    """The model of a folder, ready to serve (no gradients), in `dtype` (None: `default_dtype`).

    Raises CheckpointError for everything that a folder can have wrong.
    """
    config = load_config(folder)
    dtype = dtype or default_dtype(config, device)
    with torch.device("meta"), _WithoutRandomStart():
        model = Transformer(config)
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        others = sorted(entry.name for entry in folder.iterdir() if entry.suffix in {".pth", ".bin", ".safetensors"})
        found = f"found {', '.join(others)}" if others else "found no weights at all"
        raise CheckpointError(f"no {WEIGHTS_FILE} in {folder}: {found}; all tensors in that one file were expected")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            _check_shapes(path, expected, {name: tuple(tensor.get_shape()) for name, tensor in tensors.items()})
            _check_dtypes(path, {name: tensor.get_dtype() for name, tensor in tensors.items()})
            state = {name: file.get_tensor(name).to(device=device, dtype=dtype, copy=True) for name in expected}
    except (SafetensorError, OSError) as error:
        size = path.stat().st_size
        raise CheckpointError(
            f"{path} is truncated or damaged ({size:,} bytes: {error}); copy it again from where it came"
        ) from error
    model.load_state_dict(state, assign=True)
    return model.requires_grad_(False).eval()


def save(model: Transformer, folder: Path, *, dtype: torch.dtype | None = None) -> None:
    """Write a folder that `load` reads back, its tensors in `dtype` (None: as they are); files are replaced whole.

    Raises ValueError for a packed model.
    """
    if model.is_packed:
        raise ValueError("this model is packed for serving and no longer holds its weights plainly; save it before")
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in model.state_dict().items()}
    part = folder / f"{WEIGHTS_FILE}.part"
    save_file(state, part, metadata={"format": "pt"})
    os.replace(part, folder / WEIGHTS_FILE)
    part = folder / f"{PARAMS_FILE}.part"
    part.write_text(model.config.to_params_json(), encoding="utf-8")
    os.replace(part, folder / PARAMS_FILE)


class _WithoutRandomStart(TorchFunctionMode):
    """Leaves new embeddings as they are. On the meta device there is nothing to fill, yet torch would import its
    compiler to do so: 800 modules, 1.5 s."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return None if func is init.normal_ else func(*args, **(kwargs or {}))


def _check_shapes(path: Path, expected: dict[str, tuple[int, ...]], found: dict[str, tuple[int, ...]]) -> None:
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{name} {list(found[name])} is unknown" for name in sorted(found) if name not in expected]
    problems += [
        f"{name} is {list(found[name])}, expected {list(shape)}"
        for name, shape in expected.items()
        if name in found and found[name] != shape
    ]
    if problems:
        raise CheckpointError(f"{path} does not fit its {PARAMS_FILE}: {'; '.join(problems)}")


def _check_dtypes(path: Path, found: dict[str, str]) -> None:
    problems = [
        f"{name} holds {dtype}, expected one of {', '.join(_DTYPES)}"
        for name, dtype in found.items()
        if dtype not in _DTYPES
    ]
    if problems:
        raise CheckpointError(f"{path} is quantized, which is not supported: {'; '.join(problems)}")
