"""The fields of every request that this server uses: OpenAI's, and some of Mistral's and vLLM's.

Whatever else a client sends is refused and named, unless it asks for nothing (`unsupported`): to ignore it would answer
a question that nobody asked. `model` may be missing where the address names it, or where the server has only one.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from inference.engine.request import MAX_LOGIT_BIAS, MAX_LOGPROBS
from inference.server.requests.messages import MAX_TEXT, Continuing, Messages
from inference.server.requests.neutral import with_neutral
from inference.server.requests.parsing import WHOLE, Strict, whole
from inference.server.requests.unsupported import BOTH, CHAT, LAYOUT, STREAM_OPTIONS, TEXT

MAX_PROMPTS = 128  # of one request
TOKEN_ID: dict[str, Any] = {"type": "integer", "minimum": 0, "format": "token-id"}
"""The schema of a token id. The OpenAPI page puts the models' greatest id in place of the format."""
TOKEN_ID_NAME: dict[str, Any] = {"type": "string", "format": "token-id"}
"""The same for a token id that is the name of a member."""

_MAX_STOPS = 16
_MAX_STOP_CHARS = 1000

_NULL: dict[str, Any] = {"type": "null"}
_TEXT = {"type": "string", "maxLength": MAX_TEXT}
_IDS = {"type": "array", "items": TOKEN_ID, "minItems": 1}


def _stop_strings(value: Any) -> Any:
    stops = [] if value in (None, "") else [value] if isinstance(value, str) else value
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise ValueError("a string or a list of strings, none of those empty, was expected")
    if len(stops) > _MAX_STOPS:
        raise ValueError(f"{len(stops)} strings; at most {_MAX_STOPS} were expected")
    if any(len(stop) > _MAX_STOP_CHARS for stop in stops):
        raise ValueError(f"a string is too long; at most {_MAX_STOP_CHARS:,} characters were expected")
    return tuple(stops)


_ONE_STOP = {"type": "string", "maxLength": _MAX_STOP_CHARS, "description": '"" is none'}
_STOP = {"type": "string", "minLength": 1, "maxLength": _MAX_STOP_CHARS}
Stop = Annotated[
    tuple[str, ...],
    BeforeValidator(_stop_strings),
    WithJsonSchema({"anyOf": [_ONE_STOP, {"type": "array", "items": _STOP, "maxItems": _MAX_STOPS}, {"type": "null"}]}),
]


def _prompts(value: Any) -> Any:
    """Return one prompt or several: all texts, or all lists of token ids. null, as "", is a new text."""
    if value is None:
        return ("",)
    value = [whole(item) for item in whole(value)] if isinstance(value, list) else value
    if isinstance(value, str) or _is_ids(value):
        return _prompts([value])
    if not isinstance(value, list) or not value:
        raise ValueError("a string, a list of token ids, or a list of either, not empty, was expected")
    if len(value) > MAX_PROMPTS:
        raise ValueError(f"{len(value)} prompts; at most {MAX_PROMPTS} were expected")
    if not (all(isinstance(prompt, str) for prompt in value) or all(map(_is_ids, value))):
        raise ValueError("all prompts must be strings, or all of them lists of token ids, none of them empty")
    for prompt in value:
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
                _NULL,
            ]
        }
    ),
]


def _token_id(name: str) -> str:
    if not (name.isascii() and name.isdigit() and name == str(int(name[:20]))):
        raise ValueError('a token id as a string was expected, such as "15"')
    return name


Bias = Annotated[float, Field(ge=-MAX_LOGIT_BIAS, le=MAX_LOGIT_BIAS)]
LogitBias = Annotated[
    dict[Annotated[str, AfterValidator(_token_id)], Bias],
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": TOKEN_ID_NAME,
            "additionalProperties": {"type": "number", "minimum": -MAX_LOGIT_BIAS, "maximum": MAX_LOGIT_BIAS},
        }
    ),
]


def _needs(field: str, values: list[Any], beside: str, value: Any) -> dict[str, Any]:
    """Return the schema: `field` has one of `values`, or none, or `beside` has this value."""
    other = {"properties": {beside: {"const": value}}, "required": [beside]}
    return {"anyOf": [{"properties": {field: {"anyOf": values}}}, other]}


TextLogprobs = Annotated[
    Annotated[int, Field(ge=0, le=MAX_LOGPROBS)] | None,
    BeforeValidator(lambda value: None if value is False else whole(value)),  # false is how a chat says it
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_LOGPROBS}, {"enum": [False, None]}]}),
]


_ONE_SEED: dict[str, Any] = {"anyOf": [{"properties": {"seed": _NULL}}, {"properties": {"random_seed": _NULL}}]}


@with_neutral(STREAM_OPTIONS)
class StreamOptions(Strict):
    include_usage: bool | None = None


class Sampling(Strict):
    """The fields of both kinds of completion."""

    model: str | None = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    top_k: Annotated[int, Field(ge=-1, lt=2**31, description="0 and -1: no cut"), WHOLE] | None = None
    min_p: Annotated[float | None, Field(ge=0, le=1)] = None
    repetition_penalty: Annotated[float | None, Field(ge=0.1, le=10)] = None
    presence_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    frequency_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    logit_bias: LogitBias | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63), WHOLE] | None = None
    random_seed: Annotated[int, Field(ge=-(2**63), lt=2**63, description="Mistral's name for seed"), WHOLE] | None = (
        None
    )
    stop: Stop = ()
    stream: bool | None = None
    stream_options: StreamOptions | None = None


@with_neutral(BOTH, CHAT)
class ChatRequest(Sampling, Continuing):
    model_config = ConfigDict(
        json_schema_extra={"allOf": [_ONE_SEED, _needs("top_logprobs", [_NULL, {"const": 0}], "logprobs", True)]}
    )

    messages: Messages
    max_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None
    max_completion_tokens: (
        Annotated[int, Field(ge=1, description="OpenAI's newer name for max_tokens"), WHOLE] | None
    ) = None
    logprobs: bool | None = None
    top_logprobs: (
        Annotated[int, Field(ge=0, le=MAX_LOGPROBS, description="above 0 it needs logprobs"), WHOLE] | None
    ) = None


@with_neutral(BOTH, TEXT)
class CompletionRequest(Sampling):
    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [_ONE_SEED, _needs("max_tokens", [_NULL, {"type": "integer", "minimum": 1}], "echo", True)]
        }
    )

    prompt: Prompts
    max_tokens: Annotated[int, Field(ge=0, description="0 only with echo"), WHOLE] | None = None
    logprobs: TextLogprobs = None
    echo: bool | None = None
    add_special_tokens: bool | None = None


@with_neutral(LAYOUT)
class TokenizeRequest(Continuing):
    """`prompt` or `messages`, which are rendered as for an answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"prompt": {"not": _NULL}, "messages": _NULL}, "required": ["prompt"]},
                {
                    "properties": {
                        "messages": {"not": _NULL},
                        "prompt": _NULL,
                        "add_special_tokens": {"enum": [False, None]},
                    },
                    "required": ["messages"],
                },
            ]
        }
    )

    model: str | None = None
    prompt: Annotated[str | None, Field(max_length=MAX_TEXT)] = None
    messages: Messages | None = None
    add_special_tokens: Annotated[bool | None, Field(description="BOS before a prompt; messages have theirs")] = None
    return_token_strs: bool | None = None


class DetokenizeRequest(Strict):
    model: str | None = None
    tokens: Annotated[list[Annotated[int, Field(ge=0), WithJsonSchema(TOKEN_ID)]], WHOLE, Field(max_length=MAX_TEXT)]
