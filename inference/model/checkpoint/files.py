"""The files of a model folder, and what they show without reading the weights.

    Mistral         params.json, consolidated.safetensors
    Hugging Face    config.json, model.safetensors, or many files with model.safetensors.index.json; in older folders
                    pytorch_model.bin, or many files with pytorch_model.bin.index.json

A folder that has both, as published ones do, is read in Mistral's layout. Imports no torch.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safetensors import SafetensorError, safe_open

from inference.model.checkpoint.shape.config_json import CONFIG_FILE, read_config
from inference.model.checkpoint.shape.params_json import PARAMS_FILE, leaves_vocabulary_open, read_params
from inference.model.config import CheckpointError, Family, ModelConfig, read_object

WEIGHTS_FILE = "consolidated.safetensors"
HF_WEIGHTS_FILE = "model.safetensors"
HF_INDEX_FILE = "model.safetensors.index.json"
PICKLED = ".bin"
HF_PICKLED_FILE = "pytorch_model.bin"
HF_PICKLED_INDEX_FILE = "pytorch_model.bin.index.json"
HF_FILES = {HF_WEIGHTS_FILE: HF_INDEX_FILE, HF_PICKLED_FILE: HF_PICKLED_INDEX_FILE}
"""Hugging Face's weights in the order in which they are looked for: one file, or the index of many."""

_MAX_LAYERS = 512  # four times as many as any model has; more would take time to lay out, only to fit no weights

ADAPTER_FILE = "adapter_config.json"
_MERGE = "a LoRA adapter without its base; merge them: python -m inference convert BASE NEW_FOLDER --adapter FOLDER"
_SHARD = re.compile(r"(model|pytorch_model)-\d+-of-\d+\.(safetensors|bin)")

