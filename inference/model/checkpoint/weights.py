"""A model folder <-> a Transformer: both layouts are read, Mistral's is written, strict both ways.

Files are memory-mapped. Block by block, each tensor goes straight to the wanted dtype and device, and a block that is
to be packed is packed as soon as it is complete; the mapping is given up after every block, so that memory holds the
model and little else. What does not fit is refused by `stored`.
"""

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import init
from torch.overrides import TorchFunctionMode

from inference.model.checkpoint.files import WEIGHTS_FILE, read_checkpoint
from inference.model.checkpoint.params_json import PARAMS_FILE, params_text
from inference.model.checkpoint.stored import StoredWeights
from inference.model.config import Family, ModelConfig
from inference.model.transformer import Block, Transformer

_SMALL_MODEL = 100_000_000  # parameters; below it float32 is fast enough on a CPU, and exact

Progress = Callable[[int, int], None]  # bytes read, bytes of all


def default_dtype(config: ModelConfig, device: torch.device | str = "cpu") -> torch.dtype:
    """float32 for a model of fewer than 100M parameters on a CPU; bfloat16 for larger ones and on a GPU."""
    is_small = config.n_parameters < _SMALL_MODEL
    return torch.float32 if is_small and torch.device(device).type == "cpu" else torch.bfloat16


def load(
    folder: Path,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
    pack: bool = False,
    int8: bool = False,
) -> Transformer:
    """The model of a folder, ready to serve (no gradients), in `dtype` (None: `default_dtype`).

    `pack` (with `int8`) does what `Transformer.pack` does, block by block: at no time is the whole model there twice.
    `progress` is called after every block. Raises CheckpointError for everything that a folder can have wrong.
    """
    checkpoint = read_checkpoint(folder)
    model = _empty(checkpoint.config)
    source = StoredWeights(checkpoint, _shapes(model))
    dtype = dtype or default_dtype(checkpoint.config, device)
    n_done = 0
    for prefix, module in _parts(model):
        names = [f"{prefix}.{name}" for name in module.state_dict()]
        state = source.read(names, dtype=dtype, device=device)
        module.load_state_dict({name.removeprefix(f"{prefix}."): tensor for name, tensor in state.items()}, assign=True)
        if pack and isinstance(module, Block):
            module.pack(int8=int8)
        elif pack and module is _head(model):
            model.head.pack(int8=int8)
        del state
        _give_back()
        n_done += sum(source.tensors[name].n_bytes for name in names)
        if progress is not None:
            progress(n_done, source.n_bytes)
    if pack:
        model.is_packed = True
    return model.requires_grad_(False).eval()


def _give_back() -> None:
    """Hand freed memory back to the system: glibc would keep what each block's copies leave between its weights, 130 MB
    in all for 1.1B parameters."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it
    if trim is not None:
        trim(0)


def shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor that a model of this configuration has, by its name in Mistral's layout."""
    return _shapes(_empty(config))


def save(model: Transformer, folder: Path, *, dtype: torch.dtype | None = None, family: Family = "mistral") -> None:
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
    part.write_text(params_text(model.config, family), encoding="utf-8")
    os.replace(part, folder / PARAMS_FILE)


def _empty(config: ModelConfig) -> Transformer:
    with torch.device("meta"), _WithoutRandomStart():
        return Transformer(config)


def _shapes(model: Transformer) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


class _WithoutRandomStart(TorchFunctionMode):
    """Leaves new embeddings as they are. On the meta device there is nothing to fill, yet torch would import its
    compiler to do so: 800 modules, 1.5 s."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return None if func is init.normal_ else func(*args, **(kwargs or {}))


def _head(model: Transformer) -> nn.Module:
    return model.tok_embeddings if model.config.tied_embeddings else model.output


def _parts(model: Transformer) -> Iterator[tuple[str, nn.Module]]:
    """The modules that together hold all tensors, each with the beginning of its names; one block at a time.

    The head comes first: for a moment its weight is there twice, when nothing else is there yet.
    """
    for name, module in sorted(model.named_children(), key=lambda child: child[1] is not _head(model)):
        if isinstance(module, nn.ModuleList):
            yield from ((f"{name}.{number}", block) for number, block in enumerate(module))
        else:
            yield name, module
