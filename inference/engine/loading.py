"""Load model folders into engines whose caches fit into the memory."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch

from inference.engine.engine import Engine
from inference.engine.scheduler import chunk_size
from inference.engine.sharing.memory import GIB, count_slots, default_cache_bytes, too_large
from inference.folder import ModelFolder
from inference.model.cache import RingCache, bytes_per_slot, largest_layer
from inference.model.checkpoint import weights
from inference.model.checkpoint.fingerprints import fingerprint
from inference.model.gpu.cards import check_dtype, choose_device
from inference.model.native.library import Backend
from inference.model.serving import ServedModel
from inference.progress import ProgressBar

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that is ready. `fingerprint` identifies its weights; `dtype` is a short name, such as "float32"."""

    folder: ModelFolder
    engine: Engine
    n_parameters: int
    fingerprint: str
    dtype: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The models of a set of folders that are ready and, by name, why the others are not."""

    models: Mapping[str, LoadedModel]
    failures: Mapping[str, str] = field(default_factory=dict)


def _backend(model: ServedModel) -> Backend:
    return model.backend


def load_for_serving(
    path: Path,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
    progress: weights.ReportBytes | None = None,
) -> ServedModel:
    """Load the model of a folder, packed. `dtype` torch.int8 quantizes weights read in the default dtype, which is also
    the dtype of the cache. Raises CheckpointError, as `weights.load_served` and `cards.check_dtype`. A GPU becomes the
    current one of this thread.

    Packing pays at every size where decode.c is compiled: a token of a model of 1M parameters in float32 takes 0.08 ms,
    and 1.7 ms with plain weights (one thread).
    """
    device, int8 = torch.device(device), dtype is torch.int8
    check_dtype(dtype, device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return weights.load_served(path, dtype=None if int8 else dtype, int8=int8, device=device, progress=progress)


def load_models(
    folders: Mapping[str, ModelFolder],
    *,
    device: torch.device | None = None,
    dtype: Mapping[str, torch.dtype] | None = None,
    max_len: Mapping[str, int] | None = None,
    cache_gb: float | None = None,
    n_slots: int | None = None,
    budget: int | None = None,
    reuse: bool = True,
    failures: Mapping[str, str] | None = None,
) -> Loaded:
    """Load all folders, and divide the memory for caches: the same number of slots for each model.

    `device` is from `cards.choose_device`; None: its default. `dtype` and `max_len` are by name; a model without them
    takes `weights.default_dtype` and its checkpoint's `max_seq_len`. `budget` and `reuse` apply to every engine.
    `cache_gb` defaults to `memory.default_cache_bytes`, `n_slots` to as many as fit.

    A model whose weights cannot be used is left out, so that one damaged file does not stop the others; the result
    adds it to `failures`. So are models with the largest slots, where one slot of each does not fit. Raises the first
    model's error when none can be used, and ValueError when no slot fits.
    """
    device = device or choose_device(None)
    start = time.perf_counter()
    models: dict[str, tuple[ServedModel, str]] = {}
    errors: dict[str, Exception] = {}
    for name, folder in folders.items():
        try:
            model = load_for_serving(
                folder.path, dtype=(dtype or {}).get(name), device=device, progress=ProgressBar(name)
            )
            models[name] = model, fingerprint(folder.path)
        except (ValueError, OSError, MemoryError, RuntimeError) as error:  # RuntimeError: torch is out of memory
            errors[name] = error
            logger.error("%s: left out: %s", name, error, exc_info=None if isinstance(error, ValueError) else error)
    if errors and not models:
        raise next(iter(errors.values()))
    dtypes = {name: model.dtype for name, (model, _) in models.items()}
    lengths = {name: folders[name].config.max_seq_len for name in models} | dict(max_len or {})

    slot_bytes = {
        name: bytes_per_slot(folders[name].config, max_len=lengths[name], dtype=dtypes[name]) for name in models
    }
    cache_bytes = default_cache_bytes(device) if cache_gb is None else int(cache_gb * GIB)
    for name in too_large(slot_bytes, cache_bytes):
        errors[name] = ValueError(
            f"one conversation of {lengths[name]:,} tokens needs {slot_bytes.pop(name) / GIB:.2f} GiB beside those of "
            f"the other models, and all caches may use {cache_bytes / GIB:.2f} GiB; raise --cache-gb or lower --max-len"
        )
        logger.error("%s: left out: %s", name, errors[name])
        del models[name]
    layers = [largest_layer(folders[name].config, max_len=lengths[name]) for name in models]
    copied = max(layers) if device.type == "cpu" else 0.0
    fitting = count_slots(list(slot_bytes.values()), cache_bytes, copied=copied)
    slots = fitting if n_slots is None else min(n_slots, fitting)
    loaded = {}
    for name, (model, digest) in models.items():
        folder, max_tokens = folders[name], lengths[name]
        cache = RingCache(folder.config, n_slots=slots, max_len=max_tokens, dtype=dtypes[name], device=device)
        loaded[name] = LoadedModel(
            folder,
            Engine(
                model,
                cache,
                folder.tokenizer,
                max_len=max_tokens,
                max_chunk=chunk_size(budget, n_parameters=folder.config.n_parameters, is_on_gpu=device.type == "cuda"),
                budget=budget,
                reuse=reuse,
                backend=partial(_backend, model),
            ),
            folder.config.n_parameters,
            digest,
            str((dtype or {}).get(name, dtypes[name])).removeprefix("torch."),
        )
        logger.info(
            "%s: %s parameters, %s, %d slots of up to %s tokens (%.2f MiB each)",
            name,
            f"{folder.config.n_parameters:,}",
            loaded[name].dtype,
            slots,
            f"{max_tokens:,}",
            slot_bytes[name] / 2**20,
        )
    logger.info("ready on %s after %.1f s: %s", device, time.perf_counter() - start, ", ".join(loaded))
    return Loaded(loaded, dict(failures or {}) | {name: str(error) for name, error in errors.items()})
