"""Requests as they come over the wire: the fields of OpenAI's API that this server honours, checked one by one.

A field that is not known, or asks for something that is not done here, is refused and named: to ignore it would be to
answer another question than the one that was asked. Values are not converted ("1" is not 1).
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from inference.server.errors import ApiError

_MAX_STOPS = 4
_SHOWN = 60  # characters of a wrong value that are repeated in its error


def _stop_strings(value: Any) -> Any:
    stops = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise ValueError("a string or a list of strings, none of them empty, was expected")
    if len(stops) > _MAX_STOPS:
        raise ValueError(f"{len(stops)} strings; at most {_MAX_STOPS} were expected")
    return tuple(stops)


def _text(value: Any) -> Any:
    """Content given as a string, or as a list of text parts, which are joined."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise ValueError("a string or a list of text parts was expected")
    for part in value:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise ValueError('a part that is not {"type": "text", "text": "..."}; this server reads text only')
    return "".join(part["text"] for part in value)


def _prompt(value: Any) -> Any:
    is_ids = isinstance(value, list) and all(type(item) is int for item in value)
    if not value or not (isinstance(value, str) or is_ids):
        raise ValueError("a string or a list of token ids, not empty, was expected (one prompt a request)")
    return value if isinstance(value, str) else tuple(value)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ChatMessage(_Strict):
    role: Literal["system", "user", "assistant"]
    content: Annotated[str, BeforeValidator(_text)]
    name: str | None = None


class StreamOptions(_Strict):
    include_usage: bool = False


class Sampling(_Strict):
    """The fields that both kinds of completion share. Those with a single allowed value are there for clients that
    always send them; `user` is not looked at."""

    model: str
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    seed: Annotated[int | None, Field(ge=-(2**63), lt=2**63)] = None
    stop: Annotated[tuple[str, ...], BeforeValidator(_stop_strings)] = ()
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    frequency_penalty: Annotated[float | None, Field(ge=0, le=0)] = None
    presence_penalty: Annotated[float | None, Field(ge=0, le=0)] = None
    user: str | None = None


class ChatRequest(Sampling):
    messages: list[ChatMessage]
    max_completion_tokens: Annotated[int | None, Field(ge=1)] = None
    logprobs: Literal[False] | None = None


class CompletionRequest(Sampling):
    prompt: Annotated[str | tuple[int, ...], BeforeValidator(_prompt)]
    logprobs: None = None
    echo: Literal[False] | None = None
    best_of: Literal[1] | None = None
    suffix: None = None


_Body = TypeVar("_Body", ChatRequest, CompletionRequest)


def parse(kind: type[_Body], body: bytes) -> _Body:
    """The request in a body of JSON; ApiError 400 that names the first field at fault."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(kind, error) from error


def _refusal(kind: type[BaseModel], error: ValidationError) -> ApiError:
    first = error.errors(include_url=False, include_context=False)[0]
    param = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).removeprefix(".")
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        return ApiError(400, f"the body is not JSON: {reason.removeprefix('Invalid JSON: ')}", code="invalid_json")
    if first["type"] == "extra_forbidden":
        known = f"; known are {', '.join(kind.model_fields)}" if len(first["loc"]) == 1 else ""
        return ApiError(400, f"{param} is not a field that this server has{known}", param=param, code="unknown_field")
    if first["type"] == "missing":
        return ApiError(400, f"{param} is missing", param=param, code="missing_field")
    if not param:
        return ApiError(400, "the body is not a JSON object", code="invalid_json")
    shown = repr(first["input"])
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    return ApiError(400, f"{param} is {shown}: {reason}", param=param, code="invalid_value")
