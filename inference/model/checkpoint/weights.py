"""Read a model folder into a model, and write a model to a folder.

Both layouts are read, and Mistral's is written. Files are memory-mapped. Block by block, each tensor goes straight to
its dtype and device; for serving, a block is packed as soon as it is complete. The mapping is closed after every block,
so memory has the model and little else. `stored` refuses weights that do not fit.
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

from inference.model.checkpoint.files import WEIGHTS_FILE, Checkpoint, read_checkpoint
from inference.model.checkpoint.shape.params_json import PARAMS_FILE, params_text
from inference.model.checkpoint.stored import StoredWeights
from inference.model.config import Family, ModelConfig
from inference.model.gpu.cards import sixteen_bits
from inference.model.packed import PackedBlock, PackedWeights
from inference.model.serving import ServedModel
from inference.model.transformer import Block, Transformer

_SMALL_MODEL = 100_000_000  # parameters; below it float32 is fast enough on a CPU, and exact

ReportBytes = Callable[[int, int], None]
"""Called with the bytes that have been read, and with those of the whole model."""


def default_dtype(config: ModelConfig, device: torch.device | str = "cpu") -> torch.dtype:
    """Return float32 for a model of fewer than 100M parameters on a CPU, and bfloat16 for larger ones. On a GPU return
    bfloat16, or float16 where the card has no bfloat16."""
    if torch.device(device).type == "cuda":
        return sixteen_bits(device)
    return torch.float32 if config.n_parameters < _SMALL_MODEL else torch.bfloat16


def load(
    folder: Path,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
    progress: ReportBytes | None = None,
) -> Transformer:
    """Read the model of a folder in `dtype` (None: `default_dtype`), without gradients.

    `progress` is called after every block. Raises CheckpointError for everything that can be wrong with a folder.
    """
    checkpoint = read_checkpoint(folder)
    model = _empty(checkpoint.config)
    for _ in _filled(model, checkpoint, dtype or default_dtype(checkpoint.config, device), device, progress):
        pass
    return model.requires_grad_(False).eval()


def load_served(
    folder: Path,
    *,
    dtype: torch.dtype | None = None,
    int8: bool = False,
    device: torch.device | str = "cpu",
    progress: ReportBytes | None = None,
) -> ServedModel:
    """Read the model of a folder for serving, with `int8` quantized: `load` and `Transformer.served`, block by block.

    So memory never has the whole model twice.
    """
    checkpoint = read_checkpoint(folder)
    model, blocks, head = _empty(checkpoint.config), list[PackedBlock](), None
    for module in _filled(model, checkpoint, dtype or default_dtype(checkpoint.config, device), device, progress):
        if isinstance(module, Block):
            blocks.append(module.served(int8=int8))
        elif module is _head(model):
            head = model.served_head(int8=int8)
    assert head is not None
    embeddings, norm = model.tok_embeddings.weight.detach(), model.norm.weight.detach()
    return ServedModel(PackedWeights(model.config, embeddings, tuple(blocks), norm, head))


def shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of such a model, by its name in Mistral's layout."""
    return _shapes(_empty(config))


def save(model: Transformer, folder: Path, *, dtype: torch.dtype | None = None, family: Family = "mistral") -> None:
    """Write a folder that `load` reads back, with tensors in `dtype` (None: their own). Files are replaced atomically.

    Raises ValueError for a model whose weights `Transformer.served` has moved.
    """
    tensors = model.state_dict()
    if missing := [name for name in shapes(model.config) if name not in tensors]:
        raise ValueError(f"the model has no {missing[0]}: served() has moved its weights; save the model before that")
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in tensors.items()}
    part = folder / f"{WEIGHTS_FILE}.part"
    save_file(state, part, metadata={"format": "pt"})
    os.replace(part, folder / WEIGHTS_FILE)
    part = folder / f"{PARAMS_FILE}.part"
    part.write_text(params_text(model.config, family), encoding="utf-8")
    os.replace(part, folder / PARAMS_FILE)


def _filled(
    model: Transformer,
    checkpoint: Checkpoint,
    dtype: torch.dtype,
    device: torch.device | str,
    progress: ReportBytes | None,
) -> Iterator[nn.Module]:
    """Fill an empty model part by part; each part is yielded once it has its weights."""
    source, n_done = StoredWeights(checkpoint, _shapes(model)), 0
    for prefix, module in _parts(model):
        names = [f"{prefix}.{name}" for name in module.state_dict()]
        state = source.read(names, dtype=dtype, device=device)
        module.load_state_dict({name.removeprefix(f"{prefix}."): tensor for name, tensor in state.items()}, assign=True)
        del state
        yield module
        _return_memory()
        n_done += sum(source.tensors[name].n_bytes for name in names)
        if progress is not None:
            progress(n_done, source.n_bytes)


def _return_memory() -> None:
    """Return freed memory to the system. glibc would keep what the copies leave between weights: 130 MB for 1.1B
    parameters."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only glibc has it
    if trim is not None:
        trim(0)


def _empty(config: ModelConfig) -> Transformer:
    with torch.device("meta"), _WithoutRandomStart():
        return Transformer(config)


def _shapes(model: Transformer) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


class _WithoutRandomStart(TorchFunctionMode):
    """Leaves new embeddings as they are. The meta device has nothing to fill, yet torch would import its compiler to
    do so: 800 modules, 1.5 s."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return None if func is init.normal_ else func(*args, **(kwargs or {}))


def _head(model: Transformer) -> nn.Module:
    return model.tok_embeddings if model.config.tied_embeddings else model.output


def _parts(model: Transformer) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules that together have all tensors, with the prefix of their names; one block at a time.

    The head is first: packing has its weight twice for a moment, so it is done while memory has nothing else.
    """
    for name, module in sorted(model.named_children(), key=lambda child: child[1] is not _head(model)):
        if isinstance(module, nn.ModuleList):
            yield from ((f"{name}.{number}", block) for number, block in enumerate(module))
        else:
            yield name, module
