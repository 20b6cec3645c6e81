"""Measure the engine: decoding one sequence, prefilling a long prompt, and serving concurrent requests."""

import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench.gpu.ceilings import Ceilings
from bench.gpu.place import Place
from bench.models.costs import prompt_operations, step_bytes
from bench.models.tokenizer import tokenizer_model
from inference.bench import endless, random_prompts, time_answers, token_times
from inference.engine.engine import Engine
from inference.model.cache import RingCache, bytes_per_slot
from inference.model.config import ModelConfig
from inference.model.serving import ServedModel
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import Tokenizer

_SHORT_LEN = 2048  # tokens of a slot if slots of the full window do not fit
_KEEP_FREE = 0.9  # the largest share of the free memory for caches; activations need the rest


@dataclass(frozen=True, slots=True)
class DecodeRate:
    """One sequence after `prompt` tokens. `share` is the rate over the rate at which a step's weights and cache can be
    copied; `decode_backend` decodes single tokens."""

    decode_backend: str
    prompt: int
    tok_s: float
    step_bytes: int
    share: float


@dataclass(frozen=True, slots=True)
class PrefillRate:
    """One prompt in chunks of `chunk` tokens. `share` is its operations per second, of products and attention, over the
    matrix rate."""

    prompt: int
    chunk: int
    tok_s: float
    share: float


@dataclass(frozen=True, slots=True)
class ConcurrentRequests:
    """`n` requests that arrive at once. `output_tok_s` is over the time from their arrival to the last token; `max_len`
    is the size of a slot in tokens."""

    n: int
    max_len: int
    output_tok_s: float
    first_token_p50_s: float
    gap_p50_ms: float


def tokenizer_for(vocab_size: int) -> Tokenizer:
    """Return a tokenizer of `vocab_size` whose answers never end."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tokenizer.model").write_bytes(tokenizer_model(vocab_size))
        return endless(open_tokenizer(Path(folder)))


def decode_rates(place: Place, model: ServedModel, tokenizer: Tokenizer, ceilings: Ceilings) -> list[DecodeRate]:
    """Decode one sequence after a short prompt, and after one that fills the window."""
    config, new = model.config, place.scale.answer
    window = config.window(0) or place.scale.prompt
    found = []
    for prompt in (place.scale.prompt, window):
        max_len = prompt + new
        engine = Engine(model, _cache(place, config, 1, max_len), tokenizer, max_len=max_len)
        time_answers(engine, random_prompts(1, prompt, tokenizer.vocab_size, 0), new)
        timings = [time_answers(engine, random_prompts(1, prompt, tokenizer.vocab_size, i), new) for i in (1, 2, 3)]
        tok_s = median(timing.n_decoded / timing.decode_s for timing in timings)
        n_bytes = step_bytes(config, [prompt + new // 2], place.scale.dtype.itemsize)
        found.append(DecodeRate(model.way_of_decoding, prompt, tok_s, n_bytes, n_bytes * tok_s / ceilings.copy_bytes_s))
    return found


def prefill_rates(place: Place, model: ServedModel, tokenizer: Tokenizer, ceilings: Ceilings) -> list[PrefillRate]:
    """Prefill a prompt as long as the window, in chunks of several sizes."""
    config = model.config
    prompt = config.window(0) or place.scale.prompt
    found = []
    for chunk in place.scale.chunks:
        cache = _cache(place, config, 1, prompt + 1)
        engine = Engine(model, cache, tokenizer, max_len=prompt + 1, max_chunk=chunk, reuse=False)
        seconds = [token_times(engine, random_prompts(1, prompt, tokenizer.vocab_size, i), 1)[0][0] for i in range(4)]
        tok_s = prompt / median(seconds[1:])  # the first warms up
        operations = prompt_operations(config, prompt)
        found.append(PrefillRate(prompt, chunk, tok_s, operations / prompt * tok_s / ceilings.matrix_flop_s))
    return found


def concurrent_requests(place: Place, model: ServedModel, tokenizer: Tokenizer, chunk: int) -> list[ConcurrentRequests]:
    """Serve the scale's numbers of concurrent requests, each with its own prompt."""
    return [_serve(place, model, tokenizer, n, chunk) for n in place.scale.concurrent]


def _serve(place: Place, model: ServedModel, tokenizer: Tokenizer, n: int, chunk: int) -> ConcurrentRequests:
    scale = place.scale
    needed = scale.request_prompt + scale.answer
    longest = max(needed, model.config.window(0) or needed)
    fits = n * bytes_per_slot(model.config, max_len=longest, dtype=scale.dtype) <= _KEEP_FREE * place.free_bytes()
    max_len = longest if fits else max(needed, _SHORT_LEN)
    cache = _cache(place, model.config, n, max_len)
    engine = Engine(model, cache, tokenizer, max_len=max_len, max_chunk=chunk, reuse=False)
    _, times = (  # the first warms up the graphs, one for each number of rows and keys
        token_times(engine, random_prompts(n, scale.request_prompt, tokenizer.vocab_size, seed), scale.answer)
        for seed in (0, 1)
    )
    whole_s = max(one[-1] for one in times)
    gaps = [later - earlier for one in times for earlier, later in pairwise(one)]
    return ConcurrentRequests(
        n, max_len, n * scale.answer / whole_s, median(one[0] for one in times), median(gaps) * 1e3
    )


def _cache(place: Place, config: ModelConfig, n_slots: int, max_len: int) -> RingCache:
    return RingCache(config, n_slots=n_slots, max_len=max_len, dtype=place.scale.dtype, device=place.device)
