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
from inference.engine.sharing.memory import GIB, MAX_CPU_SLOTS, default_cache_bytes, widest_step_bytes
from inference.engine.sharing.slot_sizes import Sized, divide_memory
from inference.folder import ModelFolder
from inference.model.cache import RingCache
from inference.model.checkpoint import weights
from inference.model.checkpoint.fingerprints import fingerprint
from inference.model.gpu.cards import check_dtype, choose_device, make_current
from inference.model.native.library import Backend
from inference.model.serving import ServedModel
from inference.progress import ProgressBar

logger = logging.getLogger(__name__)

_ROWS_OF_A_SLOT = 2  # each answer has a row in the widest step, and one in the memory of the graphs


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


@dataclass(frozen=True, slots=True)
class _Read:
    """A model whose weights are read. `chunk` is the tokens of a chunk of a prompt, and `step_bytes` the memory of a
    step with that many (0 on a CPU): the memory for caches depends on both.
    """

    model: ServedModel
    digest: str
    chunk: int
    step_bytes: int

    def sized(self, max_len: int | None, *, with_steps: bool) -> Sized:
        """With `with_steps` a slot also needs what it takes in a step, beside its cache."""
        config, dtype = self.model.config, self.model.dtype
        if not with_steps:
            return Sized(config, dtype, max_len)
        row_bytes = _ROWS_OF_A_SLOT * self.step_bytes // self.chunk
        return Sized(config, dtype, max_len, row_bytes, n_copies=self.model.n_ring_copies)


def _read(name: str, folder: ModelFolder, chunk: int, *, dtype: torch.dtype | None, device: torch.device) -> _Read:
    """Read a model's weights. After an error nothing refers to them, so the next model has their memory."""
    model = load_for_serving(folder.path, dtype=dtype, device=device, progress=ProgressBar(name))
    return _Read(model, fingerprint(folder.path), chunk, widest_step_bytes(model, chunk))


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

    Packing pays at every size where the C code is compiled: a token of a model of 1M parameters in float32 takes
    0.08 ms, and 1.7 ms with plain weights (one thread).
    """
    device, int8 = torch.device(device), dtype is torch.int8
    check_dtype(dtype, device)
    make_current(device)
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
    takes `weights.default_dtype` and the length of `slot_sizes.divide_memory`. `budget` and `reuse` apply to every
    engine. `cache_gb` defaults to `memory.default_cache_bytes`, `n_slots` to as many as fit.

    A model whose weights cannot be used is left out, so that one damaged file does not stop the others; the result
    adds it to `failures`. So are models with the largest slots, where one slot of each does not fit. Raises the first
    model's error when none can be used, and ValueError when no slot fits.
    """
    device = device or choose_device(None)
    is_on_gpu = device.type == "cuda"
    start = time.perf_counter()
    models: dict[str, _Read] = {}
    errors: dict[str, Exception] = {}
    for name, folder in folders.items():
        chunk = chunk_size(budget, n_parameters=folder.config.n_parameters, is_on_gpu=is_on_gpu)
        try:
            models[name] = _read(name, folder, chunk, dtype=(dtype or {}).get(name), device=device)
        except (ValueError, OSError, MemoryError, RuntimeError) as error:  # RuntimeError: torch is out of memory
            logger.error("%s: left out: %s", name, error, exc_info=None if isinstance(error, ValueError) else error)
            errors[name] = error.with_traceback(None)  # its frames would keep the weights read so far in memory
    if errors and not models:
        raise next(iter(errors.values()))
    widest = max((one.step_bytes for one in models.values()), default=0)
    default = default_cache_bytes(device, step_bytes=widest)
    cache_bytes = default if cache_gb is None else int(cache_gb * GIB)
    if is_on_gpu and cache_bytes > default:
        logger.warning(
            "--cache-gb is %.2f, and %.2f GiB of %s are free beside the weights and the widest step; lower it if "
            "memory runs out",
            cache_bytes / GIB,
            default / GIB,
            device,
        )
    sizes = divide_memory(
        {name: one.sized((max_len or {}).get(name), with_steps=cache_gb is None) for name, one in models.items()},
        cache_bytes,
        is_on_gpu=is_on_gpu,
        # On a GPU as many answers as a chunk has tokens: with more, a step would take longer than one with a chunk.
        max_slots=max((one.chunk for one in models.values()), default=1) if is_on_gpu else MAX_CPU_SLOTS,
        n_slots=n_slots,
    )
    for name, failure in sizes.failures.items():
        errors[name] = failure
        logger.error("%s: left out: %s", name, failure)
        del models[name]
    loaded = {}
    for name, max_tokens in sizes.max_len.items():
        folder, model = folders[name], models[name].model
        cache = RingCache(folder.config, n_slots=sizes.n_slots, max_len=max_tokens, dtype=model.dtype, device=device)
        loaded[name] = LoadedModel(
            folder,
            Engine(
                model,
                cache,
                folder.tokenizer,
                max_len=max_tokens,
                max_chunk=models[name].chunk,
                budget=budget,
                reuse=reuse,
                backend=partial(_backend, model),
                improve=model.record_wanted,
            ),
            folder.config.n_parameters,
            models[name].digest,
            str((dtype or {}).get(name, model.dtype)).removeprefix("torch."),
        )
        _log_sizes(name, loaded[name], cache, is_default=name not in (max_len or {}))
        _prepare(name, model, cache)
    logger.info("ready on %s after %.1f s: %s", device, time.perf_counter() - start, ", ".join(loaded))
    return Loaded(loaded, dict(failures or {}) | {name: str(error) for name, error in errors.items()})


def _log_sizes(name: str, loaded: LoadedModel, cache: RingCache, *, is_default: bool) -> None:
    logger.info(
        "%s: %s parameters, %s, %d slots of up to %s tokens (%.2f MiB each)",
        name,
        f"{loaded.n_parameters:,}",
        loaded.dtype,
        cache.n_slots,
        f"{cache.max_len:,}",
        cache.n_bytes / cache.n_slots / 2**20,
    )
    allowed = loaded.folder.config.max_seq_len
    if is_default and cache.max_len < allowed:
        logger.info(
            "%s: prompt and answer together have at most %s of the %s tokens that the model allows, so that %d "
            "conversations fit; --max-len changes this",
            name,
            f"{cache.max_len:,}",
            f"{allowed:,}",
            cache.n_slots,
        )


def _prepare(name: str, model: ServedModel, cache: RingCache) -> None:
    """Record the graphs of a model on a GPU, and log them."""
    if (prepared := model.prepare(cache)) is not None:
        logger.info(
            "%s: %d CUDA graphs for up to %d answers recorded in %.1f s; %d are missing, larger ones are used instead",
            name,
            prepared.n_graphs,
            prepared.n_rows,
            prepared.took_s,
            prepared.n_missing,
        )
