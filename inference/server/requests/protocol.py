"""The fields of every request: those of OpenAI's API that this server supports, and vLLM's.

An unknown field, or one that asks for something unsupported, is refused and named: to ignore it would answer a
question that nobody asked. Fields with a single allowed value exist for clients that always send them; `user` is
ignored. `model` may be missing where the address names it, or where the server has only one.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from inference.engine.request import MAX_LOGPROBS
from inference.server.requests.parsing import Strict

MAX_TEXT = 2_000_000  # characters of one text: more than any context, and parsed in a tenth of a second
MAX_PROMPTS = 128  # of one request
_MAX_STOPS = 16
_MAX_STOP_CHARS = 1000

_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
_IDS = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}


def _stop_strings(value: Any) -> Any:
    stops = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise ValueError("a string or a list of strings, none of them empty, was expected")
    if len(stops) > _MAX_STOPS:
        raise ValueError(f"{len(stops)} strings; at most {_MAX_STOPS} were expected")
    if any(len(stop) > _MAX_STOP_CHARS for stop in stops):
        raise ValueError(f"a string is too long; at most {_MAX_STOP_CHARS:,} characters were expected")
    return tuple(stops)


_STOP = {"type": "string", "minLength": 1, "maxLength": _MAX_STOP_CHARS}
Stop = Annotated[
    tuple[str, ...],
    BeforeValidator(_stop_strings),
    WithJsonSchema({"anyOf": [_STOP, {"type": "array", "items": _STOP, "maxItems": _MAX_STOPS}, {"type": "null"}]}),
]


def _content(value: Any) -> Any:
    """Return content given as a string, or join a list of text parts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise ValueError("a string or a list of text parts was expected")
    for part in value:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise ValueError('a part is not {"type": "text", "text": "..."}; this server reads text only')
    return "".join(part["text"] for part in value)


_PART = {
    "type": "object",
    "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
    "required": ["type", "text"],
}
Content = Annotated[
    str,
    Field(max_length=MAX_TEXT),
    BeforeValidator(_content),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": MAX_TEXT}, {"type": "array", "items": _PART}]}),
]


def _prompts(value: Any) -> Any:
    """Return one prompt or several: all texts, or all lists of token ids."""
    if isinstance(value, str) or _is_ids(value):
        return _prompts([value])
    if not isinstance(value, list) or not value:
        raise ValueError("a string, a list of token ids, or a list of either, not empty, was expected")
    if len(value) > MAX_PROMPTS:
        raise ValueError(f"{len(value)} prompts; at most {MAX_PROMPTS} were expected")
    if not (all(isinstance(prompt, str) for prompt in value) or all(map(_is_ids, value))):
        raise ValueError("all prompts must be strings, or all of them lists of token ids, none of them empty")
    for prompt in value:
        if not prompt:
            raise ValueError("a prompt is empty; one that is not empty was expected")
        if isinstance(prompt, str) and len(prompt) > MAX_TEXT:
            raise ValueError(f"a prompt has {len(prompt):,} characters; at most {MAX_TEXT:,} were expected")
    return tuple(prompt if isinstance(prompt, str) else tuple(prompt) for prompt in value)


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value)


Prompts = Annotated[
    tuple[str | tuple[int, ...], ...],
    BeforeValidator(_prompts),
    WithJsonSchema(
        {
            "anyOf": [
                _TEXT,
                _IDS,
                *({"type": "array", "items": one, "minItems": 1, "maxItems": MAX_PROMPTS} for one in (_TEXT, _IDS)),
            ]
        }
    ),
]


def _safe_prompt(value: Any) -> Any:
    if value is True:
        raise ValueError(
            "this server does not add a safety prompt; send a system message, or set system_prompt under [battle] in "
            "the arena's settings"
        )
    return value


class ChatMessage(Strict):
    role: Literal["system", "user", "assistant"]
    content: Content
    name: str | None = None


class StreamOptions(Strict):
    include_usage: bool = False


class Sampling(Strict):
    """The fields of both kinds of completion."""

    model: str | None = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    top_k: Annotated[int | None, Field(ge=-1, lt=2**31, description="0 and -1: no cut")] = None
    min_p: Annotated[float | None, Field(ge=0, le=1)] = None
    repetition_penalty: Annotated[float | None, Field(ge=0.1, le=10)] = None
    presence_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    frequency_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    seed: Annotated[int | None, Field(ge=-(2**63), lt=2**63)] = None
    stop: Stop = ()
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    logit_bias: None = None
    user: str | None = None


class ChatRequest(Sampling):
    messages: list[ChatMessage]
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    max_completion_tokens: Annotated[int | None, Field(ge=1)] = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int | None, Field(ge=0, le=MAX_LOGPROBS, description="needs logprobs")] = None
    safe_prompt: Annotated[Literal[False] | None, BeforeValidator(_safe_prompt)] = None


class CompletionRequest(Sampling):
    prompt: Prompts
    max_tokens: Annotated[int | None, Field(ge=0, description="0 only with echo")] = None
    logprobs: Annotated[int | None, Field(ge=0, le=MAX_LOGPROBS)] = None
    echo: bool | None = None
    add_special_tokens: bool = True
    best_of: Literal[1] | None = None
    suffix: None = None


class TokenizeRequest(Strict):
    """`prompt` or `messages`, which are rendered as for an answer."""

    model: str | None = None
    prompt: Annotated[str | None, Field(max_length=MAX_TEXT)] = None
    messages: list[ChatMessage] | None = None
    add_special_tokens: bool | None = None
    add_generation_prompt: Literal[True] = True
    continue_final_message: Literal[False] = False
    return_token_strs: bool | None = None


class DetokenizeRequest(Strict):
    model: str | None = None
    tokens: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=MAX_TEXT)]
