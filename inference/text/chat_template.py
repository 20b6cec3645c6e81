"""A conversation as the token ids that a Mistral instruct model was trained on, for template versions 1 to 3.

    v1   [INST] and [/INST] are plain text; the system prompt goes before the first user message
    v2   they are control pieces, each content is encoded by itself; the system prompt goes before the last user message
    v3   as v2 (the two differ in tool calls, which are not rendered here)

In v1 a user who types "[/INST]" cannot be told from the template, by that layout's own design; in v2 and v3 typed text
never becomes a control piece. Source: mistral-common's tokenizers of the same versions, token for token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inference.text.tokenizer import Tokenizer

Version = Literal["v1", "v2", "v3"]
Role = Literal["system", "user", "assistant"]
VERSIONS: tuple[Version, ...] = ("v1", "v2", "v3")

BEGIN, END = "[INST]", "[/INST]"
_LATER_VERSION_MARK = "[SYSTEM_PROMPT]"  # from v7 on; v4 to v6 were never released


class ChatError(ValueError):
    """A conversation cannot be rendered; `index` is the message at fault, None where it is the conversation."""

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


def detect_version(tokenizer: Tokenizer) -> Version:
    """The version that a tokenizer's control pieces tell: v3 with [INST] among them, v1 without.

    Raises ChatError for a tokenizer of a later layout, which would be rendered wrongly.
    """
    if tokenizer.control_id(_LATER_VERSION_MARK) is not None:
        raise ChatError(
            f"the tokenizer has a {_LATER_VERSION_MARK} piece, so its chat layout is later than v3; "
            f"name one of {', '.join(VERSIONS)} (--template) if the model understands it"
        )
    return "v1" if tokenizer.control_id(BEGIN) is None else "v3"


def render(messages: Sequence[Message], tokenizer: Tokenizer, version: Version | None = None) -> list[int]:
    """Ids of the conversation, BOS first, ready for the assistant's answer; None reads the version of the tokenizer.

    An optional system message comes first, then user and assistant take turns, and the last message is the user's. An
    empty assistant turn is allowed: a model may have answered nothing. Raises ChatError for everything else.
    """
    version = version or detect_version(tokenizer)
    system, turns = _split(messages)
    system_at = 0 if version == "v1" else len(turns) - 1
    ids = [tokenizer.bos_id]
    for position, (index, message) in enumerate(turns):
        content = f"{system}\n\n{message.content}" if system and position == system_at else message.content
        try:
            ids += _turn(message.role, content, tokenizer, version)
        except ChatError:
            raise
        except ValueError as error:
            raise ChatError(f"message {index} ({message.role}): {error}", index) from error
    return ids


def _split(messages: Sequence[Message]) -> tuple[str, list[tuple[int, Message]]]:
    """The system prompt ("" for none) and the turns, each with its place in `messages`; their order is checked."""
    if not messages:
        raise ChatError("no messages; at least one user message was expected")
    turns = list(enumerate(messages))
    system = ""
    if messages[0].role == "system":
        system = messages[0].content
        del turns[0]
        if not turns:
            raise ChatError("there is only a system message; a user message was expected after it")
    for position, (index, message) in enumerate(turns):
        expected = "assistant" if position % 2 else "user"
        if message.role != expected:
            raise ChatError(
                f"message {index} is the {message.role}'s; the {expected}'s was expected "
                "(an optional system message, then user and assistant in turns)",
                index,
            )
        if message.role == "user" and not message.content.strip():
            raise ChatError(f"message {index} (user) is empty; some text was expected", index)
    last, message = turns[-1]
    if message.role != "user":
        raise ChatError(f"message {last}, the last one, is the {message.role}'s; the user's was expected", last)
    return system, turns


def _turn(role: Role, content: str, tokenizer: Tokenizer, version: Version) -> list[int]:
    if role == "assistant":
        text = content if version == "v1" else content.rstrip(" ")
        return [*tokenizer.encode(text), tokenizer.eos_id]
    if version == "v1":
        return tokenizer.encode(f"{BEGIN} {content} {END}")
    begin, end = tokenizer.control_id(BEGIN), tokenizer.control_id(END)
    if begin is None or end is None:
        raise ChatError(f"template {version} needs control pieces {BEGIN} and {END}; the tokenizer lacks them, use v1")
    return [begin, *tokenizer.encode(content), end]
