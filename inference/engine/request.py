"""One request, its state and its events.

A caller makes a `Request`, which never changes. The engine keeps a `RequestState` for each. Nothing here imports torch,
so tests of the scheduler need only integers.
"""

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Literal

from inference.model.native.library import Backend

FinishReason = Literal["stop", "length", "error"]

MAX_LOGPROBS = 20  # likeliest tokens that a request may ask for at each position, as in OpenAI's API
MAX_LOGIT_BIAS = 100  # in either direction, as in OpenAI's API


class ContextLengthError(ValueError):
    """The prompt and the tokens asked for do not fit into the model's context. The message has the numbers."""


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How the tokens of one answer are drawn and when it ends.

    The steps, in order (vLLM's):
    1. `logit_bias` (pairs of a token id and a number) is added to the logits of its tokens. As in OpenAI's API, -100
       forbids a token in practice, and 100 all others.
    2. `repetition_penalty` changes the logits of tokens in prompt or output: it divides positive ones and multiplies
       others (CTRL, arXiv:1909.05858, section 4.1).
    3. `presence_penalty` is subtracted once from the logit of each token in the output, and `frequency_penalty` once
       for each time the token occurs there.
    4. `temperature` divides the logits; 0 is greedy.
    5. `top_k` keeps that many of the likeliest tokens (0: all), `top_p` the smallest set of those with that much of
       their probability, and `min_p` those of the set with at least that share of the likeliest token's probability.

    The same seed gives the same draws, whatever other requests run. `stop` strings end the answer and are not part of
    it. `n_logprobs` asks for the log-probability of each sampled token and of that many of the likeliest tokens at its
    position; `prompt_logprobs` asks the same for the prompt; None asks for none. With `prompt_logprobs`, max_tokens may
    be 0: the prompt is read and nothing is sampled.
    """

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: tuple[tuple[int, float], ...] = ()
    n_logprobs: int | None = None
    prompt_logprobs: int | None = None

    def __post_init__(self) -> None:
        least = 1 if self.prompt_logprobs is None else 0
        if self.max_tokens < least:
            raise ValueError(f"max_tokens is {self.max_tokens}; at least {least} was expected")
        if not 0 <= self.temperature <= 2:
            raise ValueError(f"temperature is {self.temperature}; a number from 0 to 2 was expected")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p}; a number above 0 and up to 1 was expected")
        if self.top_k < 0:
            raise ValueError(f"top_k is {self.top_k}; at least 0 was expected (0: no cut)")
        if not 0 <= self.min_p <= 1:
            raise ValueError(f"min_p is {self.min_p}; a number from 0 to 1 was expected")
        if not (isfinite(self.repetition_penalty) and self.repetition_penalty > 0):
            raise ValueError(f"repetition_penalty is {self.repetition_penalty}; a number above 0 was expected")
        for name, penalty in (("presence", self.presence_penalty), ("frequency", self.frequency_penalty)):
            if not -2 <= penalty <= 2:
                raise ValueError(f"{name}_penalty is {penalty}; a number from -2 to 2 was expected")
        for token_id, bias in self.logit_bias:
            if not -MAX_LOGIT_BIAS <= bias <= MAX_LOGIT_BIAS:
                raise ValueError(
                    f"logit_bias of token {token_id} is {bias}; a number from -{MAX_LOGIT_BIAS} to {MAX_LOGIT_BIAS} "
                    "was expected"
                )
        if len(dict(self.logit_bias)) < len(self.logit_bias):
            raise ValueError("logit_bias names a token twice; once was expected")
        for name, n in (("n_logprobs", self.n_logprobs), ("prompt_logprobs", self.prompt_logprobs)):
            if n is not None and not 0 <= n <= MAX_LOGPROBS:
                raise ValueError(f"{name} is {n}; from 0 to {MAX_LOGPROBS} were expected")
        if not all(self.stop):
            raise ValueError("stop has an empty string; strings of at least one character were expected")


@dataclass(frozen=True, slots=True)
class Request:
    """Token ids to continue. `continues_text`: the answer continues the prompt's text, so its first space is kept.

    `backend` is the decode backend from beginning to end. With None the engine sets it when the request is added.
    """

    request_id: str
    prompt: tuple[int, ...]
    params: SamplingParams
    continues_text: bool = False
    backend: Backend | None = None


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """Natural log of a token's probability under the softmax of the model's own logits, before the steps of
    `SamplingParams`.

    `top` lists (id, logprob) of the likeliest tokens at its position, likeliest first. It may lack the token itself.
    """

    token_id: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """The result of one step for one request: text that may be shown now, and the reason if the request ended.

    `n_output` counts the tokens sampled so far, the end-of-sequence token included. `error` is set with reason "error".
    `token_ids`, and `logprobs` if asked for, belong to the tokens sampled since the last event; the text that these
    complete may follow later, or never (a stop string). Only the first event has `prompt_logprobs`, None for the first
    token. `n_reused` tokens of the prompt were not computed, because a cached conversation had their keys.
    """

    request_id: str
    text: str
    n_output: int
    finish_reason: FinishReason | None = None
    error: str | None = None
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    prompt_logprobs: tuple[TokenLogprob | None, ...] | None = None
    n_reused: int = 0

    def after(self, unread: "Event | None") -> "Event":
        """Return this event merged with the unread one before it."""
        if unread is None:
            return self
        return replace(
            self,
            text=unread.text + self.text,
            token_ids=unread.token_ids + self.token_ids,
            logprobs=unread.logprobs + self.logprobs,
            prompt_logprobs=unread.prompt_logprobs or self.prompt_logprobs,
        )


@dataclass(slots=True, eq=False)
class RequestState:
    """A queued or running request: its slot, how many of its tokens are in the cache, and the tokens sampled.

    `n_reused` of the tokens were in the cache before it arrived.
    """

    request: Request
    slot: int | None = None
    n_cached: int = 0
    n_reused: int = 0
    output: list[int] = field(default_factory=list)

    @property
    def n_due(self) -> int:
        """Tokens that are known but not yet in the cache."""
        return len(self.request.prompt) + len(self.output) - self.n_cached

    def tokens(self, start: int, n: int) -> tuple[int, ...]:
        """Return the tokens at positions start .. start + n - 1 of prompt and output."""
        n_prompt = len(self.request.prompt)
        if start >= n_prompt:
            return tuple(self.output[start - n_prompt : start - n_prompt + n])
        return (*self.request.prompt[start : start + n], *self.output[: max(0, start + n - n_prompt)])


def room(n_prompt: int, max_tokens: int | None, max_len: int) -> int:
    """Return how many tokens an answer may have: `max_tokens`, or with None all that the context leaves.

    `max_len` bounds prompt and answer together. Raises ContextLengthError where they do not fit. Its numbers have no
    commas, because clients read them from the message.
    """
    left = max_len - n_prompt
    if max_tokens == 0 and left < 0:
        raise ContextLengthError(
            f"this model's maximum context length is {max_len} tokens and the prompt has {n_prompt}; shorten the prompt"
        )
    if max_tokens != 0 and left < 1:
        raise ContextLengthError(
            f"this model's maximum context length is {max_len} tokens and the prompt has {n_prompt}, which leaves "
            "none for an answer; shorten the prompt"
        )
    if max_tokens is not None and max_tokens > left:
        raise ContextLengthError(
            f"this model's maximum context length is {max_len} tokens; the prompt has {n_prompt} and max_tokens is "
            f"{max_tokens}: shorten the prompt or ask for at most {left}"
        )
    return left if max_tokens is None else max_tokens
