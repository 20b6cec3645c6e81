"""Measure how fast a model runs on this machine.

Random prompts go through the engine, as the server would run them. Sampling is greedy, and no token ends an answer.
Comparisons with other projects are in `bench/`.
"""

import copy
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from random import Random
from statistics import median

from inference.engine.engine import Engine, Model
from inference.engine.request import Request, SamplingParams
from inference.model.cache import RingCache
from inference.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Timing:
    """`prefill_s` until every sequence has its first token, then `decode_s` for `n_decoded` more, decoded together."""

    prefill_s: float
    decode_s: float
    n_decoded: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians over the rounds for `batch` concurrent sequences. Rates are for all sequences together."""

    batch: int
    prompt: int
    tokens: int
    prefill_tok_s: float
    first_token_ms: float
    decode_tok_s: float
    step_ms: float
    cache_mib: float


def endless(tokenizer: Tokenizer) -> Tokenizer:
    """Return a copy of the tokenizer in which no token ends an answer."""
    endless = copy.copy(tokenizer)
    endless.eos_id, endless.eos_ids = -1, frozenset()
    return endless


def random_prompts(n_prompts: int, n_tokens: int, vocab_size: int, seed: int) -> list[tuple[int, ...]]:
    """Return prompts of token ids from 3 on (without unknown, BOS and EOS), the same for the same seed."""
    rng = Random(seed)
    return [tuple(rng.randrange(3, vocab_size) for _ in range(n_tokens)) for _ in range(n_prompts)]


def measure(
    model: Model, cache: RingCache, tokenizer: Tokenizer, *, max_chunk: int, prompt: int, tokens: int, rounds: int = 3
) -> Figures:
    """Time as many sequences at once as `cache` has slots, after a short warm-up. Prompts are read in chunks of
    `max_chunk` tokens.
    """
    batch = cache.n_slots

    def timed(n_prompt: int, n_tokens: int, seed: int) -> Timing:
        engine = Engine(model, cache, endless(tokenizer), max_len=cache.max_len, max_chunk=max_chunk)
        return time_answers(engine, random_prompts(batch, n_prompt, tokenizer.vocab_size, seed), n_tokens)

    timed(min(prompt, 64), 2, rounds)
    timings = [timed(prompt, tokens, seed) for seed in range(rounds)]
    prefill_s = median(timing.prefill_s for timing in timings)
    decode_tok_s = median(timing.n_decoded / timing.decode_s for timing in timings)
    return Figures(
        batch,
        prompt,
        tokens,
        batch * prompt / prefill_s,
        prefill_s * 1e3,
        decode_tok_s,
        batch / decode_tok_s * 1e3,
        cache.n_bytes / 2**20,
    )


def time_answers(engine: Engine, prompts: Sequence[tuple[int, ...]], new: int) -> Timing:
    """Run all prompts at once to `new` tokens each, at least 2. The engine's `max_len` must allow them.

    With several sequences, the engine decodes the first while it still reads the last. To time the two apart, several
    prompts end after one token; then each continues, with any token, as the next turn of its cached conversation.
    """
    if new < 2:
        raise ValueError(f"{new} tokens to generate; at least 2 were expected, because the first is not decoded")
    if len(prompts) == 1:
        times = token_times(engine, prompts, new)[0]
        return Timing(times[0], times[-1] - times[0], new - 1)
    prefill_s = max(times[0] for times in token_times(engine, prompts, 1))
    several = token_times(engine, [(*prompt, prompt[0]) for prompt in prompts], new)
    start, end = max(times[0] for times in several), min(times[-1] for times in several)
    return Timing(prefill_s, end - start, sum(start < t <= end for times in several for t in times))


def token_times(engine: Engine, prompts: Sequence[tuple[int, ...]], new: int) -> list[list[float]]:
    """Return for each prompt the seconds from the start to each token. Raises RuntimeError when the model fails."""
    for number, prompt in enumerate(prompts):
        engine.add(Request(str(number), prompt, SamplingParams(new, temperature=0.0)))
    times: list[list[float]] = [[] for _ in prompts]
    begun = time.perf_counter()
    while engine.has_work:
        events = engine.step()
        now = time.perf_counter() - begun
        for event in events:
            if event.error is not None:
                raise RuntimeError(event.error)
            times[int(event.request_id)].append(now)
    return times


def table(figures: Iterable[Figures]) -> str:
    """Return aligned columns for a terminal, one row for each batch size."""
    lines = ["sequences  prompt   prefill tok/s  first token ms  decode tok/s  ms a token  cache MiB"]
    for row in figures:
        lines.append(
            f"{row.batch:9d}  {row.prompt:6d}  {row.prefill_tok_s:14.0f}  {row.first_token_ms:14.1f}"
            f"  {row.decode_tok_s:12.1f}  {row.step_ms:10.2f}  {row.cache_mib:9.1f}"
        )
    return "\n".join(lines)


def as_json(figures: Iterable[Figures]) -> list[dict[str, float]]:
    """Return the figures for one line of JSON, rounded to four significant digits."""
    return [
        {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in asdict(row).items()}
        for row in figures
    ]
