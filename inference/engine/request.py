"""One request: what it asks for, where it stands, and the events that tell what became of it.

A `Request` is what a caller hands in and never changes. A `Sequence` is the engine's own record of its progress.
Nothing here imports torch, so that the scheduler can be tested with nothing but integers.
"""

from dataclasses import dataclass, field
from typing import Literal

FinishReason = Literal["stop", "length", "error"]


class ContextLengthError(ValueError):
    """A prompt and the tokens asked for do not fit into the model's context; the message has the numbers."""


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How the tokens of one answer are drawn and when it ends.

    temperature 0 is greedy; top_p keeps the smallest set of tokens that holds that much probability. The same seed
    gives the same draws, whoever else is running. `stop` strings end the answer and are not part of it.
    """

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens is {self.max_tokens}; at least 1 was expected")
        if not 0 <= self.temperature <= 2:
            raise ValueError(f"temperature is {self.temperature}; a number from 0 to 2 was expected")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p}; a number above 0 and up to 1 was expected")
        if not all(self.stop):
            raise ValueError("stop holds an empty string; strings of at least one character were expected")


@dataclass(frozen=True, slots=True)
class Request:
    """Token ids to continue. `continues_text` is set where the answer goes on in the middle of the prompt's text."""

    request_id: str
    prompt: tuple[int, ...]
    params: SamplingParams
    continues_text: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """What one step did for one request: text that may be shown now, and the reason if it ended.

    `n_output` counts the tokens sampled so far, the end-of-sequence token included. `error` is set with reason "error".
    """

    request_id: str
    text: str
    n_output: int
    finish_reason: FinishReason | None = None
    error: str | None = None


@dataclass(slots=True, eq=False)
class Sequence:
    """A request on its way: which slot it holds, how many of its tokens are in the cache, what was sampled."""

    request: Request
    slot: int | None = None
    n_cached: int = 0
    output: list[int] = field(default_factory=list)

    @property
    def n_due(self) -> int:
        """Tokens that are known but not yet in the cache."""
        return len(self.request.prompt) + len(self.output) - self.n_cached

    @property
    def is_decoding(self) -> bool:
        """Whether the prompt is in the cache, so that each step adds one token."""
        return self.n_cached >= len(self.request.prompt)

    def tokens(self, start: int, n: int) -> tuple[int, ...]:
        """Tokens at positions start .. start + n - 1 of prompt and output."""
        n_prompt = len(self.request.prompt)
        if start >= n_prompt:
            return tuple(self.output[start - n_prompt : start - n_prompt + n])
        return (*self.request.prompt[start : start + n], *self.output[: max(0, start + n - n_prompt)])


def room(n_prompt: int, max_tokens: int | None, max_len: int) -> int:
    """How many tokens an answer may have: `max_tokens`, or what the context leaves where none are asked for.

    `max_len` bounds prompt and answer together. Nothing is cut in silence: ContextLengthError where they do not fit.
    """
    left = max_len - n_prompt
    if left < 1:
        raise ContextLengthError(
            f"this model's context holds {max_len} tokens and the prompt has {n_prompt}, which leaves none to answer; "
            "shorten the prompt"
        )
    if max_tokens is not None and max_tokens > left:
        raise ContextLengthError(
            f"this model's context holds {max_len} tokens; the prompt has {n_prompt} and max_tokens asks for "
            f"{max_tokens}: shorten the prompt or ask for at most {left}"
        )
    return left if max_tokens is None else max_tokens
