"""One model and its requests: every step() schedules, runs the model once, samples and tells what came of it.

Synchronous and deterministic: the same requests, added between the same steps, give the same events. It knows no
threads, no clock and no HTTP; the worker does. A request that fails ends alone: if a step raises, its parts are run one
by one, and only those that raise again end with an error.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from inference.engine.generation import Answer
from inference.engine.metrics import EngineStats
from inference.engine.request import Event, Request, TokenLogprob, room
from inference.engine.sampling.draw import sample
from inference.engine.sampling.logprobs import token_logprobs
from inference.engine.sampling.penalties import penalize
from inference.engine.scheduler import Scheduler, Work
from inference.engine.sharing.slot_quotas import Holding
from inference.engine.slots import Slots
from inference.model.cache import Chunk, RingCache
from inference.model.native.library import Backend
from inference.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

MAX_CHUNK = 256  # prompt tokens in one step: others wait that long for their next token
_SMALL_MODEL, _SMALL_MODELS_CHUNK = 50_000_000, 512  # parameters, and tokens: of 15M, such a piece takes 30 ms

_NOT_FINITE = "the model failed: its logits are not finite"


def chunk_size(budget: int | None, *, n_parameters: int) -> int:
    """The pieces in which prompts are read when a step may have `budget` tokens: half of them.

    Without a budget MAX_CHUNK, and twice that for small models: they read larger pieces faster, and nobody waits long.
    """
    if budget is not None:
        return max(1, budget // 2)
    return _SMALL_MODELS_CHUNK if n_parameters < _SMALL_MODEL else MAX_CHUNK


class Model(Protocol):
    """What the engine asks of a model: the logits (B, V) after the last token of each chunk, or after every one."""

    def step(self, chunks: list[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor: ...


class Engine:
    """Continuous batching of one model. `max_len` bounds the tokens of a request, prompt and answer together.

    With `reuse`, a request whose prompt begins as an earlier one's text did takes over its keys. Those that were
    computed token by token differ from those of a prompt in their last bits, and so do the logits after them: without
    `reuse` the logits of a request are the same bits whatever came before it. All backends write the same keys in the
    same places, but for last bits, so that a request may take over what another backend has computed.
    """

    def __init__(
        self,
        model: Model,
        cache: RingCache,
        tokenizer: Tokenizer,
        *,
        max_len: int,
        max_chunk: int = MAX_CHUNK,
        budget: int | None = None,
        reuse: bool = True,
        backend: Callable[[], Backend] | None = None,
    ) -> None:
        """`cache` holds the slots; it must have been made for this model and this `max_len`. `budget` bounds the tokens
        of a step, as in `Scheduler`; prompts are read in pieces of `max_chunk` tokens (see `chunk_size`). `backend`
        returns the one for a request that begins now, which keeps it; None: each step takes what the model has.
        """
        self.tokenizer, self.max_len = tokenizer, max_len
        self._model, self._cache, self._backend = model, cache, backend
        self._slots = Slots(cache.n_slots, n_rewindable=cache.n_rewindable if reuse else None)
        self._share, self._slot_bytes = cache.n_slots, cache.n_bytes // cache.n_slots
        self._scheduler = Scheduler(self._slots, max_chunk=max_chunk, budget=budget)
        self._answers: dict[str, Answer] = {}
        self._n_prompt = self._n_reused = self._n_output = 0
        self._ended: Counter[str] = Counter()

    @property
    def n_slots(self) -> int:
        return self._slots.n_slots

    @property
    def backend(self) -> Backend | None:
        """That of a request that begins now. May be asked by any thread."""
        return None if self._backend is None else self._backend()

    @property
    def has_work(self) -> bool:
        return bool(self._answers)

    @property
    def is_reading(self) -> bool:
        """Whether the next step may read a piece of a prompt."""
        return self._scheduler.is_reading

    @property
    def is_streaming(self) -> bool:
        """Whether an answer waits for its next token."""
        return self._scheduler.n_decoding > 0

    @property
    def stats(self) -> EngineStats:
        return EngineStats(
            self._scheduler.n_running,
            self._scheduler.n_waiting,
            self._slots.n_slots,
            self._slots.n_free,
            self._slots.n_slots * self._slot_bytes,
            self._n_prompt,
            self._n_reused,
            self._n_output,
            dict(self._ended),
        )

    @property
    def request_ids(self) -> list[str]:
        """Those that have not ended, in order of arrival."""
        return list(self._answers)

    def add(self, request: Request) -> None:
        """Queue a request. ValueError for a prompt that is empty or has unknown ids, and for an id that is taken.

        Raises ContextLengthError where prompt and max_tokens do not fit into `max_len`.
        """
        if request.request_id in self._answers:
            raise ValueError(f"request {request.request_id} is running already")
        check_prompt(request.prompt, self.tokenizer)
        room(len(request.prompt), request.params.max_tokens, self.max_len)
        if request.backend is None:
            request = replace(request, backend=self.backend)
        answer = Answer.to(request, self.tokenizer)
        self._answers[request.request_id] = answer
        self._scheduler.add(answer.progress)

    def abort(self, request_id: str) -> None:
        """End a request at once, without an event; its slot is free in the next step. Nothing happens if it has
        ended.
        """
        if request_id in self._answers:
            self._leave(request_id, "aborted")

    def fail(self, error: str) -> list[Event]:
        """End all requests with this error. Nothing that their slots hold is used again."""
        return [self._fail(self._answers[request_id], error) for request_id in self.request_ids]

    @property
    def holding(self) -> Holding:
        """What it has of the memory that models share, and what it needs."""
        scheduler = self._scheduler
        return Holding(self._slot_bytes, self._share, self.n_slots, scheduler.n_running, scheduler.n_waiting)

    @property
    def can_resize(self) -> bool:
        """Not on a GPU: what is captured there keeps the addresses of the slots."""
        return self._cache.rings[0].device.type == "cpu"

    def resize(self, n_slots: int) -> None:
        """Have more or fewer slots from the next step on. ValueError for fewer than there are requests running."""
        self._cache.resize(self._scheduler.resize(n_slots), n_slots)

    @torch.inference_mode()
    def step(self, *, reads: bool = True) -> list[Event]:
        """Run the model once; the events of this step, none while prompts are being read or nothing is to do.

        Without `reads` answers go on alone, and prompts wait.
        """
        for sequence in self._scheduler.admit():
            assert sequence.slot is not None
            self._cache.rewind(sequence.slot, sequence.n_cached)
            self._n_prompt += len(sequence.request.prompt)
            self._n_reused += sequence.n_reused
        plan = self._scheduler.plan(reads=reads)
        if not plan:
            return []
        every_token = any(_has_prompt_logprobs(work) for work in plan)
        done, logits, events = self._forward(plan, every_token=every_token)
        self._scheduler.advance(done)
        if every_token:
            logits, told = self._read(done, logits)
            events += told
        due = {row: self._answer(work) for row, work in enumerate(done) if self._is_due(work)}
        return events + self._sample(logits, due)

    def _forward(self, plan: list[Work], *, every_token: bool) -> tuple[list[Work], Tensor, list[Event]]:
        """What could be computed and its logits, as `_run` gives them, and the end events of the rest."""
        try:
            return plan, self._run(plan, every_token=every_token), []
        except Exception:
            logger.exception("a step of %d requests failed; running them one by one", len(plan))
        done, logits, events = [], [], []
        for work in plan:
            try:
                logits.append(self._run_again(work, every_token=every_token))
                done.append(work)
            except Exception as error:
                logger.exception("request %s failed", work.sequence.request.request_id)
                events.append(self._fail(self._answer(work), f"the model failed: {type(error).__name__}"))
        return done, torch.cat(logits) if logits else torch.empty(0, self.tokenizer.vocab_size), events

    def _run_again(self, work: Work, *, every_token: bool) -> Tensor:
        """Logits of one work after a step that may have been broken off half-way, with some layers' keys written.

        A single token's keys may be written twice. A longer chunk's may have overwritten keys that it has to see, so
        its prompt is read again from the start, in the same chunks.
        """
        if work.n > 1:
            assert work.sequence.slot is not None
            self._cache.reset(work.sequence.slot)
            for start in range(0, work.start, self._scheduler.max_chunk):
                n = min(self._scheduler.max_chunk, work.start - start)
                self._run([replace(work, start=start, n=n)], every_token=False)
        return self._run([work], every_token=every_token)

    def _run(self, plan: list[Work], *, every_token: bool) -> Tensor:
        """Logits within the tokenizer's vocabulary, of the last token of each work or of every token of each."""
        chunks = []
        for work in plan:
            assert work.sequence.slot is not None
            by_torch = work.sequence.request.backend == "torch"
            chunks.append(Chunk(work.sequence.slot, work.start, work.sequence.tokens(work.start, work.n), by_torch))
        return self._model.step(chunks, self._cache, every_token=every_token)[:, : self.tokenizer.vocab_size]

    def _answer(self, work: Work) -> Answer:
        return self._answers[work.sequence.request.request_id]

    def _is_due(self, work: Work) -> bool:
        """Whether a token, or the end, follows from this work."""
        return work.is_last and work.sequence.request.request_id in self._answers

    def _read(self, done: list[Work], logits: Tensor) -> tuple[Tensor, list[Event]]:
        """Note the log-probabilities of prompts. The logits of each work's last token, and the end events of those
        whose prompt has no log-probabilities.
        """
        events, last, stop = [], [], 0
        for work in done:
            rows = logits[stop : stop + work.n]
            stop += work.n
            last.append(stop - 1)
            following = work.sequence.request.prompt[work.start + 1 : work.start + work.n + 1]
            if not _has_prompt_logprobs(work):
                continue
            n_top = work.sequence.request.params.prompt_logprobs or 0
            logprobs = token_logprobs(rows[: len(following)], following, [n_top] * len(following)) if following else []
            if None in logprobs:
                events.append(self._fail(self._answer(work), _NOT_FINITE))
            else:
                self._answer(work).read(logprobs)
        return logits[last], events

    def _sample(self, logits: Tensor, due: Mapping[int, Answer]) -> list[Event]:
        """Draw the next token of answers from their rows of the logits; what that makes of the answers."""
        events, drawn = [], {}
        for row, answer in due.items():
            if answer.progress.request.params.max_tokens == 0:
                events.append(self._follow(answer, answer.end_after_prompt()))
            else:
                drawn[row] = answer
        if not drawn:
            return events
        answers = list(drawn.values())
        logits = logits if len(drawn) == len(logits) else logits[list(drawn)]
        tokens = sample(penalize(logits, [answer.seen for answer in answers]), [answer.row() for answer in answers])
        logprobs = self._logprobs(logits, answers, tokens)
        for answer, token in zip(answers, tokens, strict=True):
            events.append(self._take(answer, token, logprobs.get(answer)))
        return events

    @staticmethod
    def _logprobs(logits: Tensor, answers: list[Answer], tokens: list[int | None]) -> dict[Answer, TokenLogprob | None]:
        """Of the tokens of those answers that ask for them."""
        asked = {
            row: params.n_logprobs
            for row, params in enumerate(answer.progress.request.params for answer in answers)
            if params.n_logprobs is not None and tokens[row] is not None
        }
        if not asked:
            return {}
        logprobs = token_logprobs(logits[list(asked)], [tokens[row] or 0 for row in asked], list(asked.values()))
        return {answers[row]: logprob for row, logprob in zip(asked, logprobs, strict=True)}

    def _take(self, answer: Answer, token: int | None, logprob: TokenLogprob | None) -> Event:
        if token is None:
            return self._fail(answer, _NOT_FINITE)
        self._n_output += 1
        try:
            return self._follow(answer, answer.take(token, logprob))
        except Exception as error:
            logger.exception("request %s failed", answer.progress.request.request_id)
            return self._fail(answer, f"the answer could not be written: {type(error).__name__}")

    def _follow(self, answer: Answer, event: Event) -> Event:
        """Free the slot of an answer that this event ends."""
        if event.finish_reason is not None:
            self._leave(event.request_id, event.finish_reason)
        return event

    def _fail(self, answer: Answer, error: str) -> Event:
        logger.error("request %s: %s", answer.progress.request.request_id, error)
        self._leave(answer.progress.request.request_id, "error")
        return answer.fail(error)

    def _leave(self, request_id: str, reason: str) -> None:
        """Forget a request. A broken one leaves nothing in its slot."""
        progress, is_sound = self._answers.pop(request_id).progress, reason != "error"
        if progress.slot is not None and not is_sound:
            self._cache.reset(progress.slot)
        self._scheduler.remove(progress, is_sound=is_sound)
        self._ended[reason] += 1


def _has_prompt_logprobs(work: Work) -> bool:
    params = work.sequence.request.params
    return params.prompt_logprobs is not None and work.start < len(work.sequence.request.prompt)


def check_prompt(prompt: tuple[int, ...], tokenizer: Tokenizer) -> None:
    """ValueError for a prompt without tokens, or with one that the tokenizer does not have."""
    if not prompt:
        raise ValueError("the prompt has no tokens; at least one was expected")
    for position, token_id in enumerate(prompt):
        if not 0 <= token_id < tokenizer.vocab_size:
            raise ValueError(f"token {position} is {token_id}; an id from 0 to {tokenizer.vocab_size - 1} was expected")
