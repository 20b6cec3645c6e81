"""Completions, as JSON or as a stream.

Each prompt of a request is submitted to the worker, which returns its events. A client that disconnects cancels its
request, streamed or not: its slots are free before the model's next step.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import chain
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from inference.engine.loading import LoadedModel
from inference.engine.request import Event, SamplingParams
from inference.engine.request import Request as EngineRequest
from inference.engine.stream import Stream
from inference.engine.worker import NotReadyError, QueueFullError, Worker
from inference.server.requests.prompts import Prompt
from inference.server.requests.protocol import ChatRequest, CompletionRequest
from inference.server.responses.completion_json import DONE, CompletionWriter, Usage, sse
from inference.server.responses.errors import ApiError
from inference.server.responses.json_response import JsonResponse
from inference.server.responses.logprobs import TextLogprobs, chat_logprobs

_CLIENT_GONE = 499  # only the log of a proxy shows it
_PLACE_EVERY_S = 0.5

Body = ChatRequest | CompletionRequest


class _Part:
    """One prompt of a running request: turns the engine's events into text and JSON log-probabilities."""

    def __init__(self, index: int, prompt: Prompt, stream: Stream, model: LoadedModel, body: Body) -> None:
        self.index = index
        self.stream = stream
        self.n_prompt, self.n_output, self.n_reused = len(prompt.ids), 0, 0
        self._prompt = prompt
        self._echo = prompt.echo
        self._tokenizer = model.folder.tokenizer
        self._is_chat = isinstance(body, ChatRequest)
        self._has_logprobs = body.logprobs is not None and body.logprobs is not False
        after = () if isinstance(body, CompletionRequest) and body.echo else prompt.ids
        self._text_logprobs = TextLogprobs(self._tokenizer, after=after)

    def take(self, event: Event) -> tuple[str, dict[str, Any] | None]:
        """Return the text that an event adds, after an echo of the prompt, and its `logprobs` if it has any."""
        self.n_output, self.n_reused = event.n_output, max(self.n_reused, event.n_reused)
        text, self._echo = self._echo + event.text, ""
        return text, self._logprobs(event) if self._has_logprobs else None

    def _logprobs(self, event: Event) -> dict[str, Any] | None:
        if self._is_chat:
            return chat_logprobs(self._tokenizer, event.logprobs) if event.logprobs else None
        ids = [entry.token_id for entry in event.logprobs]
        if event.prompt_logprobs is None:
            return self._text_logprobs.add(ids, event.logprobs) if ids else None
        return self._text_logprobs.add([*self._prompt.ids, *ids], [*event.prompt_logprobs, *event.logprobs])


class RunningCompletion:
    """A running request: its prompts in the engine, the writer of its messages, and how to cancel it."""

    def __init__(
        self, writer: CompletionWriter, parts: Sequence[_Part], cancel: Callable[[], None], place: Callable[[], int]
    ) -> None:
        """`place` returns the place in the queue for a slot, 0 if the request waits for none."""
        self.writer = writer
        self.parts = parts
        self.cancel = cancel
        self.place = place

    @property
    def usage(self) -> Usage:
        """Token counts of the events taken so far."""
        return Usage(
            sum(part.n_prompt for part in self.parts),
            sum(part.n_output for part in self.parts),
            sum(part.n_reused for part in self.parts),
        )


def submit(worker: Worker, name: str, body: Body, prompts: Sequence[Prompt]) -> RunningCompletion:
    """Submit all prompts of a request to the worker, or none: then it raises ApiError."""
    is_chat = isinstance(body, ChatRequest)
    request_id = f"{'chatcmpl' if is_chat else 'cmpl'}-{secrets.token_hex(12)}"
    ids = [request_id if len(prompts) == 1 else f"{request_id}-{index}" for index in range(len(prompts))]

    def cancel() -> None:
        for part_id in ids:
            worker.cancel(part_id)

    model = worker.models[name]
    backend = model.engine.backend
    parts = []
    try:
        for index, (part_id, prompt) in enumerate(zip(ids, prompts, strict=True)):
            request = EngineRequest(part_id, prompt.ids, _params(body, prompt), prompt.continues_text, backend)
            parts.append(_Part(index, prompt, worker.submit(name, request), model, body))
    except QueueFullError as error:
        cancel()
        raise ApiError(429, str(error), code="queue_full") from error
    except NotReadyError as error:
        raise ApiError(503, str(error), code=worker.state) from error
    fingerprint = model.fingerprint if backend is None else f"{model.fingerprint}+{backend}"
    writer = CompletionWriter(is_chat, request_id, int(time.time()), name, fingerprint)
    return RunningCompletion(writer, parts, cancel, place=lambda: worker.place(ids[0]))


