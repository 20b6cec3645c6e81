"""The messages of a conversation: what clients may send, and what is rendered of it.

An assistant's message without content, as after a tool call, is dropped. The answer continues the last message where
that is the assistant's; `prefix` (Mistral) and `continue_final_message` (vLLM) are other spellings of it.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from inference.server.requests.neutral import with_neutral
from inference.server.requests.parsing import TOO_LONG, Strict, invalid
from inference.server.requests.unsupported import MESSAGE
from inference.server.responses.errors import ApiError
from inference.text.chat_template import Message

MAX_TEXT = 2_000_000  # characters of one text: more than any context, and parsed in a tenth of a second

_MISSING = object()
_ROLES = ("system", "developer", "user", "assistant")


def _role(value: Any) -> Any:
    if value in ("tool", "function"):
        raise ValueError(
            f"one of {', '.join(_ROLES)} was expected; this server calls no tools: write the result into a user message"
        )
    return value


def _content(value: Any, info: ValidationInfo) -> Any:
    """Return content given as a string, or join a list of text parts; None where the assistant has none."""
    is_optional = info.data.get("role") == "assistant"
    if is_optional and (value is None or value is _MISSING or value == []):
        return None
    if value is _MISSING:
        raise PydanticKnownError("missing")
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise ValueError("a string or a list of text parts was expected")
    for place, part in enumerate(value):
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise ValueError(
                f'{{"type": "text", "text": "..."}} was expected for each part, but {_wrong(place, part)}; this server '
                "reads text only, so leave out other parts"
            )
    text = "".join(part["text"] for part in value)
    if len(text) > MAX_TEXT:
        raise PydanticCustomError(
            TOO_LONG, "{n} characters in all; at most {most} were expected", {"n": len(text), "most": MAX_TEXT}
        )
    return text


def _wrong(place: int, part: Any) -> str:
    """Describe part `place`, which is not a text part."""
    if not isinstance(part, dict):
        return f"part {place} is not an object"
    if part.get("type") == "text":
        return f"the text of part {place} is not a string"
    return f"the type of part {place} is {part.get('type')!r}" if "type" in part else f"part {place} has no type"


_PART: dict[str, Any] = {
    "type": "object",
    "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
    "required": ["type", "text"],
}
_CONTENT: list[Any] = [{"type": "string", "maxLength": MAX_TEXT}, {"type": "array", "items": _PART}]
Content = Annotated[
    Annotated[str, Field(max_length=MAX_TEXT)] | None,
    BeforeValidator(_content),
    WithJsonSchema({"anyOf": [*_CONTENT, {"type": "null"}]}),
    Field(default_factory=lambda: _MISSING, validate_default=True, description="null only for the assistant"),
]
_HAS_CONTENT: dict[str, Any] = {"properties": {"content": {"anyOf": _CONTENT}}, "required": ["content"]}
_BY_ROLE: dict[str, Any] = {"anyOf": [{"properties": {"role": {"const": "assistant"}}}, _HAS_CONTENT]}
_IS_KEPT: dict[str, Any] = {
    "anyOf": [
        {"properties": {"role": {"not": {"const": "assistant"}}}},
        {"properties": {"content": {"type": ["string", "array"], "minItems": 1}}, "required": ["content"]},
    ]
}


@with_neutral(MESSAGE)
class ChatMessage(Strict):
    model_config = ConfigDict(json_schema_extra=_BY_ROLE)

    role: Annotated[Literal["system", "developer", "user", "assistant"], BeforeValidator(_role)]
    content: Content
    prefix: Annotated[
        bool | None,
        Field(description="true on the last message, the assistant's: the answer continues it, as it does without"),
        WithJsonSchema({"enum": [False, None]}),  # JSON schema has no last item
    ] = None


Messages = Annotated[
    list[ChatMessage],
    Field(
        min_length=1,
        description="where the last one is the assistant's, the answer continues it",
        json_schema_extra={"contains": _IS_KEPT},
    ),
]


class Continuing(Strict):
    """The fields of a request with messages that say where the answer begins."""

    add_generation_prompt: Annotated[
        bool | None,
        Field(description="false where the answer continues the last message"),
        WithJsonSchema({"enum": [True, None]}),
    ] = None
    continue_final_message: Annotated[
        bool | None,
        Field(
            description="true where the last message is the assistant's: the answer continues it, as it does without"
        ),
        WithJsonSchema({"enum": [False, None]}),
    ] = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages to render. `places` are their places in the request; `continues`: the answer continues the last."""

    messages: tuple[Message, ...]
    places: tuple[int, ...]
    continues: bool


def conversation(messages: list[ChatMessage], body: Continuing) -> Conversation:
    """Return what is rendered. Raises ApiError, with the field, for fields that contradict each other."""
    kept = [(place, message) for place, message in enumerate(messages) if message.content is not None]
    if not kept:
        raise ApiError(
            400,
            "messages has no message with content; at least one was expected",
            param="messages",
            code="invalid_value",
        )
    continues = kept[-1][1].role == "assistant"
    _check_prefix(messages, body)
    _check_end(body, continues=continues)
    return Conversation(
        tuple(Message(_rendered_role(message), message.content or "") for _, message in kept),
        tuple(place for place, _ in kept),
        continues,
    )


def _rendered_role(message: ChatMessage) -> Literal["system", "user", "assistant"]:
    return "system" if message.role == "developer" else message.role


def _check_prefix(messages: list[ChatMessage], body: Continuing) -> None:
    last = len(messages) - 1
    for place, message in enumerate(messages):
        if not message.prefix:
            continue
        if place != last or message.role != "assistant":
            where = f"the {message.role}'s" if message.role != "assistant" else f"message {place} of {len(messages)}"
            raise invalid(
                f"messages[{place}].prefix",
                True,
                f"it was expected only on the last message, where that is the assistant's; this is {where}",
            )
        if message.content is None:
            raise invalid(f"messages[{place}].content", None, "text was expected, for the answer to continue it")
        if body.continue_final_message is False:
            raise invalid(
                "continue_final_message", False, "true or null was expected beside prefix true on the last message"
            )


def _check_end(body: Continuing, *, continues: bool) -> None:
    if body.continue_final_message and not continues:
        raise invalid(
            "continue_final_message", True, "it was expected only where the last message is the assistant's, with text"
        )
    if body.continue_final_message and body.add_generation_prompt:
        raise invalid("add_generation_prompt", True, "false was expected beside continue_final_message true")
    if body.add_generation_prompt is False and not continues:
        raise invalid(
            "add_generation_prompt",
            False,
            "true was expected, because an answer begins with it; false only where the last message is the assistant's",
        )
