"""Convert any supported checkpoint to a folder in Mistral's layout.

A LoRA adapter can be merged into it. Tensors go from the source to the new file one at a time, so a conversion needs
little memory however large the model is. The new file gets its name when it is complete.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from inference.model.checkpoint.adapter import read_adapter
from inference.model.checkpoint.files import WEIGHTS_FILE, read_checkpoint
from inference.model.checkpoint.pickled import PickledWeights, pickled_files
from inference.model.checkpoint.shape.params_json import PARAMS_FILE, params_text, read_params
from inference.model.checkpoint.stored import StoredWeights
from inference.model.checkpoint.weights import ReportBytes, shapes
from inference.model.config import CheckpointError, Family, ModelConfig

_NAMES = {torch.bfloat16: "BF16", torch.float16: "F16", torch.float32: "F32", torch.float64: "F64"}


class _Source(Protocol):
    n_bytes: int

    def dtype(self, name: str) -> torch.dtype: ...

    def read(self, names: tuple[str, ...], /) -> Mapping[str, Tensor]: ...


def convert(source: Path, target: Path, *, adapter: Path | None = None, progress: ReportBytes | None = None) -> None:
    """Write the model of `source` (either layout, or consolidated.NN.pth) to `target`, which must be new or empty.

    Raises CheckpointError, before anything is written, for everything that can be wrong with source or adapter.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CheckpointError(f"{target} already exists; a new or empty folder was expected")
    config, family, weights = _open(source)
    expected = shapes(config)
    merge = None if adapter is None else read_adapter(adapter, expected, config.head_dim)
    sizes = {name: (weights.dtype(name), shape) for name, shape in expected.items()}

    def tensors() -> Iterator[Tensor]:
        n_done = 0
        for name in expected:
            tensor = weights.read((name,))[name]
            yield tensor if merge is None else merge.merged(name, tensor)
            n_done += tensor.nbytes
            if progress is not None:
                progress(n_done, weights.n_bytes)

    target.mkdir(parents=True, exist_ok=True)
    part = target / f"{WEIGHTS_FILE}.part"
    try:
        _write(part, sizes, tensors())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    os.replace(part, target / WEIGHTS_FILE)
    (target / PARAMS_FILE).write_text(params_text(config, family), encoding="utf-8")


def _open(source: Path) -> tuple[ModelConfig, Family, _Source]:
    files = pickled_files(source)
    if not files or (source / WEIGHTS_FILE).is_file():
        checkpoint = read_checkpoint(source)
        return checkpoint.config, checkpoint.family, StoredWeights(checkpoint, shapes(checkpoint.config))
    pickled = PickledWeights(files)
    config, family = read_params(source / PARAMS_FILE, vocab_size=pickled.vocab_size)
    pickled.expect(shapes(config))
    return config, family, pickled


def _write(path: Path, sizes: Mapping[str, tuple[torch.dtype, tuple[int, ...]]], tensors: Iterator[Tensor]) -> None:
    """Write a safetensors file: the length of the header in 8 bytes, the header as JSON, the tensors one by one."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape) in sizes.items():
        start, end = end, end + torch.Size(shape).numel() * dtype.itemsize
        header[name] = {"dtype": _NAMES[dtype], "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for tensor in tensors:
            file.write(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
