"""Compare a sliding window with full attention: a text of 16,384 tokens, and the cache for 32,768.

The paper (arXiv:2310.06825) reports 2x faster attention at 16k tokens with W = 4,096, and 8x less cache at 32k. The
time of attention is the time of the whole model minus that of the same model with a window of one key.
"""

import time
from dataclasses import dataclass, replace

from bench.gpu.place import Place
from bench.models.random_weights import random_model
from inference.bench import random_prompts
from inference.model.cache import Chunk, RingCache, bytes_per_slot
from inference.model.serving import ServedModel

_N_DECODED = 16
_CACHE_TOKENS = 32768


@dataclass(frozen=True, slots=True)
class Text:
    """One text through one model; window None is full attention."""

    window: int | None
    prefill_s: float
    decode_ms: float


@dataclass(frozen=True, slots=True)
class Saving:
    """Ratios of full attention to the window: the prompt, its attention alone, and decoding; and the cache sizes."""

    texts: tuple[Text, ...]
    whole: float
    attention: float
    decode: float
    cache_bytes: int
    full_cache_bytes: int


def measure(place: Place) -> Saving:
    config, dtype = place.scale.config, place.scale.dtype
    windowed, full, blind = (_read(place, window) for window in (config.window(0), None, 1))
    cache_bytes, full_cache_bytes = (
        bytes_per_slot(replace(config, sliding_window=window), max_len=_CACHE_TOKENS, dtype=dtype)
        for window in (config.window(0), None)
    )
    return Saving(
        (windowed, full, blind),
        full.prefill_s / windowed.prefill_s,
        (full.prefill_s - blind.prefill_s) / max(windowed.prefill_s - blind.prefill_s, 1e-9),
        full.decode_ms / windowed.decode_ms,
        cache_bytes,
        full_cache_bytes,
    )


def _read(place: Place, window: int | None) -> Text:
    scale = place.scale
    config = replace(scale.config, sliding_window=window)
    model = random_model(config, dtype=scale.dtype, device=str(place.device)).served()
    chunk, n_tokens = scale.chunks[-1], scale.long
    cache = RingCache(config, n_slots=1, max_len=n_tokens + _N_DECODED, dtype=scale.dtype, device=place.device)
    ids = random_prompts(1, n_tokens, config.vocab_size, 0)[0]
    model.prepare(cache)
    _prefill(model, cache, ids, chunk)  # warms up
    model.step([Chunk(0, n_tokens, ids[:1])], cache)
    cache.reset(0)
    place.wait()
    begun = time.perf_counter()
    _prefill(model, cache, ids, chunk)
    place.wait()
    prefilled = time.perf_counter()
    for position in range(n_tokens, n_tokens + _N_DECODED):
        model.step([Chunk(0, position, ids[:1])], cache)
    place.wait()
    return Text(window, prefilled - begun, (time.perf_counter() - prefilled) / _N_DECODED * 1e3)


def _prefill(model: ServedModel, cache: RingCache, ids: tuple[int, ...], chunk: int) -> None:
    for start in range(0, len(ids), chunk):
        model.step([Chunk(0, start, ids[start : start + chunk])], cache)
