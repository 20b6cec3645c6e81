"""The server's own OpenAPI page: every address, what it takes and what it answers, with the names of the models that it
serves. The requests' schemas are those of `protocol`, by which they are checked; a test asks every route for its place
here, and another sends what the page allows and forbids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic.json_schema import models_json_schema

from inference.server.requests.parsing import Strict
from inference.server.requests.protocol import ChatRequest, CompletionRequest, DetokenizeRequest, TokenizeRequest

Schema = dict[str, Any]

_SCHEMAS = "#/components/schemas/"
_COMPLETION = "an answer, whole or with stream as server-sent events that end with [DONE]"
_ERRORS = {
    400: "a field at fault, or a prompt that is too long",
    404: "no such model",
    413: "the body is too large",
    429: "the model has as many requests as it takes",
    500: "the model failed, or the server did",
    503: "the server is loading or stopping, or the model could not be loaded",
}


@dataclass(frozen=True, slots=True)
class _Operation:
    method: str
    path: str
    summary: str
    answer: Schema
    body: type[Strict] | None = None
    is_streamed: bool = False
    errors: tuple[int, ...] = (404, 503)


def document(names: Sequence[str], *, one_model: str) -> Schema:
    """The page, for models of these names; every path is there once more behind `one_model`, as /models/{name}."""
    paths: dict[str, Schema] = {}
    for operation in _OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, names, is_of_one=False)
        paths.setdefault(one_model + operation.path, {})[operation.method] = _operation(
            operation, names, is_of_one=True
        )
    bodies = [operation.body for operation in _OPERATIONS if operation.body is not None]
    _, requests = models_json_schema([(body, "validation") for body in bodies], ref_template=_SCHEMAS + "{model}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "inference",
            "version": "1",
            "description": "OpenAI's protocol for the models of this server, and vLLM's for their tokenizers.",
        },
        "paths": paths,
        "components": {"schemas": {**requests["$defs"], "Error": _ERROR}},
    }


def _operation(operation: _Operation, names: Sequence[str], *, is_of_one: bool) -> Schema:
    answers: dict[str, Schema] = {"application/json": {"schema": operation.answer}}
    if operation.is_streamed:
        answers["text/event-stream"] = {"schema": {"type": "string"}}
    if operation.path == "/metrics":
        answers = {"text/plain": {"schema": operation.answer}}
    error = {"application/json": {"schema": {"$ref": f"{_SCHEMAS}Error"}}}
    parameters = [_parameter("name", "path", names)] if is_of_one else []
    if "{model}" in operation.path:
        parameters.append(_parameter("model", "path", names))
    if operation.path == "/tokenizer_info" and not is_of_one:
        parameters.append(_parameter("model", "query", names))
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
        schema: Schema = {"$ref": _SCHEMAS + operation.body.__name__}
        if not is_of_one:
            model = {"properties": {"model": {"enum": list(names)}}, "required": ["model"]}
            schema = {"allOf": [schema, model]}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _parameter(name: str, place: str, names: Sequence[str]) -> Schema:
    return {"name": name, "in": place, "required": True, "schema": {"type": "string", "enum": list(names)}}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_STRING: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_ANY_OBJECT: Schema = {"type": "object"}
_MAYBE_STRING = _or_null(_STRING)
_ERROR = _object(
    {"error": _object({"message": _STRING, "type": _STRING, "param": _MAYBE_STRING, "code": _MAYBE_STRING})}
)
_USAGE = _object(
    {
        "prompt_tokens": _WHOLE,
        "completion_tokens": _WHOLE,
        "total_tokens": _WHOLE,
        "prompt_tokens_details": _object({"cached_tokens": _WHOLE}),
    }
)
_LIKELY: dict[str, Schema] = {"token": _STRING, "logprob": _NUMBER, "bytes": _list_of(_WHOLE)}
_CHAT_LOGPROBS = _object({"content": _list_of(_object({**_LIKELY, "top_logprobs": _list_of(_object(_LIKELY))}))})
_TEXT_LOGPROBS = _object(
    {
        "tokens": _list_of(_STRING),
        "token_logprobs": _list_of(_or_null(_NUMBER)),
        "top_logprobs": _list_of(_or_null({"type": "object", "additionalProperties": _NUMBER})),
        "text_offset": _list_of(_WHOLE),
    }
)
_CHOICE: dict[str, Schema] = {"index": _WHOLE, "finish_reason": {"enum": ["stop", "length"]}}
_HEAD: dict[str, Schema] = {
    "id": _STRING,
    "object": _STRING,
    "created": _WHOLE,
    "model": _STRING,
    "system_fingerprint": _STRING,
}
_MESSAGE = _object({"role": {"const": "assistant"}, "content": _STRING})
_CHAT = _object(
    {
        **_HEAD,
        "choices": _list_of(_object({**_CHOICE, "message": _MESSAGE, "logprobs": _or_null(_CHAT_LOGPROBS)})),
        "usage": _USAGE,
    }
)
_TEXT = _object(
    {
        **_HEAD,
        "choices": _list_of(_object({**_CHOICE, "text": _STRING, "logprobs": _or_null(_TEXT_LOGPROBS)})),
        "usage": _USAGE,
    }
)
_CARD = _object({"id": _STRING, "object": {"const": "model"}, "created": _WHOLE, "owned_by": _STRING})
_TOKENS = {
    "count": _WHOLE,
    "max_model_len": _WHOLE,
    "tokens": _list_of(_WHOLE),
    "token_strs": _or_null(_list_of(_STRING)),
}
_TOKENIZER = {
    "tokenizer_class": _STRING,
    "vocab_size": _WHOLE,
    "bos_token": _STRING,
    "bos_token_id": _WHOLE,
    "eos_token": _STRING,
    "eos_token_id": _WHOLE,
    "add_bos_token": {"type": "boolean"},
    "add_eos_token": {"type": "boolean"},
    "model_max_length": _WHOLE,
    "chat_layout": _STRING,
}
_OPERATIONS = (
    _Operation(
        "get",
        "/health",
        "which models answer, and why the others do not",
        _object({"status": {"const": "ok"}, "decode_library": _STRING, "models": _ANY_OBJECT, "failed": _ANY_OBJECT}),
    ),
    _Operation("get", "/metrics", "counts and times, for Prometheus", _STRING),
    _Operation(
        "get", "/v1/models", "the models that answer", _object({"object": {"const": "list"}, "data": _list_of(_CARD)})
    ),
    _Operation("get", "/v1/models/{model}", "one model", _CARD),
    _Operation(
        "post",
        "/v1/chat/completions",
        f"{_COMPLETION}, to a conversation",
        _CHAT,
        ChatRequest,
        is_streamed=True,
        errors=(400, 404, 413, 429, 500, 503),
    ),
    _Operation(
        "post",
        "/v1/completions",
        f"{_COMPLETION}, for one text or several",
        _TEXT,
        CompletionRequest,
        is_streamed=True,
        errors=(400, 404, 413, 429, 500, 503),
    ),
    _Operation(
        "post",
        "/tokenize",
        "token ids of a text or a conversation",
        _object(_TOKENS),
        TokenizeRequest,
        errors=(400, 404, 413, 503),
    ),
    _Operation(
        "post",
        "/detokenize",
        "the text of token ids",
        _object({"prompt": _STRING}),
        DetokenizeRequest,
        errors=(400, 404, 413, 503),
    ),
    _Operation("get", "/tokenizer_info", "what a client must know of a tokenizer", _object(_TOKENIZER)),
)
