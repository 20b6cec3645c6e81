"""Read the tensors of a checkpoint's files, safetensors or pickled, by this project's names.

A missing, extra, misshapen or quantized tensor, or a truncated file, is an error that names it: a model with one wrong
tensor still talks, badly.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from inference.model.checkpoint.files import PICKLED, Checkpoint, weight_files
from inference.model.checkpoint.pickled import load_pickled
from inference.model.checkpoint.tensor_names import (
    EMBEDDING,
    HEAD,
    Shapes,
    hugging_face_name,
    interleaved,
    is_computed,
    is_turned,
)
from inference.model.config import CheckpointError, reason

_SHOWN_PROBLEMS = 12
_DTYPES = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32, "F64": torch.float64}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_ROWS = 4096  # of a head and an embedding that are compared at a time


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor in a file, with its name there."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def n_bytes(self) -> int:
        return prod(self.shape) * (_DTYPES[self.dtype].itemsize if self.dtype in _DTYPES else 1)


class StoredWeights:
    """The tensors of a checkpoint, by this project's names: exactly those of `expected`."""

    def __init__(self, checkpoint: Checkpoint, expected: Shapes) -> None:
        """Raise CheckpointError for tensors that are missing, extra, misshapen or quantized; it names them."""
        self._head_dim = checkpoint.config.head_dim
        self._is_halved = checkpoint.layout == "hugging_face"
        found: dict[str, Entry] = {}
        problems = []
        for path in weight_files(checkpoint):
            for entry in _entries(path):
                if entry.name in found:
                    problems.append(f"{entry.name} is both in {found[entry.name].path.name} and in {path.name}")
                found[entry.name] = entry
        names = {name: self._name(name) for name in expected}
        repeated = found.pop(self._name(HEAD), None) if HEAD not in expected else None
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
                f"the weights in {checkpoint.folder} do not fit their {checkpoint.shape_file.name}: {_first(problems)}"
            )
        self.tensors = {name: found[theirs] for name, theirs in names.items()}
        quantized = [
            f"{entry.name} is {entry.dtype}, expected one of {', '.join(_DTYPES)}"
            for entry in self.tensors.values()
            if entry.dtype not in _DTYPES
        ]
        if quantized:
            raise CheckpointError(
                f"the weights in {checkpoint.folder} are quantized, which is not supported: {_first(quantized)}"
            )
        if repeated is not None:
            self._check_repeated(repeated, checkpoint)
        self.n_bytes = sum(entry.n_bytes for entry in self.tensors.values())

    def dtype(self, name: str) -> torch.dtype:
        """Return the dtype of a tensor in the files."""
        return _DTYPES[self.tensors[name].dtype]

    def read(
        self, names: Iterable[str], *, dtype: torch.dtype | None = None, device: torch.device | str = "cpu"
    ) -> dict[str, Tensor]:
        """Return copies of these tensors (dtype None: their own). Their files are mapped only while they are read."""
        names = list(names)
        tensors = {}
        for path in sorted({self.tensors[name].path for name in names}):
            with _opened(path) as tensor_of:
                for name in names:
                    entry = self.tensors[name]
                    if entry.path == path:
                        mapped = tensor_of(entry.name)
                        if self._is_halved and is_turned(name):
                            mapped = interleaved(mapped, self._head_dim)
                        copy = torch.empty(entry.shape, dtype=dtype or mapped.dtype, device=device)
                        copy.view(mapped.shape).copy_(mapped)
                        tensors[name] = copy
        return tensors

    def _name(self, name: str) -> str:
        return hugging_face_name(name) if self._is_halved else name

    def _check_repeated(self, head: Entry, checkpoint: Checkpoint) -> None:
        """Raise CheckpointError unless a head in the files is the embedding, to which the configuration ties it."""
        embedding = self.tensors[EMBEDDING]
        with _opened(head.path) as first, _opened(embedding.path) as second:
            ours, theirs = first(head.name), second(embedding.name)
            rows = range(0, len(theirs), _ROWS) if ours.shape == theirs.shape else range(0)
            if rows and all(_are_equal(ours[at : at + _ROWS], theirs[at : at + _ROWS]) for at in rows):
                return
        key = "tie_word_embeddings" if self._is_halved else "tied_embeddings"
        raise CheckpointError(
            f"{head.name} in {head.path} is not {embedding.name}, and {checkpoint.shape_file.name} says that it is "
            f"({key} true); set {key} to false to use it, or remove it from the file"
        )


def _are_equal(one: Tensor, other: Tensor) -> bool:
    return torch.equal(one, other) if one.dtype == other.dtype else torch.equal(one.double(), other.double())


@contextmanager
def _opened(path: Path) -> Iterator[Callable[[str], Tensor]]:
    """Open a file, and yield a function from the names in it to tensors."""
    if path.suffix == PICKLED:
        yield load_pickled(path).__getitem__
        return
    try:
        with safe_open(path, framework="pt") as file:
            yield file.get_tensor
    except (SafetensorError, OSError) as error:
        raise _damaged(path, error) from error


def _entries(path: Path) -> list[Entry]:
    if path.suffix == PICKLED:
        tensors = load_pickled(path).items()
        return [Entry(path, name, tuple(x.shape), _NAMES.get(x.dtype, str(x.dtype))) for name, x in tensors]
    try:
        with safe_open(path, framework="pt") as file:
            slices = [(name, file.get_slice(name)) for name in file.keys()]  # noqa: SIM118
            return [Entry(path, name, tuple(x.get_shape()), x.get_dtype()) for name, x in slices]
    except (SafetensorError, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> CheckpointError:
    size = f"{path.stat().st_size:,} bytes" if path.is_file() else "no file"
    return CheckpointError(
        f"{path} is truncated or damaged ({size}: {reason(error, path)}); copy it again from where it came"
    )


def _first(problems: list[str]) -> str:
    """Return the first problems: a shape with a wrong number of layers has thousands."""
    more = [f"and {len(problems) - _SHOWN_PROBLEMS} more"] if len(problems) > _SHOWN_PROBLEMS else []
    return "; ".join(problems[:_SHOWN_PROBLEMS] + more)
