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

import itertools
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
_JOINT = "\n\n"  # between neighbouring messages of one role
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


def render(
    messages: Sequence[Message], tokenizer: Tokenizer, version: Version | None = None, *, continues: bool = False
) -> list[int]:
    """Return the ids of a conversation, BOS first, up to the start of the assistant's answer.

    Roles may come in any order. `version` None means the tokenizer's own layout. With `continues` the last message is
    the assistant's, and the answer continues it: its end is left out. Raises ChatError for an empty conversation, for
    text that is not Unicode, and with `continues` where the last message is not the assistant's.
    """
    version = version or detect_version(tokenizer)
    if version == "none":
        raise ChatError("this model is served for completions only (--template none); use /v1/completions")
    turns = _checked(messages, continues=continues)
    text = _Text(tokenizer)
    if version == "llama-2":
        return _llama_2(turns, text, continues=continues)
    if version == "zephyr":
        return _zephyr(turns, text, continues=continues)
    return _mistral(turns, text, version, continues=continues)


@dataclass(frozen=True, slots=True)
class _Turn:
    index: int  # of the first of its messages
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


def _mistral(turns: Sequence[_Turn], text: _Text, version: Version, *, continues: bool) -> list[int]:
    """Join messages as mistral-common's normalizers do, and encode them as its tokenizers do."""
    joined = _joined(turns, keeps_system=version == "v7")
    system = "" if version == "v7" else _system_prompt(turns)
    users = [at for at, turn in enumerate(joined) if turn.role == "user"]
    system_at = None if not system else users[0] if version == "v1" else users[-1]
    begin, end = ([], []) if version == "v1" else ([text.control(piece, version)] for piece in (BEGIN, END))
    ids = [text.tokenizer.bos_id]
    for position, turn in enumerate(joined):
        content = turn.content
        if turn.role == "system":
            first, last = (text.control(piece, version) for piece in (_BEGIN_SYSTEM, _END_SYSTEM))
            ids += [first, *text.ids(content, turn), last]
        elif turn.role == "assistant":
            ids += text.ids(content if version == "v1" else content.rstrip(" "), turn)
            if not (continues and position == len(joined) - 1):
                ids.append(text.tokenizer.eos_id)
        else:
            if position == system_at:
                content = f"{system}\n\n{content}"
            ids += [*begin, *text.ids(f"{BEGIN} {content} {END}" if version == "v1" else content, turn), *end]
    return ids


def _llama_2(turns: Sequence[_Turn], text: _Text, *, continues: bool) -> list[int]:
    has_system = any(turn.role == "system" for turn in turns)
    head = f"<<SYS>>\n{_system_prompt(turns)}\n<</SYS>>\n\n" if has_system else ""
    joined = _joined([turn for turn in turns if turn.role != "system"], keeps_system=False)
    ids: list[int] = []
    for user, answer in zip(joined[::2], [*joined[1::2], None], strict=len(joined) % 2 == 1):
        asked = f"{BEGIN} {(head + user.content).strip()} {END}"
        head = ""
        ids.append(text.tokenizer.bos_id)
        if answer is None:
            ids += text.ids(asked, user)
        elif continues and answer is joined[-1]:
            ids += text.ids(f"{asked} {answer.content.strip()}", user)
        else:
            ids += [*text.ids(f"{asked} {answer.content.strip()} ", user), text.tokenizer.eos_id]
    return ids


def _zephyr(turns: Sequence[_Turn], text: _Text, *, continues: bool) -> list[int]:
    """Give every message a turn of its own, in any order, as the published template does."""
    ids, between = [text.tokenizer.bos_id], ""
    for turn in turns:
        ids += text.ids(f"{between}<|{turn.role}|>\n{turn.content}", turn)
        if continues and turn is turns[-1]:
            return ids
        ids.append(text.tokenizer.eos_id)
        between = "\n"
    return [*ids, *text.ids("\n<|assistant|>\n", turns[-1])]


def _checked(messages: Sequence[Message], *, continues: bool) -> list[_Turn]:
    if not messages:
        raise ChatError("no messages; at least one user message was expected")
    turns = [_Turn(index, message.role, message.content) for index, message in enumerate(messages)]
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


def _system_prompt(turns: Sequence[_Turn]) -> str:
    return _JOINT.join(turn.content for turn in turns if turn.role == "system" and turn.content)


def _joined(turns: Sequence[_Turn], *, keeps_system: bool) -> list[_Turn]:
    """Join neighbours of one role, but the system's, which stay apart (v7) or are left out, with a user's turn first.

    A system message that is left out still keeps its neighbours apart.
    """
    joined: list[_Turn] = []
    for role, group in itertools.groupby(turns, key=lambda turn: turn.role):
        neighbours = list(group)
        if role != "system":
            content = _JOINT.join(turn.content for turn in neighbours if turn.content)
            joined.append(_Turn(neighbours[0].index, role, content))
        elif keeps_system:
            joined += neighbours
    if not joined or (joined[0].role != "user" and not keeps_system):
        joined.insert(0, _Turn(0, "user", ""))
    return joined