Layout = Literal["mistral", "hugging_face"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a folder states about its model, in its `shape_file`."""

    folder: Path
    layout: Layout
    config: ModelConfig
    family: Family

    @property
    def shape_file(self) -> Path:
        return self.folder / (PARAMS_FILE if self.layout == "mistral" else CONFIG_FILE)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Return the layout, shape and family of a folder, which needs no weights. Raises CheckpointError for a bad one."""
    if not folder.is_dir():
        raise CheckpointError(f"no folder {folder}; a folder with {PARAMS_FILE} and {WEIGHTS_FILE} was expected")
    layout = _layout(folder)
    if layout == "hugging_face":
        checkpoint = Checkpoint(folder, layout, *read_config(folder / CONFIG_FILE))
    else:
        path = folder / PARAMS_FILE
        vocab_size = _rows(folder / WEIGHTS_FILE) if leaves_vocabulary_open(path) else None
        checkpoint = Checkpoint(folder, layout, *read_params(path, vocab_size=vocab_size))
    if checkpoint.config.n_layers > _MAX_LAYERS:
        raise CheckpointError(
            f"{checkpoint.shape_file}: n_layers is {checkpoint.config.n_layers}; at most {_MAX_LAYERS} was expected"
        )
    return checkpoint


def load_config(folder: Path) -> ModelConfig:
    """Return the shape of a folder's model. Raises CheckpointError when there is none or it cannot be used."""
    return read_checkpoint(folder).config


def weight_files(checkpoint: Checkpoint) -> tuple[Path, ...]:
    """Return the weight files, in order of name. CheckpointError for a missing one names what is there instead."""
    folder = checkpoint.folder
    if checkpoint.layout == "mistral":
        if (folder / WEIGHTS_FILE).is_file():
            return (folder / WEIGHTS_FILE,)
        raise CheckpointError(f"no {WEIGHTS_FILE} in {folder}: {_found(folder)}")
    for name, index in HF_FILES.items():
        if (folder / name).is_file():
            return (folder / name,)
        if (folder / index).is_file():
            return _indexed(folder / index)
    raise CheckpointError(f"no {HF_WEIGHTS_FILE} and no {HF_INDEX_FILE} in {folder}: {_found(folder)}")


def _indexed(index: Path) -> tuple[Path, ...]:
    names = read_object(index, "says which tensor is in which file").get("weight_map")
    if not isinstance(names, dict) or not names:
        raise CheckpointError(f"{index} has no weight_map; an object from tensor to file was expected")
    files = sorted({str(name) for name in names.values()})
    if strange := [name for name in files if not name or Path(name).name != name]:
        raise CheckpointError(f"{index} names {', '.join(map(repr, strange))}; files beside it were expected")
    if missing := [name for name in files if not (index.parent / name).is_file()]:
        raise CheckpointError(
            f"{index.parent} lacks {', '.join(missing)}, which {index.name} names; copy the missing files there"
        )
    return tuple(index.parent / name for name in files)


def _layout(folder: Path) -> Layout:
    has_params, has_config = ((folder / name).is_file() for name in (PARAMS_FILE, CONFIG_FILE))
    if not has_params and not has_config:
        raise CheckpointError(_without_shape(folder))
    if has_params and has_config:
        has_hf_weights = any((folder / name).is_file() for files in HF_FILES.items() for name in files)
        return "hugging_face" if has_hf_weights and not (folder / WEIGHTS_FILE).is_file() else "mistral"
    return "mistral" if has_params else "hugging_face"


def _without_shape(folder: Path) -> str:
    """Return an error that names the missing file with the shape, from the weights that are there."""
    names = sorted(entry.name for entry in folder.iterdir())
    if weights := next((name for name in names if re.fullmatch(r"consolidated\b.*\.(safetensors|pth)", name)), None):
        return f"no {PARAMS_FILE} in {folder}; it states the shape of {weights}: copy it there"
    if weights := next((name for name in names if name in HF_FILES or _SHARD.fullmatch(name)), None):
        return f"no {CONFIG_FILE} in {folder}; it states the shape of {weights}: copy it there"
    adapter = f": found {ADAPTER_FILE}, {_MERGE}" if ADAPTER_FILE in names else ""
    return f"no {PARAMS_FILE} and no {CONFIG_FILE} in {folder}; one of them states the shape{adapter}"


def _found(folder: Path) -> str:
    """Describe what is in the folder instead of weights, and what to do with it."""
    weights = {".pth", PICKLED, ".safetensors", ".gguf"}
    others = sorted(entry.name for entry in folder.iterdir() if entry.suffix in weights)
    if not others:
        return "found no weights; put them there"
    found = f"found {', '.join(others[:8])}{' …' if len(others) > 8 else ''}"
    if WEIGHTS_FILE in others and not (folder / PARAMS_FILE).is_file():
        return f"{found}; {WEIGHTS_FILE} needs {PARAMS_FILE}, which is missing: copy it there"
    if not (folder / CONFIG_FILE).is_file() and any(name in HF_FILES or _SHARD.fullmatch(name) for name in others):
        return f"{found}; these need {CONFIG_FILE}, which is missing: copy it there"
    if any(name.endswith(".pth") for name in others):
        return f"{found}; turn them into safetensors: python -m inference convert FOLDER NEW_FOLDER"
    if any(_SHARD.fullmatch(name) for name in others):
        return f"{found}, but no index that says they belong together; copy the missing file there"
    if (folder / ADAPTER_FILE).is_file():
        return f"{found}, {_MERGE}"
    return f"{found}, which cannot be read; safetensors files were expected"


def _rows(path: Path) -> int | None:
    """Return the rows of the embedding in a weights file, which is the vocabulary size; None where it is unreadable."""
    try:
        with safe_open(path, framework="numpy") as file:
            rows: int = file.get_slice("tok_embeddings.weight").get_shape()[0]
            return rows
    except (SafetensorError, OSError, IndexError):
        return None  # `weights.load` reports what is wrong with the file