def _params(body: Body, prompt: Prompt) -> SamplingParams:
    if isinstance(body, ChatRequest):
        n_logprobs = (body.top_logprobs or 0) if body.logprobs else None
        prompt_logprobs = None
    else:
        n_logprobs = body.logprobs
        prompt_logprobs = body.logprobs if body.echo else None
        if prompt.max_tokens == 0 and prompt_logprobs is None:
            prompt_logprobs = 0  # unused, but without them the engine refuses max_tokens 0
    seed = body.random_seed if body.seed is None else body.seed
    return SamplingParams(
        max_tokens=prompt.max_tokens,
        temperature=1.0 if body.temperature is None else body.temperature,
        top_p=1.0 if body.top_p is None else body.top_p,
        top_k=max(0, body.top_k or 0),
        min_p=body.min_p or 0.0,
        repetition_penalty=1.0 if body.repetition_penalty is None else body.repetition_penalty,
        presence_penalty=body.presence_penalty or 0.0,
        frequency_penalty=body.frequency_penalty or 0.0,
        logit_bias=tuple((int(token_id), bias) for token_id, bias in (body.logit_bias or {}).items()),
        seed=secrets.randbits(63) if seed is None else seed,
        stop=(*body.stop, *prompt.stop),
        n_logprobs=n_logprobs,
        prompt_logprobs=prompt_logprobs,
    )


async def respond(request: Request, body: Body, running: RunningCompletion, worker: Worker) -> Response:
    """Answer a request, with a stream where the body asks for one. Raises ApiError where the model fails."""
    if body.stream:
        has_usage = body.stream_options is not None and body.stream_options.include_usage is True
        return _EventStream(_chunks(running, has_usage=has_usage), running.cancel)
    whole = asyncio.create_task(_collect_all(running.parts))
    gone = asyncio.create_task(_disconnect(request))
    try:
        either: list[asyncio.Future[Any]] = [whole, gone]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not whole.done():
            return Response(status_code=_CLIENT_GONE)
    finally:
        running.cancel()
        whole.cancel()
        gone.cancel()
    choices = []
    for part, event in zip(running.parts, whole.result(), strict=True):
        if event.finish_reason == "error" or event.finish_reason is None:
            raise ApiError(503 if worker.state == "closed" else 500, str(event.error), code="model_failed")
        text, logprobs = part.take(event)
        choices.append(running.writer.choice(part.index, text, logprobs, event.finish_reason))
    return JsonResponse(running.writer.completion(choices, running.usage))


async def _collect_all(parts: Sequence[_Part]) -> list[Event]:
    """Return all events of each part as one. Parts are read one after the other, since a stream keeps what is unread.

    One task, not a gather: asyncio logs a cancelled gather that is not awaited as an exception never retrieved.
    """
    return [await _collect(part.stream) for part in parts]


async def _collect(stream: Stream) -> Event:
    """Return all events of a stream as one."""
    events = [event async for event in stream]
    last = events[-1]
    return Event(
        last.request_id,
        "".join(event.text for event in events),
        last.n_output,
        last.finish_reason,
        last.error,
        logprobs=tuple(chain.from_iterable(event.logprobs for event in events)),
        prompt_logprobs=next((event.prompt_logprobs for event in events if event.prompt_logprobs is not None), None),
        n_reused=max(event.n_reused for event in events),
    )


async def _disconnect(request: Request) -> None:
    """Return when the client disconnects. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _chunks(running: RunningCompletion, *, has_usage: bool) -> AsyncIterator[str]:
    """Yield server-sent events. After an error there is no [DONE], so no client takes the answer for complete.

    While the request waits for a slot, comments tell its place in the queue: `: place in queue 3`. Clients skip them.
    """
    writer, no_usage = running.writer, {"usage": None} if has_usage else {}
    if writer.is_chat:
        yield sse({**writer.chunk(0, "", is_first=True), **no_usage})
    shown = 0
    async for part, event in _merged(running.parts):
        if event is None:
            if (place := running.place()) != shown:
                yield f": place in queue {place}\n\n"
                shown = place
            continue
        if event.finish_reason == "error":
            yield sse(ApiError(500, str(event.error), code="model_failed").body())
            return
        text, logprobs = part.take(event)
        if text or logprobs:
            yield sse({**writer.chunk(part.index, text, logprobs), **no_usage})
        if event.finish_reason is not None:
            yield sse({**writer.chunk(part.index, "", None, event.finish_reason), **no_usage})
    if has_usage:
        yield sse(writer.usage_chunk(running.usage))
    yield DONE


async def _merged(parts: Sequence[_Part]) -> AsyncIterator[tuple[_Part, Event | None]]:
    """Yield the events of all parts as they arrive, and before the first one None every `_PLACE_EVERY_S`."""
    waiting = {asyncio.ensure_future(anext(part.stream)): part for part in parts}
    timeout_s: float | None = _PLACE_EVERY_S
    try:
        while waiting:
            done, _ = await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                yield parts[0], None
                continue
            timeout_s = None
            for task in done:
                part, event = waiting.pop(task), task.result()
                yield part, event
                if event.finish_reason is None:
                    waiting[asyncio.ensure_future(anext(part.stream))] = part
    finally:
        for task in waiting:
            task.cancel()


class _EventStream(StreamingResponse):
    """A stream that calls `on_end` after its last chunk, or when the client disconnects."""

    def __init__(self, chunks: AsyncIterator[str], on_end: Callable[[], None]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # or nginx buffers the stream until its end
        super().__init__(chunks, media_type="text/event-stream", headers=headers)
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._on_end()
