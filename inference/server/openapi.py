"""GET /openapi.json, the server's description of its own addresses.

The schemas are generated from the models in `requests.protocol`, which check every request, and `responses.schemas`.
One test compares the page with the routes; another sends what the page allows and forbids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from inference.server.requests.parsing import Strict
from inference.server.requests.protocol import ChatRequest, CompletionRequest, DetokenizeRequest, TokenizeRequest
from inference.server.responses.schemas import (
    ChatCompletion,
    DetokenizedText,
    ErrorResponse,
    Health,
    ModelCard,
    ModelList,
    TextCompletion,
    TokenizedText,
    TokenizerInfo,
)

Schema = dict[str, Any]

_SCHEMAS = "#/components/schemas/"
_STRING: Schema = {"type": "string"}
_COMPLETION = "a completion, in one piece or with stream as server-sent events that end with [DONE]"
_ERRORS = {
    400: "a field is wrong, or a prompt is too long",
    404: "no such model",
    413: "the body is too large",
    429: "the model's queue is full",
    500: "the model or the server failed",
    503: "the server is loading or stopping, or the model could not be loaded",
}


@dataclass(frozen=True, slots=True)
class _Operation:
    """`response` is None for plain text."""

    method: str
    path: str
    summary: str
    response: type[BaseModel] | None
    body: type[Strict] | None = None
    is_streamed: bool = False
    errors: tuple[int, ...] = (404, 503)


_OPERATIONS = (
    _Operation("get", "/health", "which models are ready, and why the others are not", Health),
    _Operation("get", "/metrics", "counts and times, for Prometheus", None),
    _Operation("get", "/v1/models", "the models that are ready", ModelList),
    _Operation("get", "/v1/models/{model}", "one model", ModelCard),
    _Operation(
        "post",
        "/v1/chat/completions",
        f"{_COMPLETION}, of a conversation",
        ChatCompletion,
        ChatRequest,
        is_streamed=True,
        errors=(400, 404, 413, 429, 500, 503),
    ),
    _Operation(
        "post",
        "/v1/completions",
        f"{_COMPLETION}, of one text or several",
        TextCompletion,
        CompletionRequest,
        is_streamed=True,
        errors=(400, 404, 413, 429, 500, 503),
    ),
    _Operation(
        "post",
        "/tokenize",
        "token ids of a text or a conversation",
        TokenizedText,
        TokenizeRequest,
        errors=(400, 404, 413, 503),
    ),
    _Operation(
        "post", "/detokenize", "the text of token ids", DetokenizedText, DetokenizeRequest, errors=(400, 404, 413, 503)
    ),
    _Operation("get", "/tokenizer_info", "what a client must know of a tokenizer", TokenizerInfo),
)


def document(names: Sequence[str], *, one_model: str) -> Schema:
    """Return the page for models of these names. Every path is listed again behind `one_model`, as /models/{name}."""
    paths: dict[str, Schema] = {}
    for operation in _OPERATIONS:
        for prefix in ("", one_model):
            described = _describe(operation, names, is_of_one=bool(prefix))
            paths.setdefault(prefix + operation.path, {})[operation.method] = described
    models: list[type[BaseModel]] = [ErrorResponse]
    for operation in _OPERATIONS:
        models += [model for model in (operation.body, operation.response) if model is not None]
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_SCHEMAS + "{model}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "inference",
            "version": "1",
            "description": "OpenAI's protocol for the models of this server, and vLLM's for their tokenizers.",
        },
        "paths": paths,
        "components": {"schemas": schemas["$defs"]},
    }


def _describe(operation: _Operation, names: Sequence[str], *, is_of_one: bool) -> Schema:
    answers: dict[str, Schema] = {}
    if operation.response is None:
        answers["text/plain"] = {"schema": _STRING}
    else:
        answers["application/json"] = {"schema": _reference(operation.response)}
    if operation.is_streamed:
        answers["text/event-stream"] = {"schema": _STRING}
    parameters = [_parameter("name", "path", names)] if is_of_one else []
    if "{model}" in operation.path:
        parameters.append(_parameter("model", "path", names))
    if operation.path == "/tokenizer_info" and not is_of_one:
        parameters.append(_parameter("model", "query", names))
    error = {"application/json": {"schema": _reference(ErrorResponse)}}
    described: Schema = {
        "summary": operation.summary,
        "responses": {
            "200": {"description": "OK", "content": answers},
            **{str(code): {"description": _ERRORS[code], "content": error} for code in operation.errors},
        },
    }
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        schema = _reference(operation.body)
        if not is_of_one:
            model = {"properties": {"model": {"enum": list(names)}}, "required": ["model"]}
            schema = {"allOf": [schema, model]}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _reference(model: type[BaseModel]) -> Schema:
    return {"$ref": _SCHEMAS + model.__name__}


def _parameter(name: str, place: str, names: Sequence[str]) -> Schema:
    return {"name": name, "in": place, "required": True, "schema": {"type": "string", "enum": list(names)}}
