"""Read pickled tensors: the consolidated.NN.pth files of original releases, and the .bin files of older fine-tunes.

torch reads them memory-mapped, and only tensors: a pickle that would run code is refused. Of the releases, Mistral's
have one file, Llama 2's one or several, with the same tensor names. Llama's larger models are split for tensor
parallelism: a column-parallel weight by its rows, a row-parallel one and the embedding by its columns; norms are in
every file. The expected shape shows how a tensor is split.
"""

import pickle
from collections.abc import Iterable
from math import prod
from pathlib import Path
from zipfile import is_zipfile

import torch
from torch import Tensor

from inference.model.checkpoint.tensor_names import EMBEDDING, HEAD, Shapes, is_computed
from inference.model.config import CheckpointError, reason

_DTYPES = (torch.bfloat16, torch.float16, torch.float32, torch.float64)


def pickled_files(folder: Path) -> list[Path]:
    """Return the consolidated.NN.pth files of a folder, in order."""
    return sorted(folder.glob("consolidated.*.pth"))


class PickledWeights:
    """The tensors of .pth files, with `read` and `n_bytes` as in `stored.StoredWeights`."""

    def __init__(self, files: list[Path]) -> None:
        """Raise CheckpointError for files that cannot be read as tensors."""
        self._files = files
        self._parts = [load_pickled(path) for path in files]
        self._shapes: Shapes = {}
        self.n_bytes = 0

    @property
    def vocab_size(self) -> int | None:
        """The rows of the embedding, of which Llama 2 splits only the columns; None without an embedding."""
        embedding = self._parts[0].get(EMBEDDING)
        return None if embedding is None else embedding.shape[0]

    def expect(self, shapes: Shapes) -> None:
        """Raise CheckpointError for tensors that are missing, extra, misshapen or of another dtype; it names them."""
        problems: list[str] = []
        for path, part in zip(self._files, self._parts, strict=True):
            problems += [f"{name} is missing in {path.name}" for name in shapes if name not in part]
            problems += [
                f"{name} {list(part[name].shape)} in {path.name} is unknown"
                for name in sorted(part)
                if name not in shapes and name != HEAD and not is_computed(name)
            ]
            problems += [
                f"{name} in {path.name} is {tensor.dtype}, expected one of {', '.join(map(str, _DTYPES))}"
                for name, tensor in part.items()
                if name in shapes and tensor.dtype not in _DTYPES
            ]
        if not problems:
            for name, shape in shapes.items():
                found = [tuple(part[name].shape) for part in self._parts]
                if len(set(found)) > 1 or _split_dim(found[0], shape, len(found)) is None:
                    problems.append(f"{name} is {', '.join(str(list(one)) for one in found)}, expected {list(shape)}")
        if problems:
            raise CheckpointError(f"{self._files[0].parent}: the weights do not fit: {'; '.join(problems)}")
        self._shapes = {**shapes, HEAD: shapes[EMBEDDING]}
        if HEAD not in shapes and HEAD in self._parts[0] and not torch.equal(self._whole(HEAD), self._whole(EMBEDDING)):
            raise CheckpointError(
                f"{self._files[0].parent}: {HEAD} is not {EMBEDDING}, and params.json says that it is (tied_embeddings "
                "true); set tied_embeddings to false to use it"
            )
        self.n_bytes = sum(prod(shape) * self._parts[0][name].itemsize for name, shape in shapes.items())

    def dtype(self, name: str) -> torch.dtype:
        """Return the dtype of a tensor in the files."""
        return self._parts[0][name].dtype

    def read(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Return these tensors, joined. Raises CheckpointError where files that must agree do not."""
        return {name: self._whole(name) for name in names}

    def _whole(self, name: str) -> Tensor:
        parts = [part[name] for part in self._parts]
        dim = _split_dim(tuple(parts[0].shape), self._shapes[name], len(parts))
        if dim is not None and dim >= 0:
            return torch.cat(parts, dim=dim)
        if not all(torch.equal(parts[0], part) for part in parts[1:]):
            raise CheckpointError(f"{name} differs between {self._files[0].name} and the other files")
        return parts[0]


def _split_dim(part: tuple[int, ...], whole: tuple[int, ...], n_parts: int) -> int | None:
    """Return the dimension along which `n_parts` parts are split; -1 if each is the whole, None if they do not fit."""
    if part == whole:
        return -1
    for dim, size in enumerate(part):
        if (*part[:dim], size * n_parts, *part[dim + 1 :]) == whole:
            return dim
    return None


def load_pickled(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a pickle, memory-mapped. Raises CheckpointError for a damaged file and for other content.

    The file must not be overwritten while they are used.
    """
    if not is_zipfile(path):
        raise CheckpointError(
            f"{path} cannot be read as tensors ({path.stat().st_size:,} bytes: not a zip archive, as torch writes); "
            "copy it again from its source"
        )
    try:
        content = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as error:
        raise CheckpointError(
            f"{path} cannot be read as tensors ({path.stat().st_size:,} bytes: {reason(error, path)}); copy it again "
            "from its source"
        ) from error
    if not isinstance(content, dict) or not all(isinstance(tensor, Tensor) for tensor in content.values()):
        raise CheckpointError(f"{path} is not a dictionary of tensors; the weights of a model were expected")
    return content
