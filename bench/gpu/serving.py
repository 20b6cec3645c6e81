"""Measure the engine: decoding one sequence, prefilling a long prompt, and serving concurrent requests.

The graphs of each cache are recorded first, as before a server is ready.
"""

import tempfile
import time
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
from inference.engine.request import Request, SamplingParams
from inference.engine.sharing.memory import widest_step_bytes
from inference.model.cache import RingCache, bytes_per_slot
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


@dataclass(frozen=True, slots=True)
class Arrival:
    """A prompt of `prompt` tokens that arrives while `n_streams` answers are decoded: the time to its first token, and
    the gaps between the tokens of the others until then."""

    n_streams: int
    prompt: int
    first_token_s: float
    gap_p50_ms: float
    longest_gap_ms: float


@dataclass(frozen=True, slots=True)
class Preparation:
    """The memory of a step of `chunk` tokens beside weights and cache, and the graphs that were recorded for up to
    `n_rows` answers, in `took_s`, with their memory (all 0 on a CPU)."""

    chunk: int
    step_bytes: int
    n_graphs: int
    n_missing: int
    n_rows: int
    took_s: float
    graph_bytes: int


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
        engine = Engine(model, _cache(place, model, 1, max_len), tokenizer, max_len=max_len)
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
        cache = _cache(place, model, 1, prompt + 1)
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
    cache = _cache(place, model, n, max_len)
    engine = Engine(model, cache, tokenizer, max_len=max_len, max_chunk=chunk, reuse=False)
    _, times = (  # the first warms up
        token_times(engine, random_prompts(n, scale.request_prompt, tokenizer.vocab_size, seed), scale.answer)
        for seed in (0, 1)
    )
    whole_s = max(one[-1] for one in times)
    gaps = [later - earlier for one in times for earlier, later in pairwise(one)]
    return ConcurrentRequests(
        n, max_len, n * scale.answer / whole_s, median(one[0] for one in times), median(gaps) * 1e3
    )


def arrival(place: Place, model: ServedModel, tokenizer: Tokenizer, chunk: int) -> Arrival:
    """Let a prompt as long as the window arrive while streams are decoded; the second time counts."""
    scale = place.scale
    prompt = model.config.window(0) or scale.prompt
    max_len = max(prompt + 1, scale.prompt + scale.answer)
    cache = _cache(place, model, scale.streams + 1, max_len)
    _, found = (_arrive(Engine(model, cache, tokenizer, max_len=max_len, max_chunk=chunk), place, prompt) for _ in "12")
    return found


def _arrive(engine: Engine, place: Place, n_prompt: int) -> Arrival:
    """Measure from the moment when every stream has two tokens to the newcomer's first token."""
    scale, vocab_size = place.scale, engine.tokenizer.vocab_size
    for number, ids in enumerate(random_prompts(scale.streams, scale.prompt // 2, vocab_size, 0)):
        engine.add(Request(str(number), ids, SamplingParams(scale.answer, temperature=0.0)))
    times: dict[str, list[float]] = {str(number): [] for number in range(scale.streams)}

    def step() -> None:
        events, now = engine.step(), time.perf_counter()
        for event in events:
            if event.error is not None:
                raise RuntimeError(event.error)
            times[event.request_id].append(now)

    while min(map(len, times.values())) < 2:
        step()
    begun, times["newcomer"] = time.perf_counter(), []
    engine.add(Request("newcomer", random_prompts(1, n_prompt, vocab_size, 1)[0], SamplingParams(1, temperature=0.0)))
    while not times["newcomer"]:
        step()
    first_token_s = times.pop("newcomer")[0] - begun
    gaps = [later - earlier for one in times.values() for earlier, later in pairwise(one) if later > begun]
    for request_id in engine.request_ids:
        engine.abort(request_id)
    return Arrival(scale.streams, n_prompt, first_token_s, median(gaps) * 1e3, max(gaps) * 1e3)


def preparation(place: Place, model: ServedModel) -> Preparation:
    """Measure what a server does before it is ready, for the largest number of concurrent requests."""
    scale = place.scale
    max_len = scale.request_prompt + scale.answer
    step_bytes = widest_step_bytes(model, scale.chunks[-1])
    cache = RingCache(
        model.config, n_slots=scale.concurrent[-1], max_len=max_len, dtype=scale.dtype, device=place.device
    )
    free = place.free_bytes()
    prepared = model.prepare(cache)
    if prepared is None:
        return Preparation(scale.chunks[-1], step_bytes, 0, 0, 0, 0.0, 0)
    graph_bytes = free - place.free_bytes()
    return Preparation(
        scale.chunks[-1],
        step_bytes,
        prepared.n_graphs,
        prepared.n_missing,
        prepared.n_rows,
        prepared.took_s,
        graph_bytes,
    )


def _cache(place: Place, model: ServedModel, n_slots: int, max_len: int) -> RingCache:
    cache = RingCache(model.config, n_slots=n_slots, max_len=max_len, dtype=place.scale.dtype, device=place.device)
    model.prepare(cache)
    return cache
