"""The engine at work: one answer, one long prompt, and many requests at once."""

import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench.gpu.ceilings import Ceilings
from bench.gpu.place import Place
from bench.models.costs import prompt_operations, step_bytes
from bench.models.layouts import tokenizer_model
from inference.bench import endless, random_prompts, time_answers, token_times
from inference.engine.engine import Engine
from inference.model.cache import RingCache, bytes_per_slot
from inference.model.config import ModelConfig
from inference.model.transformer import Transformer
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import Tokenizer

_SHORT_LEN = 2048  # tokens of a slot where slots of the whole window do not fit
_KEEP_FREE = 0.9  # share of the free memory that caches may take; activations need the rest


@dataclass(frozen=True, slots=True)
class Decoding:
    """One sequence after `prompt` tokens. `share` of the rate at which a step's weights and cache can be copied; `way`
    is how single tokens were decoded."""

    way: str
    prompt: int
    tok_s: float
    step_bytes: int
    share: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One prompt read in pieces of `chunk`. `share` of the matrix rate, counting the operations of products and
    attention."""

    prompt: int
    chunk: int
    tok_s: float
    share: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """`n` requests that come at once. `output_tok_s` over the whole time, from the first arrival to the last token;
    `max_len` is the size of a slot in tokens."""

    n: int
    max_len: int
    output_tok_s: float
    first_token_p50_s: float
    gap_p50_ms: float


def tokenizer_for(vocab_size: int) -> Tokenizer:
    """A tokenizer of that size whose answers never end."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tokenizer.model").write_bytes(tokenizer_model(vocab_size))
        return endless(open_tokenizer(Path(folder)))


def decode_alone(place: Place, model: Transformer, tokenizer: Tokenizer, ceilings: Ceilings) -> list[Decoding]:
    """After a short prompt, and after one that fills the window."""
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
        found.append(Decoding(model.way_of_decoding, prompt, tok_s, n_bytes, n_bytes * tok_s / ceilings.copy_bytes_s))
    return found


def read_prompts(place: Place, model: Transformer, tokenizer: Tokenizer, ceilings: Ceilings) -> list[Reading]:
    """A prompt as long as the window, in pieces of several sizes."""
    config = model.config
    prompt = config.window(0) or place.scale.prompt
    found = []
    for chunk in place.scale.chunks:
        cache = _cache(place, config, 1, prompt + 1)
        engine = Engine(model, cache, tokenizer, max_len=prompt + 1, max_chunk=chunk, reuse=False)
        seconds = [token_times(engine, random_prompts(1, prompt, tokenizer.vocab_size, i), 1)[0][0] for i in range(4)]
        tok_s = prompt / median(seconds[1:])  # the first warms up
        operations = prompt_operations(config, prompt)
        found.append(Reading(prompt, chunk, tok_s, operations / prompt * tok_s / ceilings.matrix_flop_s))
    return found


def crowds(place: Place, model: Transformer, tokenizer: Tokenizer, chunk: int) -> list[Crowd]:
    """So many requests at once as the scale says, each with its own prompt."""
    return [_crowd(place, model, tokenizer, n, chunk) for n in place.scale.concurrent]


def _crowd(place: Place, model: Transformer, tokenizer: Tokenizer, n: int, chunk: int) -> Crowd:
    scale = place.scale
    needed = scale.request_prompt + scale.answer
    longest = max(needed, model.config.window(0) or needed)
    fits = n * bytes_per_slot(model.config, max_len=longest, dtype=scale.dtype) <= _KEEP_FREE * place.free_bytes()
    max_len = longest if fits else max(needed, _SHORT_LEN)
    cache = _cache(place, model.config, n, max_len)
    engine = Engine(model, cache, tokenizer, max_len=max_len, max_chunk=chunk, reuse=False)
    _, times = (  # the first warms up: there is a graph for each number of rows and keys
        token_times(engine, random_prompts(n, scale.request_prompt, tokenizer.vocab_size, seed), scale.answer)
        for seed in (0, 1)
    )
    whole_s = max(one[-1] for one in times)
    gaps = [later - earlier for one in times for earlier, later in pairwise(one)]
    return Crowd(n, max_len, n * scale.answer / whole_s, median(one[0] for one in times), median(gaps) * 1e3)


def _cache(place: Place, config: ModelConfig, n_slots: int, max_len: int) -> RingCache:
    return RingCache(config, n_slots=n_slots, max_len=max_len, dtype=place.scale.dtype, device=place.device)
