"""GET /openapi.json, the server's description of its own addresses.

The schemas are generated from the models in `requests.protocol`, which check every request, and `responses.schemas`.
One test compares the page with the routes; another sends what the page allows and forbids. What the page allows is
refused only for an unknown model, for its length, or when the server is full. So the page leaves out what a JSON schema
cannot express: a prefix or continue_final_message that is true needs an assistant's message at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from inference.server.requests.parsing import Strict
from inference.server.requests.protocol import (
    TOKEN_ID,
    TOKEN_ID_NAME,
    ChatRequest,
    CompletionRequest,
    DetokenizeRequest,
    TokenizeRequest,
)
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


@dataclass(frozen=True, slots=True)
class Described:
    """The models of a page: their names, the names of those that have a chat layout, and the size of the smallest
    vocabulary.
    """

    names: tuple[str, ...]
    chat_names: tuple[str, ...]
    vocab_size: int


def document(models: Described, *, one_model: str) -> Schema:
    """Return the page for these models. Every path is listed again behind `one_model`, as /models/{name}."""
    paths: dict[str, Schema] = {}
    for operation in _OPERATIONS:
        for prefix in ("", one_model):
            described = _describe(operation, models, is_of_one=bool(prefix))
            paths.setdefault(prefix + operation.path, {})[operation.method] = described
    kinds: list[type[BaseModel]] = [ErrorResponse]
    for operation in _OPERATIONS:
        kinds += [kind for kind in (operation.body, operation.response) if kind is not None]
    _, schemas = models_json_schema([(kind, "validation") for kind in kinds], ref_template=_SCHEMAS + "{model}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "inference",
            "version": "1",
            "description": "OpenAI's protocol for the models of this server, and vLLM's for their tokenizers.",
        },
        "paths": paths,
        "components": {"schemas": _with_ids(schemas["$defs"], models.vocab_size)},
    }


def _with_ids(schema: Any, vocab_size: int) -> Any:
    """Return a schema in which token ids, also as names of members, are below `vocab_size`."""
    if isinstance(schema, list):
        return [_with_ids(item, vocab_size) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema == TOKEN_ID:
        return {"type": "integer", "minimum": 0, "maximum": vocab_size - 1}
    if schema == TOKEN_ID_NAME:
        return {"type": "string", "pattern": f"^({below(vocab_size)})$"}
    return {name: _with_ids(item, vocab_size) for name, item in schema.items()}


def below(limit: int) -> str:
    """Return a regular expression for the decimal numbers from 0 to `limit` - 1, without leading zeros.

    below(250) is "[1-1][0-9]{2}|2[0-4][0-9]{1}|[1-9][0-9]{1}|[0-9]": numbers that are as long and first less than 250
    in one of their places, then all that are shorter.
    """
    digits, parts = str(limit), []
    for place, digit in enumerate(digits):
        least = 1 if place == 0 and len(digits) > 1 else 0
        if int(digit) > least:
            parts.append(f"{digits[:place]}[{least}-{int(digit) - 1}]{_any(len(digits) - place - 1)}")
    parts += [f"[1-9]{_any(n)}" for n in range(len(digits) - 2, 0, -1)]
    return "|".join([*parts, "[0-9]"] if len(digits) > 1 else parts)


def _any(n_digits: int) -> str:
    return f"[0-9]{{{n_digits}}}" if n_digits else ""


def _describe(operation: _Operation, models: Described, *, is_of_one: bool) -> Schema:
    names = models.chat_names if operation.body is ChatRequest else models.names
    answers: dict[str, Schema] = {}
    if operation.response is None:
        answers["text/plain"] = {"schema": _STRING}
    else:
        answers["application/json"] = {"schema": _reference(operation.response)}
    if operation.is_streamed:
        answers["text/event-stream"] = {}  # OpenAPI 3.1 has no schema for events
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
        schemas = [_reference(operation.body)]
        if not is_of_one:
            schemas.append({"properties": {"model": {"enum": list(names)}}, "required": ["model"]})
        if operation.body is TokenizeRequest and models.chat_names != models.names:
            schemas.append({"properties": {"messages": {"type": "null"}}})  # not of models without a chat layout
        schema = schemas[0] if len(schemas) == 1 else {"allOf": schemas}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _reference(model: type[BaseModel]) -> Schema:
    return {"$ref": _SCHEMAS + model.__name__}


def _parameter(name: str, place: str, names: Sequence[str]) -> Schema:
    return {"name": name, "in": place, "required": True, "schema": {"type": "string", "enum": list(names)}}
