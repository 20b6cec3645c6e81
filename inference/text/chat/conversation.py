"""Messages of a conversation, and how neighbours of one role become one turn."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inference.text.tokenizer import check_text

Role = Literal["system", "user", "assistant"]

_JOINT = "\n\n"  # as in mistral-common's normalizers


class ChatError(ValueError):
    """A conversation cannot be rendered. `index` is the wrong message, None where the whole conversation is wrong."""

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, or several of the same role. `index` is that of the first among all messages."""

    index: int
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Ends:
    """What ends an answer beside EOS: control ids, and texts where a layout writes its marks as plain text."""

    ids: frozenset[int] = frozenset()
    texts: tuple[str, ...] = ()


def turns_of(messages: Sequence[Message], *, continues: bool) -> list[Turn]:
    """Return each message as a turn.

    Raises ChatError where there is none, for a lone surrogate, and with `continues` where the last message is not the
    assistant's.
    """
    if not messages:
        raise ChatError("no messages; at least one user message was expected")
    turns = [Turn(index, message.role, message.content) for index, message in enumerate(messages)]
    for turn in turns:
        try:
            check_text(turn.content)
        except ValueError as error:
            raise ChatError(f"message {turn.index} ({turn.role}): {error}", turn.index) from error
    last = turns[-1]
    if continues and last.role != "assistant":
        raise ChatError(
            f"message {last.index}, the last one, is the {last.role}'s; the assistant's was expected, for the answer "
            "to continue it",
            last.index,
        )
    return turns


def system_prompt(turns: Sequence[Turn]) -> str:
    """Return all system messages as one text, "" where none has any."""
    return _JOINT.join(turn.content for turn in turns if turn.role == "system" and turn.content)


def joined(turns: Sequence[Turn], *, keeps_system: bool = False) -> list[Turn]:
    """Join neighbours of one role, as mistral-common's normalizers do; empty ones add nothing.

    System messages stay as they are with `keeps_system` (v7). Otherwise they are left out, though they still keep their
    neighbours apart, and an empty user turn is put before a first turn of the assistant.
    """
    result: list[Turn] = []
    for role, group in itertools.groupby(turns, key=lambda turn: turn.role):
        neighbours = list(group)
        if role != "system":
            content = _JOINT.join(turn.content for turn in neighbours if turn.content)
            result.append(Turn(neighbours[0].index, role, content))
        elif keeps_system:
            result += neighbours
    if not result or (result[0].role != "user" and not keeps_system):
        result.insert(0, Turn(0, "user", ""))
    return result


def alternating(turns: Sequence[Turn]) -> tuple[str | None, list[Turn]]:
    """Return the system prompt, None where there is no system message, and turns of user and assistant in alternation.

    The first turn is the user's. For layouts that know no other order.
    """
    has_system = any(turn.role == "system" for turn in turns)
    others = joined([turn for turn in turns if turn.role != "system"])
    return (system_prompt(turns) if has_system else None), others


def with_system_in_user(system: str, turns: Sequence[Turn]) -> list[Turn]:
    """Put a system prompt before the first user's text, for layouts without a system role."""
    first = turns[0]
    content = _JOINT.join(text for text in (system, first.content) if text)
    return [Turn(first.index, first.role, content), *turns[1:]]
