"""One model and its requests: every step() schedules, runs the model once, samples and tells what came of it.

Synchronous and deterministic: the same requests, added between the same steps, give the same events. It knows no
threads, no clock and no HTTP; the worker does. A request that fails ends alone: if a step raises, its parts are run one
by one, and only those that raise again end with an error.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from inference.engine.request import Event, FinishReason, Request, Sequence, room
from inference.engine.sampling import Row, sample, uniforms
from inference.engine.scheduler import Scheduler, Work
from inference.model.cache import Chunk, RingCache
from inference.text.stop_strings import StopStrings
from inference.text.tokenizer import StreamDecoder, Tokenizer

logger = logging.getLogger(__name__)

MAX_CHUNK = 256  # prompt tokens in one step: others wait that long for their next token


class Model(Protocol):
    """What the engine asks of a model: the logits (B, V) after the last token of each chunk."""

    def step(self, chunks: list[Chunk], cache: RingCache) -> Tensor: ...


@dataclass(slots=True, eq=False)
class _Answer:
    """The text side of one request: from sampled ids to what may be shown."""

    sequence: Sequence
    decoder: StreamDecoder
    stops: StopStrings
    uniforms: Iterator[float]


class Engine:
    """Continuous batching of one model. `max_len` bounds the tokens of a request, prompt and answer together."""

    def __init__(
        self, model: Model, cache: RingCache, tokenizer: Tokenizer, *, max_len: int, max_chunk: int = MAX_CHUNK
    ) -> None:
        """`cache` holds the slots; it must have been made for this model and this `max_len`."""
        self.tokenizer, self.max_len, self.n_slots = tokenizer, max_len, cache.n_slots
        self._model, self._cache = model, cache
        self._scheduler = Scheduler(n_slots=cache.n_slots, max_chunk=max_chunk)
        self._answers: dict[str, _Answer] = {}

    @property
    def has_work(self) -> bool:
        return bool(self._answers)

    @property
    def n_running(self) -> int:
        """Requests that hold a slot."""
        return self._scheduler.n_running

    def add(self, request: Request) -> None:
        """Queue a request. ValueError for a prompt that is empty or has unknown ids, and for an id that is taken.

        Raises ContextLengthError where prompt and max_tokens do not fit into `max_len`.
        """
        if request.request_id in self._answers:
            raise ValueError(f"request {request.request_id} is running already")
        check_prompt(request.prompt, self.tokenizer)
        room(len(request.prompt), request.params.max_tokens, self.max_len)
        sequence = Sequence(request)
        after = request.prompt if request.continues_text else ()
        self._answers[request.request_id] = _Answer(
            sequence,
            StreamDecoder(self.tokenizer, after=after),
            StopStrings(request.params.stop),
            uniforms(request.params.seed),
        )
        self._scheduler.add(sequence)

    def abort(self, request_id: str) -> None:
        """Forget a request and free its slot at once, without an event; nothing happens if it has ended."""
        answer = self._answers.pop(request_id, None)
        if answer is not None:
            self._scheduler.remove(answer.sequence)

    @property
    def request_ids(self) -> list[str]:
        """Those that have not ended, in order of arrival."""
        return list(self._answers)

    @torch.inference_mode()
    def step(self) -> list[Event]:
        """Run the model once; the events of this step, none while prompts are being read or nothing is to do."""
        for sequence in self._scheduler.admit():
            assert sequence.slot is not None
            self._cache.reset(sequence.slot)
        plan = self._scheduler.plan()
        if not plan:
            return []
        logits, events = self._forward(plan)
        self._scheduler.advance([work for work in plan if work in logits])
        finished = [work for work in plan if work.is_last and work in logits]
        if finished:
            rows = [self._row(self._answers[work.sequence.request.request_id]) for work in finished]
            stacked = torch.stack([logits[work] for work in finished])[:, : self.tokenizer.vocab_size]
            tokens = sample(stacked, rows)
            events += [self._take(work.sequence, token) for work, token in zip(finished, tokens, strict=True)]
        return events

    def _forward(self, plan: list[Work]) -> tuple[dict[Work, Tensor], list[Event]]:
        """Logits of each work, and the end events of those that cannot be computed."""
        try:
            return dict(zip(plan, self._run(plan), strict=True)), []
        except Exception:
            logger.exception("a step of %d requests failed; running them one by one", len(plan))
        logits, events = {}, []
        for work in plan:
            try:
                logits[work] = self._run_again(work)
            except Exception as error:
                logger.exception("request %s failed", work.sequence.request.request_id)
                events.append(self._end(work.sequence, "", "error", f"the model failed: {type(error).__name__}"))
        return logits, events

    def _run_again(self, work: Work) -> Tensor:
        """Logits of one work after a step that may have been broken off half-way, with some layers' keys written.

        A single token's keys may be written twice. A longer chunk's may have overwritten keys that it has to see, so
        its prompt is read again from the start, in the same chunks.
        """
        if work.n == 1:
            return self._run([work])[0]
        assert work.sequence.slot is not None
        self._cache.reset(work.sequence.slot)
        for start in range(0, work.start, self._scheduler.max_chunk):
            self._run([replace(work, start=start, n=self._scheduler.max_chunk)])
        return self._run([work])[0]

    def _run(self, plan: list[Work]) -> Tensor:
        chunks = []
        for work in plan:
            assert work.sequence.slot is not None
            chunks.append(Chunk(work.sequence.slot, work.start, work.sequence.tokens(work.start, work.n)))
        return self._model.step(chunks, self._cache)

    @staticmethod
    def _row(answer: _Answer) -> Row:
        params = answer.sequence.request.params
        return Row(params.temperature, params.top_p, next(answer.uniforms) if params.temperature > 0 else 0.0)

    def _take(self, sequence: Sequence, token: int | None) -> Event:
        """Add a sampled token to its request: the text it completes, and the end if it is one."""
        answer = self._answers[sequence.request.request_id]
        if token is None:
            logger.error("request %s: the model gave logits that are not finite", sequence.request.request_id)
            return self._end(sequence, "", "error", "the model failed: its logits are not finite")
        sequence.output.append(token)
        if token == self.tokenizer.eos_id:
            return self._last_words(answer, "", "stop")
        released = answer.stops.push(answer.decoder.push(token))
        if released.is_stopped:
            return self._end(sequence, released.text, "stop")
        if len(sequence.output) == sequence.request.params.max_tokens:
            return self._last_words(answer, released.text, "length")
        return Event(sequence.request.request_id, released.text, len(sequence.output))

    def _last_words(self, answer: _Answer, text: str, reason: FinishReason) -> Event:
        """End with what decoder and stop strings held back; that may still complete a stop string."""
        released = answer.stops.push(answer.decoder.flush())
        text += released.text
        if released.is_stopped:
            return self._end(answer.sequence, text, "stop")
        return self._end(answer.sequence, text + answer.stops.flush(), reason)

    def _end(self, sequence: Sequence, text: str, reason: FinishReason, error: str | None = None) -> Event:
        self.abort(sequence.request.request_id)
        return Event(sequence.request.request_id, text, len(sequence.output), reason, error)


def check_prompt(prompt: tuple[int, ...], tokenizer: Tokenizer) -> None:
    """ValueError for a prompt without tokens, or with one that the tokenizer does not have."""
    if not prompt:
        raise ValueError("the prompt has no tokens; at least one was expected")
    for position, token_id in enumerate(prompt):
        if not 0 <= token_id < tokenizer.vocab_size:
            raise ValueError(f"token {position} is {token_id}; an id from 0 to {tokenizer.vocab_size - 1} was expected")
