"""The routes. A request is checked on the event loop, runs in the worker's thread, and comes back as events.

Nothing is kept between requests. A client that leaves cancels its request, streamed or whole: its slot is free before
the model's next step.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from inference.engine.engine import check_prompt
from inference.engine.loading import LoadedModel
from inference.engine.request import ContextLengthError, Event, SamplingParams, room
from inference.engine.request import Request as EngineRequest
from inference.engine.worker import NotReadyError, QueueFullError, Stream, Worker
from inference.server.answers import DONE, Answer, sse
from inference.server.errors import ApiError, answer_api_error, answer_crash, answer_http_exception
from inference.server.protocol import ChatRequest, CompletionRequest, Sampling, parse
from inference.text.chat_template import ChatError, Message, render

_CLIENT_GONE = 499  # nobody reads it; it is in the log of a proxy


@dataclass(frozen=True, slots=True)
class _Job:
    """A request that runs."""

    answer: Answer
    stream: Stream
    cancel: Callable[[], None]


def create_app(worker: Worker) -> FastAPI:
    """The server's application; whoever calls starts and closes the worker."""
    app = FastAPI(openapi_url=None)
    app.add_exception_handler(ApiError, answer_api_error)
    app.add_exception_handler(HTTPException, answer_http_exception)
    app.add_exception_handler(Exception, answer_crash)

    @app.get("/health")
    async def health() -> JSONResponse:
        if worker.state != "ready":
            return JSONResponse({"status": worker.state}, status_code=503)
        models = {
            name: {
                "parameters": model.n_parameters,
                "fingerprint": model.fingerprint,
                "max_len": model.engine.max_len,
                "dtype": model.dtype,
            }
            for name, model in worker.models.items()
        }
        return JSONResponse({"status": "ok", "models": models})

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        _check_ready(worker)
        return {"object": "list", "data": [_model_card(name) for name in worker.models]}

    @app.get("/v1/models/{name:path}")
    async def model(name: str) -> dict[str, Any]:
        _find(worker, name)
        return _model_card(name)

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        body = parse(ChatRequest, await request.body())
        loaded = _find(worker, body.model)
        messages = [Message(message.role, message.content) for message in body.messages]
        try:
            prompt = render(messages, loaded.folder.tokenizer, loaded.folder.template)
        except ChatError as error:
            param = "messages" if error.index is None else f"messages[{error.index}]"
            raise ApiError(400, str(error), param=param, code="invalid_value") from error
        max_tokens = body.max_completion_tokens or body.max_tokens
        job = _submit(worker, loaded, body, "chat", prompt, max_tokens)
        return await _respond(request, body, job, worker)

    @app.post("/v1/completions")
    async def complete(request: Request) -> Response:
        body = parse(CompletionRequest, await request.body())
        loaded = _find(worker, body.model)
        tokenizer = loaded.folder.tokenizer
        try:
            if isinstance(body.prompt, str):
                prompt = [tokenizer.bos_id, *tokenizer.encode(body.prompt)]
            else:
                prompt = list(body.prompt)
            check_prompt(tuple(prompt), tokenizer)
        except ValueError as error:
            raise ApiError(400, f"prompt: {error}", param="prompt", code="invalid_value") from error
        job = _submit(worker, loaded, body, "text", prompt, body.max_tokens)
        return await _respond(request, body, job, worker)

    return app


def _model_card(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "local"}


def _check_ready(worker: Worker) -> None:
    if worker.state != "ready":
        raise ApiError(503, f"the server is {worker.state}; GET /health tells when it is ready", code=worker.state)


def _find(worker: Worker, name: str) -> LoadedModel:
    _check_ready(worker)
    if name not in worker.models:
        known = ", ".join(worker.models)
        raise ApiError(404, f"no model {name!r} here; there are {known}", param="model", code="model_not_found")
    return worker.models[name]


def _submit(
    worker: Worker,
    loaded: LoadedModel,
    body: Sampling,
    kind: Literal["chat", "text"],
    prompt: list[int],
    max_tokens: int | None,
) -> _Job:
    """Hand a request to the worker. A prompt and max_tokens that do not fit into the context are refused, never cut."""
    request_id = f"{'chatcmpl' if kind == 'chat' else 'cmpl'}-{secrets.token_hex(12)}"
    param = "messages" if kind == "chat" else "prompt"
    try:
        params = SamplingParams(
            max_tokens=room(len(prompt), max_tokens, loaded.engine.max_len),
            temperature=1.0 if body.temperature is None else body.temperature,
            top_p=1.0 if body.top_p is None else body.top_p,
            seed=secrets.randbits(63) if body.seed is None else body.seed,
            stop=body.stop,
        )
        stream = worker.submit(body.model, EngineRequest(request_id, tuple(prompt), params, kind == "text"))
    except ContextLengthError as error:
        raise ApiError(400, str(error), param=param, code="context_length_exceeded") from error
    except QueueFullError as error:
        raise ApiError(429, str(error), code="queue_full") from error
    except NotReadyError as error:
        raise ApiError(503, str(error), code=worker.state) from error
    answer = Answer(kind, request_id, int(time.time()), body.model, loaded.fingerprint, len(prompt))
    return _Job(answer, stream, lambda: worker.cancel(request_id))


async def _respond(request: Request, body: Sampling, job: _Job, worker: Worker) -> Response:
    if body.stream:
        has_usage = body.stream_options is not None and body.stream_options.include_usage
        return _EventStream(_pieces(job, has_usage=has_usage), job.cancel)
    whole = asyncio.create_task(_collect(job.stream))
    gone = asyncio.create_task(_disconnect(request))
    try:
        await asyncio.wait({whole, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not whole.done():
            return Response(status_code=_CLIENT_GONE)
    finally:
        job.cancel()
        whole.cancel()
        gone.cancel()
    last = whole.result()
    if last.finish_reason == "error" or last.finish_reason is None:
        raise ApiError(503 if worker.state == "closed" else 500, str(last.error), code="model_failed")
    return JSONResponse(job.answer.whole(last.text, last.finish_reason, last.n_output))


async def _collect(stream: Stream) -> Event:
    """The last event, with the text of all."""
    text = []
    async for event in stream:
        text.append(event.text)
    return Event(event.request_id, "".join(text), event.n_output, event.finish_reason, event.error)


async def _disconnect(request: Request) -> None:
    """Return when the client has gone. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _pieces(job: _Job, *, has_usage: bool) -> AsyncIterator[str]:
    """Server-sent events; a stream that ends with an error has no [DONE], so that nobody takes it for whole."""
    answer, no_usage = job.answer, {"usage": None} if has_usage else {}
    if answer.kind == "chat":
        yield sse({**answer.piece("", is_first=True), **no_usage})
    async for event in job.stream:
        if event.finish_reason == "error":
            yield sse(ApiError(500, str(event.error), code="model_failed").body())
            return
        if event.text:
            yield sse({**answer.piece(event.text), **no_usage})
        if event.finish_reason is not None:
            yield sse({**answer.piece("", event.finish_reason), **no_usage})
            if has_usage:
                yield sse(answer.closing_usage(event.n_output))
    yield DONE


class _EventStream(StreamingResponse):
    """A stream that, however it ends, tells its request: read to the end, or the client went away."""

    def __init__(self, pieces: AsyncIterator[str], on_end: Callable[[], None]) -> None:
        super().__init__(pieces, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._on_end()
