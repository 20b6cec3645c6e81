"""A conversation as the token ids that an instruct model was trained on.

    v1       [INST] and [/INST] are plain text; the system prompt is before the first user message
    v2, v3   they are control pieces, and each content is encoded by itself; the system prompt is before the last user
             message (the two differ in tool calls, which are not rendered here)
    v7       as v3, but the system prompt is first, with control pieces of its own (v11 and v13 differ in tools)
    llama-2  a user message and its answer are one text between BOS and EOS, with [INST] and <<SYS>> as plain text
    zephyr   <|system|>, <|user|> and <|assistant|> are plain text, each message ends with EOS (TinyLlama's chat models)
    none     no chat: the model only completes texts

Typed text never becomes a control id: an EOS that a user types is four characters. Where a layout writes its marks as
plain text, a user can type the same: [INST] in v1, [INST] and <<SYS>> in llama-2, <|user|> in zephyr.

Sources: mistral-common's tokenizers of the same versions, Meta's llama (chat_completion) and the published templates of
Llama 2 and TinyLlama, token for token. Zephyr has BOS first, as in its training, and as its template rendered to text
and tokenized; transformers' apply_chat_template with tokenize=True omits it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from inference.text import published
from inference.text.tokenizer import Tokenizer, check_text

Version = Literal["v1", "v2", "v3", "v7", "llama-2", "zephyr", "none"]
Family = Literal["mistral", "llama"]
Role = Literal["system", "user", "assistant"]
VERSIONS: tuple[Version, ...] = ("v1", "v2", "v3", "v7", "llama-2", "zephyr", "none")

BEGIN, END = "[INST]", "[/INST]"
_BEGIN_SYSTEM, _END_SYSTEM = "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"
_LATER_VERSION_MARK = "[MODEL_SETTINGS]"  # from v15 on
_BY_NAME: dict[str, Version] = {"v1": "v1", "v2": "v2", "v3": "v3", "v7": "v7", "v11": "v7", "v13": "v7"}
_ZEPHYR = re.compile(r"""<\|user\|>(?:\\n|\n)['"]\s*\+\s*message\[['"]content['"]\]\s*\+\s*eos_token""")


class ChatError(ValueError):
    """A conversation cannot be rendered. `index` is the wrong message, None where the whole conversation is wrong."""

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


def detect_version(tokenizer: Tokenizer, *, family: Family = "mistral", folder: Path | None = None) -> Version:
    """Return the layout that the tokenizer file names, else that of the chat template in `folder`
    (tokenizer_config.json or chat_template.jinja), else the one that the tokenizer's pieces show.

    Without any sign it is v1, or llama-2 for a model of that `family`. Raises ChatError for an unknown layout, because
    after a guess the model would answer fluently and badly.
    """
    if tokenizer.chat_version is not None:
        if tokenizer.chat_version not in _BY_NAME:
            raise _unknown(f"the tokenizer names its chat layout {tokenizer.chat_version}")
        return _BY_NAME[tokenizer.chat_version]
    template = None if folder is None else published.chat_template(folder)
    if template is not None:
        return _recognise(template, tokenizer, family)
    if tokenizer.control_id(_LATER_VERSION_MARK) is not None:
        raise _unknown(f"the tokenizer has a {_LATER_VERSION_MARK} piece")
    if tokenizer.control_id(_BEGIN_SYSTEM) is not None:
        return "v7"
    return _with_inst(tokenizer, family)


def _recognise(template: str, tokenizer: Tokenizer, family: Family) -> Version:
    """Return the layout of a Jinja template, by marks that only this layout has."""
    if "<<SYS>>" in template and BEGIN in template:
        return "llama-2"
    if _ZEPHYR.search(template):
        return "zephyr"
    if _LATER_VERSION_MARK in template or BEGIN not in template:
        raise _unknown("the chat_template beside the tokenizer has an unknown layout")
    return "v7" if _BEGIN_SYSTEM in template else _with_inst(tokenizer, family)


def _with_inst(tokenizer: Tokenizer, family: Family) -> Version:
    if tokenizer.control_id(BEGIN) is not None:
        return "v3"
    return "llama-2" if family == "llama" else "v1"


def _unknown(found: str) -> ChatError:
    return ChatError(
        f"{found}; the known chat layouts are {', '.join(VERSIONS[:-1])}. Choose one with --template if the model "
        "understands it, or none to serve completions only"
    )


def render(messages: Sequence[Message], tokenizer: Tokenizer, version: Version | None = None) -> list[int]:
    """Return the ids of a conversation, BOS first, up to the start of the assistant's answer.

    The first message may be the system's; then user and assistant take turns, and the last message is the user's. An
    assistant's message may be empty, because models do answer nothing. Raises ChatError for any other conversation.
    `version` None means the tokenizer's own.
    """
    version = version or detect_version(tokenizer)
    if version == "none":
        raise ChatError("this model is served for completions only (--template none); use /v1/completions")
    system, turns = _split(messages)
    text = _Text(tokenizer)
    if version == "llama-2":
        return _llama_2(system, turns, text)
    if version == "zephyr":
        return _zephyr(system, turns, text)
    return _mistral(system, turns, text, version)


@dataclass(frozen=True, slots=True)
class _Turn:
    index: int  # among all messages
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class _Text:
    """Encodes plain text, and names the message where it cannot."""

    tokenizer: Tokenizer

    def ids(self, text: str, turn: _Turn) -> list[int]:
        try:
            return self.tokenizer.encode(text)
        except ValueError as error:
            raise ChatError(f"message {turn.index} ({turn.role}): {error}", turn.index) from error

    def control(self, piece: str, version: Version) -> int:
        token_id = self.tokenizer.control_id(piece)
        if token_id is None:
            raise ChatError(f"layout {version} needs a control piece {piece}, which the tokenizer lacks; use v1")
        return token_id


def _mistral(system: _Turn | None, turns: Sequence[_Turn], text: _Text, version: Version) -> list[int]:
    ids = [text.tokenizer.bos_id]
    begin, end = ([], []) if version == "v1" else ([text.control(piece, version)] for piece in (BEGIN, END))
    if version == "v7" and system is not None:
        first, last = (text.control(piece, version) for piece in (_BEGIN_SYSTEM, _END_SYSTEM))
        ids += [first, *text.ids(system.content, system), last]
    system_at = {"v1": 0, "v7": None}.get(version, len(turns) - 1)
    for position, turn in enumerate(turns):
        content = turn.content
        if turn.role == "assistant":
            ids += [*text.ids(content if version == "v1" else content.rstrip(" "), turn), text.tokenizer.eos_id]
            continue
        if system is not None and system.content and position == system_at:
            content = f"{system.content}\n\n{content}"
        ids += [*begin, *text.ids(f"{BEGIN} {content} {END}" if version == "v1" else content, turn), *end]
    return ids


def _llama_2(system: _Turn | None, turns: Sequence[_Turn], text: _Text) -> list[int]:
    ids: list[int] = []
    head = "" if system is None else f"<<SYS>>\n{system.content}\n<</SYS>>\n\n"
    for user, answer in zip(turns[::2], [*turns[1::2], None], strict=True):
        asked = f"{BEGIN} {(head + user.content).strip()} {END}"
        head = ""
        ids.append(text.tokenizer.bos_id)
        if answer is None:
            ids += text.ids(asked, user)
        else:
            ids += [*text.ids(f"{asked} {answer.content.strip()} ", user), text.tokenizer.eos_id]
    return ids


def _zephyr(system: _Turn | None, turns: Sequence[_Turn], text: _Text) -> list[int]:
    ids, between = [text.tokenizer.bos_id], ""
    for turn in [*([] if system is None else [system]), *turns]:
        ids += [*text.ids(f"{between}<|{turn.role}|>\n{turn.content}", turn), text.tokenizer.eos_id]
        between = "\n"
    return [*ids, *text.ids("\n<|assistant|>\n", turns[-1])]


def _split(messages: Sequence[Message]) -> tuple[_Turn | None, list[_Turn]]:
    """Return the system message, if any, and the turns, after a check of their order and characters."""
    if not messages:
        raise ChatError("no messages; at least one user message was expected")
    turns = [_Turn(index, message.role, message.content) for index, message in enumerate(messages)]
    system = turns.pop(0) if turns[0].role == "system" else None
    if not turns:
        raise ChatError("there is only a system message; a user message was expected after it")
    for turn in turns if system is None else [system, *turns]:
        try:
            check_text(turn.content)
        except ValueError as error:
            raise ChatError(f"message {turn.index} ({turn.role}): {error}", turn.index) from error
    for position, turn in enumerate(turns):
        expected = "assistant" if position % 2 else "user"
        if turn.role != expected:
            raise ChatError(
                f"message {turn.index} is the {turn.role}'s; the {expected}'s was expected (an optional system "
                "message, then user and assistant in turns)",
                turn.index,
            )
        if turn.role == "user" and not turn.content.strip():
            raise ChatError(f"message {turn.index} (user) is empty; some text was expected", turn.index)
    last = turns[-1]
    if last.role != "user":
        raise ChatError(
            f"message {last.index}, the last one, is the {last.role}'s; the user's was expected", last.index
        )
    return system, turns
