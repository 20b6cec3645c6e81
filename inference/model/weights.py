"""A model folder <-> a Transformer: both layouts are read, Mistral's is written, strict both ways.

Files are memory-mapped. Block by block, each tensor goes straight to the wanted dtype and device, and a block that is
to be packed is packed as soon as it is complete; the mapping is given up after every block, so that memory holds the
model and little else. Whatever does not fit (a missing, extra, misshapen or quantized tensor, a truncated file) is an
error that names it: a model with one wrong tensor still talks, badly.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import init
from torch.overrides import TorchFunctionMode

from inference.model.checkpoint import WEIGHTS_FILE, Checkpoint, read_checkpoint, weight_files
from inference.model.config import CheckpointError, Family, ModelConfig
from inference.model.params_json import PARAMS_FILE, params_text
from inference.model.tensor_names import hugging_face_name, interleaved, is_computed, is_turned
from inference.model.transformer import Block, Transformer

_BYTES = {"BF16": 2, "F16": 2, "F32": 4, "F64": 8}  # as safetensors names them; others are quantized: no scale
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
) -> Transformer:
    """The model of a folder, ready to serve (no gradients), in `dtype` (None: `default_dtype`).

    `pack` does what `Transformer.pack` does, block by block: at no time is the whole model there twice. `progress` is
    called after every block. Raises CheckpointError for everything that a folder can have wrong.
    """
    checkpoint = read_checkpoint(folder)
    with torch.device("meta"), _WithoutRandomStart():
        model = Transformer(checkpoint.config)
    source = _Source(checkpoint, {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()})
    dtype = dtype or default_dtype(checkpoint.config, device)
    n_done = 0
    for prefix, module in _parts(model):
        names = [f"{prefix}.{name}" for name in module.state_dict()]
        state = source.read(names, dtype, device)
        module.load_state_dict({name.removeprefix(f"{prefix}."): tensor for name, tensor in state.items()}, assign=True)
        if pack and isinstance(module, Block):
            module.pack()
        del state
        n_done += sum(source.tensors[name].n_bytes for name in names)
        if progress is not None:
            progress(n_done, source.n_bytes)
    if pack:
        model.head.pack()
        model.is_packed = True
    return model.requires_grad_(False).eval()


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


class _WithoutRandomStart(TorchFunctionMode):
    """Leaves new embeddings as they are. On the meta device there is nothing to fill, yet torch would import its
    compiler to do so: 800 modules, 1.5 s."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return None if func is init.normal_ else func(*args, **(kwargs or {}))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A tensor in a file, by the name that it has there."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def n_bytes(self) -> int:
        return prod(self.shape) * _BYTES.get(self.dtype, 1)


class _Source:
    """The tensors of a checkpoint, by this project's names: `expected` has all of them, and nothing else is there."""

    def __init__(self, checkpoint: Checkpoint, expected: dict[str, tuple[int, ...]]) -> None:
        self._head_dim = checkpoint.config.head_dim
        self._is_halved = checkpoint.layout == "hugging_face"
        found: dict[str, _Entry] = {}
        problems = []
        for path in weight_files(checkpoint):
            for entry in _entries(path):
                if entry.name in found:
                    problems.append(f"{entry.name} is both in {found[entry.name].path.name} and in {path.name}")
                found[entry.name] = entry
        names = {name: hugging_face_name(name) if self._is_halved else name for name in expected}
        problems += [f"{name} is missing" for name in names.values() if name not in found]
        known = set(names.values())
        problems += [
            f"{name} {list(found[name].shape)} is unknown"
            for name in sorted(found)
            if name not in known and not is_computed(name)
        ]
        problems += [
            f"{names[name]} is {list(found[names[name]].shape)}, expected {list(shape)}"
            for name, shape in expected.items()
            if names[name] in found and found[names[name]].shape != shape
        ]
        if problems:
            raise CheckpointError(
                f"the weights in {checkpoint.folder} do not fit their {checkpoint.shape_file.name}: "
                f"{'; '.join(problems)}"
            )
        self.tensors = {name: found[theirs] for name, theirs in names.items()}
        quantized = [
            f"{entry.name} holds {entry.dtype}, expected one of {', '.join(_BYTES)}"
            for entry in self.tensors.values()
            if entry.dtype not in _BYTES
        ]
        if quantized:
            raise CheckpointError(
                f"the weights in {checkpoint.folder} are quantized, which is not supported: {'; '.join(quantized)}"
            )
        self.n_bytes = sum(entry.n_bytes for entry in self.tensors.values())

    def read(self, names: list[str], dtype: torch.dtype, device: torch.device | str) -> dict[str, Tensor]:
        """Copies of these tensors. Their files are mapped in the meantime only."""
        tensors = {}
        for path in sorted({self.tensors[name].path for name in names}):
            with _opened(path) as file:
                for name in names:
                    entry = self.tensors[name]
                    if entry.path == path:
                        mapped = file.get_tensor(entry.name)
                        if self._is_halved and is_turned(name):
                            mapped = interleaved(mapped, self._head_dim)
                        copy = torch.empty(entry.shape, dtype=dtype, device=device)
                        copy.view(mapped.shape).copy_(mapped)
                        tensors[name] = copy
        return tensors


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is truncated or damaged ({path.stat().st_size:,} bytes: {error}); copy it again from where it came"
        ) from error


def _entries(path: Path) -> Iterator[_Entry]:
    with _opened(path) as file:
        for name in file.keys():  # noqa: SIM118
            tensor = file.get_slice(name)
            yield _Entry(path, name, tuple(tensor.get_shape()), tensor.get_dtype())


def _parts(model: Transformer) -> Iterator[tuple[str, nn.Module]]:
    """The modules that together hold all tensors, each with the beginning of its names; one block at a time."""
    for name, module in model.named_children():
        if isinstance(module, nn.ModuleList):
            yield from ((f"{name}.{number}", block) for number, block in enumerate(module))
        else:
            yield name, module
