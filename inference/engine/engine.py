"""One model and its requests, advanced step by step.

Every step() schedules, runs the model once, samples, and returns events. Synchronous and deterministic: the same
requests, added between the same steps, give the same events. There are no threads, no clock and no HTTP here; the
worker has those. A failing request ends alone: if a step raises, its requests are run one by one, and only those that
raise again end with an error.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from inference.engine.generation import Generation
from inference.engine.metrics import EngineStats
from inference.engine.request import Event, Request, TokenLogprob, room
from inference.engine.sampling.bias import add_bias
from inference.engine.sampling.draw import sample
from inference.engine.sampling.logprobs import token_logprobs
from inference.engine.sampling.penalties import penalize
from inference.engine.scheduler import MAX_CHUNK, Scheduler, Work
from inference.engine.sharing.slot_quotas import SlotUse
from inference.engine.slots import Slots
from inference.model.cache import Chunk, RingCache
from inference.model.native.library import Backend
from inference.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

_NOT_FINITE = "the model failed: its logits are not finite"


class Model(Protocol):
    """Return the logits (B, V) after the last token of each chunk, or after every token."""

    def step(self, chunks: list[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor: ...


class Engine:
    """Continuous batching of one model.

    With `reuse`, a request takes over the keys of a cached conversation that began with the same tokens. Keys computed
    token by token differ in their last bits from keys computed in a chunk, and so do the logits after them: without
    `reuse` the logits of a request have the same bits whatever came before it. All backends write the same keys to the
    same places, except for last bits, so a request may take over the keys of another backend.
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
        improve: Callable[[RingCache], bool] | None = None,
    ) -> None:
        """`cache` must have been made for this model and this `max_len`, which bounds prompt and answer together.
        `budget` bounds the tokens of a step, as in `Scheduler`; `max_chunk` those of a chunk of a prompt (see
        `chunk_size`). `backend` returns the decode backend for a request that begins now, which keeps it to its end;
        with None each step takes the model's current one. `improve` is for `use_quiet_moment`.
        """
        self.tokenizer, self.max_len = tokenizer, max_len
        self._model, self._cache, self._backend, self._improve = model, cache, backend, improve
        self._slots = Slots(cache.n_slots, n_rewindable=cache.n_rewindable if reuse else None)
        self._quota, self._slot_bytes = cache.n_slots, cache.n_bytes // cache.n_slots
        self._scheduler = Scheduler(self._slots, max_chunk=max_chunk, budget=budget)
        self._generations: dict[str, Generation] = {}
        self._n_prompt = self._n_reused = self._n_output = 0
        self._ended: Counter[str] = Counter()

    @property
    def n_slots(self) -> int:
        return self._slots.n_slots

    @property
    def backend(self) -> Backend | None:
        """The decode backend of a request that begins now. Any thread may read it."""
        return None if self._backend is None else self._backend()

    @property
    def has_work(self) -> bool:
        return bool(self._generations)

    @property
    def is_prefilling(self) -> bool:
        """Whether the next step may contain a chunk of a prompt."""
        return self._scheduler.is_prefilling

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
        """Requests that have not ended, in order of arrival."""
        return list(self._generations)

    def add(self, request: Request) -> None:
        """Queue a request. Raises ValueError for an empty prompt, an unknown token id in it or in its logit_bias or a
        request id in use, and ContextLengthError where prompt and max_tokens do not fit into `max_len`.
        """
        if request.request_id in self._generations:
            raise ValueError(f"request {request.request_id} is already running")
        check_prompt(request.prompt, self.tokenizer)
        for token_id, _ in request.params.logit_bias:
            if not 0 <= token_id < self.tokenizer.vocab_size:
                raise ValueError(
                    f"logit_bias names token {token_id}; an id from 0 to {self.tokenizer.vocab_size - 1} was expected"
                )
        room(len(request.prompt), request.params.max_tokens, self.max_len)
        if request.backend is None:
            request = replace(request, backend=self.backend)
        generation = Generation.start(request, self.tokenizer)
        self._generations[request.request_id] = generation
        self._scheduler.add(generation.state)

    def abort(self, request_id: str) -> None:
        """End a request at once, without an event, and free its slot. Does nothing if it has ended."""
        if request_id in self._generations:
            self._leave(request_id, "aborted")

    def fail(self, error: str) -> list[Event]:
        """End all requests with this error. No later request takes over their keys."""
        return [self._fail(self._generations[request_id], error) for request_id in self.request_ids]

    @property
    def slot_use(self) -> SlotUse:
        """The slots that this model has and needs."""
        scheduler = self._scheduler
        return SlotUse(self._slot_bytes, self._quota, self.n_slots, scheduler.n_running, scheduler.n_waiting)

    @property
    def can_resize(self) -> bool:
        """False on a GPU, where captured graphs keep the addresses of the slots."""
        return self._cache.rings[0].device.type == "cpu"

    def resize(self, n_slots: int) -> None:
        """Change the number of slots from the next step on. Raises ValueError for fewer than the running requests."""
        self._cache.resize(self._scheduler.resize(n_slots), n_slots)

    def use_quiet_moment(self) -> bool:
        """While no request runs, prepare something for later steps, in the time of a few. False: nothing is left."""
        return self._improve is not None and not self.has_work and self._improve(self._cache)

    @torch.inference_mode()
    def step(self, *, prefills: bool = True) -> list[Event]:
        """Run the model once. Return this step's events: none while it only reads prompts, or when there is no work.

        Without `prefills` only answers advance, and prompts wait.
        """
        for state in self._scheduler.admit():
            assert state.slot is not None
            self._cache.rewind(state.slot, state.n_cached)
            self._n_prompt += len(state.request.prompt)
            self._n_reused += state.n_reused
        plan = self._scheduler.plan(prefills=prefills)
        if not plan:
            return []
        every_token = any(_has_prompt_logprobs(work) for work in plan)
        done, logits, events = self._forward(plan, every_token=every_token)
        self._scheduler.advance(done)
        if every_token:
            logits, failures = self._read_prompt_logprobs(done, logits)
            events += failures
        due = {row: self._generation(work) for row, work in enumerate(done) if self._is_due(work)}
        return events + self._sample(logits, due)

    def _forward(self, plan: list[Work], *, every_token: bool) -> tuple[list[Work], Tensor, list[Event]]:
        """Return the work that succeeded, its logits, and end events for the work that failed."""
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
                logger.exception("request %s failed", work.state.request.request_id)
                events.append(self._fail(self._generation(work), f"the model failed: {type(error).__name__}"))
        return done, torch.cat(logits) if logits else torch.empty(0, self.tokenizer.vocab_size), events

    def _run_again(self, work: Work, *, every_token: bool) -> Tensor:
        """Run one request after a step that may have stopped half-way, with the keys of some layers written.

        Writing a single token's keys twice is harmless. A longer chunk may have overwritten keys that it must still
        see, so its prompt is read again from the start, in the same chunks.
        """
        if work.n > 1:
            assert work.state.slot is not None
            self._cache.reset(work.state.slot)
            for start in range(0, work.start, self._scheduler.max_chunk):
                n = min(self._scheduler.max_chunk, work.start - start)
                self._run([replace(work, start=start, n=n)], every_token=False)
        return self._run([work], every_token=every_token)

    def _run(self, plan: list[Work], *, every_token: bool) -> Tensor:
        """Return logits over the tokenizer's vocabulary, for the last token of each work or for every token."""
        chunks = []
        for work in plan:
            assert work.state.slot is not None
            by_torch = work.state.request.backend == "torch"
            chunks.append(Chunk(work.state.slot, work.start, work.state.tokens(work.start, work.n), by_torch))
        return self._model.step(chunks, self._cache, every_token=every_token)[:, : self.tokenizer.vocab_size]

    def _generation(self, work: Work) -> Generation:
        return self._generations[work.state.request.request_id]

    def _is_due(self, work: Work) -> bool:
        """Whether a token, or the end, follows from this work."""
        return work.is_last and work.state.request.request_id in self._generations

    def _read_prompt_logprobs(self, done: list[Work], logits: Tensor) -> tuple[Tensor, list[Event]]:
        """Record the log-probabilities of prompt tokens. Return the logits of each work's last token, and end events
        for prompts whose log-probabilities are not finite.
        """
        events, last, stop = [], [], 0
        for work in done:
            rows = logits[stop : stop + work.n]
            stop += work.n
            last.append(stop - 1)
            following = work.state.request.prompt[work.start + 1 : work.start + work.n + 1]
            if not _has_prompt_logprobs(work):
                continue
            n_top = work.state.request.params.prompt_logprobs or 0
            logprobs = token_logprobs(rows[: len(following)], following, [n_top] * len(following)) if following else []
            if None in logprobs:
                events.append(self._fail(self._generation(work), _NOT_FINITE))
            else:
                self._generation(work).add_prompt_logprobs(logprobs)
        return logits[last], events

    def _sample(self, logits: Tensor, due: Mapping[int, Generation]) -> list[Event]:
        """Draw the next token of each generation from its row of the logits, and return the events."""
        events, drawn = [], {}
        for row, generation in due.items():
            if generation.state.request.params.max_tokens == 0:
                events.append(self._follow(generation.end_after_prompt()))
            else:
                drawn[row] = generation
        if not drawn:
            return events
        generations = list(drawn.values())
        logits = logits if len(drawn) == len(logits) else logits[list(drawn)]
        draws = [generation.draw() for generation in generations]
        biased = add_bias(logits, [generation.bias for generation in generations])
        tokens = sample(penalize(biased, [generation.seen for generation in generations]), draws)
        logprobs = self._logprobs(logits, generations, tokens)
        for generation, token in zip(generations, tokens, strict=True):
            events.append(self._take(generation, token, logprobs.get(generation)))
        return events

    @staticmethod
    def _logprobs(
        logits: Tensor, generations: list[Generation], tokens: list[int | None]
    ) -> dict[Generation, TokenLogprob | None]:
        """Return log-probabilities of the sampled tokens, for the generations that ask for them."""
        asked = {
            row: generation.state.request.params.n_logprobs
            for row, generation in enumerate(generations)
            if generation.state.request.params.n_logprobs is not None and tokens[row] is not None
        }
        if not asked:
            return {}
        logprobs = token_logprobs(logits[list(asked)], [tokens[row] or 0 for row in asked], list(asked.values()))
        return {generations[row]: logprob for row, logprob in zip(asked, logprobs, strict=True)}

    def _take(self, generation: Generation, token: int | None, logprob: TokenLogprob | None) -> Event:
        if token is None:
            return self._fail(generation, _NOT_FINITE)
        self._n_output += 1
        try:
            return self._follow(generation.take(token, logprob))
        except Exception as error:
            logger.exception("request %s failed", generation.state.request.request_id)
            return self._fail(generation, f"decoding the answer's text failed: {type(error).__name__}")

    def _follow(self, event: Event) -> Event:
        """Free the slot of a request that this event ends."""
        if event.finish_reason is not None:
            self._leave(event.request_id, event.finish_reason)
        return event

    def _fail(self, generation: Generation, error: str) -> Event:
        logger.error("request %s: %s", generation.state.request.request_id, error)
        self._leave(generation.state.request.request_id, "error")
        return generation.fail(error)

    def _leave(self, request_id: str, reason: str) -> None:
        """Forget a request. After an error its slot is cleared."""
        state, is_sound = self._generations.pop(request_id).state, reason != "error"
        if state.slot is not None and not is_sound:
            self._cache.reset(state.slot)
        self._scheduler.remove(state, is_sound=is_sound)
        self._ended[reason] += 1


def _has_prompt_logprobs(work: Work) -> bool:
    params = work.state.request.params
    return params.prompt_logprobs is not None and work.start < len(work.state.request.prompt)


def check_prompt(prompt: tuple[int, ...], tokenizer: Tokenizer) -> None:
    """Raise ValueError for a prompt without tokens, or with a token id that the tokenizer does not have."""
    if not prompt:
        raise ValueError("the prompt has no tokens; at least one was expected")
    for position, token_id in enumerate(prompt):
        if not 0 <= token_id < tokenizer.vocab_size:
            raise ValueError(f"token {position} is {token_id}; an id from 0 to {tokenizer.vocab_size - 1} was expected")
