"""The routes of the server.

Each exists twice: as in OpenAI and vLLM, and under /models/NAME/ for one model. A request is checked on the event loop
(a long one in a thread) and runs in the worker's thread, which returns events. Nothing is kept between requests.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inference.engine.loading import LoadedModel
from inference.engine.metrics import Metrics
from inference.engine.worker import Worker
from inference.model.native import compiling
from inference.server.completions import respond, submit
from inference.server.draining import DrainableApp
from inference.server.lookup import card, check_ready, described, find_model, status
from inference.server.metrics import CONTENT_TYPE, render
from inference.server.openapi import document
from inference.server.requests.body import read_body
from inference.server.requests.parsing import parse
from inference.server.requests.prompts import Prompt, chat_prompts, detokenize, text_prompts, tokenize
from inference.server.requests.protocol import ChatRequest, CompletionRequest, DetokenizeRequest, TokenizeRequest
from inference.server.responses.errors import ApiError, answer_api_error, answer_crash, answer_http_exception
from inference.server.responses.json_response import JsonResponse
from inference.server.responses.schemas import DetokenizedText, Health, ModelList, TokenizedText, TokenizerInfo

_ONE_MODEL = "/models/{name:path}"
_LONG_BODY = 32_768  # bytes; a longer one is parsed and tokenized in a thread, which costs 0.1 ms

_Body = TypeVar("_Body", ChatRequest, CompletionRequest, TokenizeRequest, DetokenizeRequest)
_Result = TypeVar("_Result")


def create_app(worker: Worker) -> DrainableApp:
    """Return the server's application. The caller starts and closes the worker."""
    routes = Routes(worker)
    app = Starlette(
        routes=[
            Route("/openapi.json", routes.openapi, methods=["GET"]),
            *(
                Route(prefix + path, endpoint, methods=[method])
                for method, path, endpoint in routes.table()
                for prefix in ("", _ONE_MODEL)
            ),
        ],
        exception_handlers={
            ApiError: answer_api_error,
            HTTPException: answer_http_exception,
            Exception: answer_crash,
        },
    )
    drainable = DrainableApp(app)
    routes.app = drainable
    return drainable


class Routes:
    """The endpoints of one worker. `app` is the application that has them."""

    app: DrainableApp

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._rendering: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Return method, path and endpoint of every address without /models/NAME, except /openapi.json."""
        return [
            ("GET", "/health", self.health),
            ("GET", "/v1/models", self.models),
            ("GET", "/v1/models/{model:path}", self.model),
            ("POST", "/v1/chat/completions", self.chat),
            ("POST", "/v1/completions", self.complete),
            ("GET", "/metrics", self.metrics),
            ("POST", "/tokenize", self.tokenize),
            ("POST", "/detokenize", self.detokenize),
            ("GET", "/tokenizer_info", self.tokenizer_info),
        ]

    async def health(self, request: Request) -> Response:
        state = "draining" if self.app.is_draining else self._worker.state
        library = compiling.state()
        if state != "ready":
            waits = state == "loading" and library == "compiling"
            return JsonResponse({"status": state, "decode_library": library} if waits else {"status": state}, 503)
        if (name := _in_address(request)) is not None:
            name = find_model(self._worker, name, None)
            models, failed = {name: status(self._worker.models[name])}, {}
        else:
            models = {name: status(model) for name, model in self._worker.models.items()}
            failed = dict(self._worker.failures)
        return JsonResponse(Health(status="ok", decode_library=library, models=models, failed=failed))

    async def openapi(self, _request: Request) -> Response:
        return JsonResponse(document(described(self._worker), one_model="/models/{name}"))

    async def metrics(self, request: Request) -> Response:
        metrics = self._worker.metrics()
        if (name := _in_address(request)) is not None:
            first = self._worker.first_name(find_model(self._worker, name, None))
            metrics = Metrics({first: metrics.models[first]})
        return Response(render(metrics), media_type=CONTENT_TYPE)

    async def models(self, request: Request) -> Response:
        check_ready(self._worker)
        name = _in_address(request)
        names = list(self._worker.models) if name is None else [find_model(self._worker, name, None)]
        return JsonResponse(ModelList(object="list", data=[card(name, self._worker.models[name]) for name in names]))

    async def model(self, request: Request) -> Response:
        if (name := _in_address(request)) is not None:
            find_model(self._worker, name, None)
        name = find_model(self._worker, request.path_params["model"], None)
        return JsonResponse(card(name, self._worker.models[name]))

    async def chat(self, request: Request) -> Response:
        name, body, prompts = await self._read(request, ChatRequest, chat_prompts)
        return await self._answer(request, name, body, prompts)

    async def complete(self, request: Request) -> Response:
        name, body, prompts = await self._read(request, CompletionRequest, text_prompts)
        return await self._answer(request, name, body, prompts)

    async def tokenize(self, request: Request) -> Response:
        name, body, ids = await self._read(request, TokenizeRequest, tokenize)
        model = self._worker.models[name]
        names = [model.folder.tokenizer.piece(token_id) for token_id in ids] if body.return_token_strs else None
        return JsonResponse(
            TokenizedText(count=len(ids), max_model_len=model.engine.max_len, tokens=ids, token_strs=names)
        )

    async def detokenize(self, request: Request) -> Response:
        _, _, text = await self._read(request, DetokenizeRequest, detokenize)
        return JsonResponse(DetokenizedText(prompt=text))

    async def tokenizer_info(self, request: Request) -> Response:
        model = self._worker.models[find_model(self._worker, _in_address(request), request.query_params.get("model"))]
        tokenizer = model.folder.tokenizer
        return JsonResponse(
            TokenizerInfo(
                tokenizer_class=type(tokenizer).__name__,
                vocab_size=tokenizer.vocab_size,
                bos_token=tokenizer.piece(tokenizer.bos_id),
                bos_token_id=tokenizer.bos_id,
                eos_token=tokenizer.piece(tokenizer.eos_id),
                eos_token_id=tokenizer.eos_id,
                add_bos_token=True,
                add_eos_token=False,
                model_max_length=model.engine.max_len,
                chat_layout=str(model.folder.template),
            )
        )

    async def _read(
        self, request: Request, kind: type[_Body], prepare: Callable[[_Body, LoadedModel], _Result]
    ) -> tuple[str, _Body, _Result]:
        """Return the name of the requested model, the checked body, and the result of `prepare`."""
        raw = await read_body(request)
        is_long = len(raw) > _LONG_BODY
        body = await asyncio.to_thread(parse, kind, raw) if is_long else parse(kind, raw)
        name = find_model(self._worker, _in_address(request), body.model)
        model = self._worker.models[name]
        has_messages = isinstance(body, ChatRequest | TokenizeRequest) and body.messages is not None
        if has_messages and not isinstance(model.folder.template, str):
            # a Jinja template may take half a second: while one renders, others of its model wait without a thread
            async with self._rendering[name]:
                return name, body, await asyncio.to_thread(prepare, body, model)
        return name, body, await asyncio.to_thread(prepare, body, model) if is_long else prepare(body, model)

    async def _answer(
        self, request: Request, name: str, body: ChatRequest | CompletionRequest, prompts: list[Prompt]
    ) -> Response:
        return await respond(request, body, submit(self._worker, name, body, prompts), self._worker)


def _in_address(request: Request) -> str | None:
    """Return NAME of an address under /models/NAME/, else None."""
    name: str | None = request.path_params.get("name")
    return name
