"""The built-in chat layouts.

    v1          [INST] and [/INST] are plain text; the system prompt is before the first user message
    v2, v3      they are control pieces, and each content is encoded by itself; the system prompt is before the last
                user message (the two differ in tool calls, which are not rendered here)
    v7          as v3, but a system message has control pieces of its own, where it stands (v11, v13 differ in tools)
    llama-2     a user message and its answer are one text between BOS and EOS, with [INST] and <<SYS>> as plain text
    zephyr      <|system|>, <|user|> and <|assistant|> are plain text, each message ends with EOS (TinyLlama)
    chatml      <|im_start|> and <|im_end|> around each message, without BOS; chatml-bos has BOS first

Roles may come in any order. Mistral's layouts join neighbours of one role as mistral-common does, llama-2 joins all
system messages, and neighbours; zephyr and chatml give each message a turn of its own, as their templates do.

Typed text never becomes a control id: an EOS that a user types is four characters. Where a layout writes its marks as
plain text, a user can type the same: [INST] in v1, [INST] and <<SYS>> in llama-2, <|user|> in zephyr, and <|im_end|> in
chatml if the tokenizer has no such control piece.

Sources: mistral-common's tokenizers of the same versions, Meta's llama (chat_completion) and the published templates of
Llama 2, TinyLlama and OpenHermes, token for token. Zephyr has BOS first, as in its training, and as its template
rendered to text and tokenized; transformers' apply_chat_template with tokenize=True omits it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inference.text.chat.conversation import ChatError, Ends, Turn, alternating, joined, system_prompt
from inference.text.tokenizer import Tokenizer

Layout = Literal["v1", "v2", "v3", "v7", "llama-2", "zephyr", "chatml", "chatml-bos"]
LAYOUTS: tuple[Layout, ...] = ("v1", "v2", "v3", "v7", "llama-2", "zephyr", "chatml", "chatml-bos")
MISTRAL: tuple[Layout, ...] = ("v1", "v2", "v3", "v7")

BEGIN, END = "[INST]", "[/INST]"
BEGIN_SYSTEM, END_SYSTEM = "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"
IM_START, IM_END = "<|im_start|>", "<|im_end|>"


@dataclass(frozen=True, slots=True)
class Mark:
    """A control piece."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text, of a message at least in part."""

    text: str
    turn: Turn


Part = Mark | Text


def ids_of(turns: Sequence[Turn], layout: Layout, tokenizer: Tokenizer, *, continues: bool) -> list[int]:
    """Return the ids of a conversation, up to the start of the assistant's answer.

    Raises ChatError where the tokenizer lacks a control piece, or cannot encode a message as plain text.
    """
    parts = parts_of(turns, layout, tokenizer, continues=continues)
    if layout in ("chatml", "chatml-bos"):
        return tokenizer.encode_parts([_known(part, layout, tokenizer) for part in parts])
    ids: list[int] = []
    for part in parts:
        known = _known(part, layout, tokenizer)
        if isinstance(known, int):
            ids.append(known)
            continue
        assert isinstance(part, Text)
        try:
            ids += tokenizer.encode(known)
        except ValueError as error:
            turn = part.turn
            raise ChatError(f"message {turn.index} ({turn.role}): {error}", turn.index) from error
    return ids


def ends_of(layout: Layout, tokenizer: Tokenizer) -> Ends:
    """Return what ends an answer beside EOS."""
    if layout not in ("chatml", "chatml-bos"):
        return Ends()
    end = tokenizer.control_id(IM_END)
    return Ends(texts=(IM_END,)) if end is None else Ends(frozenset({end}))


def parts_of(turns: Sequence[Turn], layout: Layout, tokenizer: Tokenizer, *, continues: bool = False) -> list[Part]:
    """Return a conversation as plain text and control pieces."""
    bos, eos = (Mark(tokenizer.piece(token_id)) for token_id in (tokenizer.bos_id, tokenizer.eos_id))
    if layout == "llama-2":
        return _llama_2(turns, bos, eos, continues=continues)
    if layout == "zephyr":
        return [bos, *_zephyr(turns, eos, continues=continues)]
    if layout == "chatml" or layout == "chatml-bos":
        has_marks = tokenizer.control_id(IM_START) is not None and tokenizer.control_id(IM_END) is not None
        return [*([bos] if layout == "chatml-bos" else []), *_chatml(turns, has_marks=has_marks, continues=continues)]
    return [bos, *_mistral(turns, eos, layout, continues=continues)]


def _known(part: Part, layout: Layout, tokenizer: Tokenizer) -> int | str:
    if isinstance(part, Text):
        return part.text
    token_id = tokenizer.control_id(part.name)
    if token_id is None:
        raise ChatError(f"layout {layout} needs a control piece {part.name}, which the tokenizer lacks; use v1")
    return token_id


def _mistral(turns: Sequence[Turn], eos: Mark, layout: Layout, *, continues: bool) -> list[Part]:
    """Join messages as mistral-common's normalizers do, and lay them out as its tokenizers do."""
    together = joined(turns, keeps_system=layout == "v7")
    system = "" if layout == "v7" else system_prompt(turns)
    users = [at for at, turn in enumerate(together) if turn.role == "user"]
    system_at = None if not system else users[0] if layout == "v1" else users[-1]
    parts: list[Part] = []
    for position, turn in enumerate(together):
        content = turn.content
        if turn.role == "system":
            parts += [Mark(BEGIN_SYSTEM), Text(content, turn), Mark(END_SYSTEM)]
        elif turn.role == "assistant":
            parts.append(Text(content if layout == "v1" else content.rstrip(" "), turn))
            if not (continues and position == len(together) - 1):
                parts.append(eos)
        else:
            if position == system_at:
                content = f"{system}\n\n{content}"
            if layout == "v1":
                parts.append(Text(f"{BEGIN} {content} {END}", turn))
            else:
                parts += [Mark(BEGIN), Text(content, turn), Mark(END)]
    return parts


def _llama_2(turns: Sequence[Turn], bos: Mark, eos: Mark, *, continues: bool) -> list[Part]:
    system, pairs = alternating(turns)
    head = "" if system is None else f"<<SYS>>\n{system}\n<</SYS>>\n\n"
    parts: list[Part] = []
    for user, answer in zip(pairs[::2], [*pairs[1::2], None], strict=len(pairs) % 2 == 1):
        asked = f"{BEGIN} {(head + user.content).strip()} {END}"
        head = ""
        if answer is None:
            parts += [bos, Text(asked, user)]
        elif continues and answer is pairs[-1]:
            parts += [bos, Text(f"{asked} {answer.content.strip()}", user)]
        else:
            parts += [bos, Text(f"{asked} {answer.content.strip()} ", user), eos]
    return parts


def _zephyr(turns: Sequence[Turn], eos: Mark, *, continues: bool) -> list[Part]:
    parts: list[Part] = []
    between = ""
    for turn in turns:
        parts.append(Text(f"{between}<|{turn.role}|>\n{turn.content}", turn))
        if continues and turn is turns[-1]:
            return parts
        parts.append(eos)
        between = "\n"
    return [*parts, Text("\n<|assistant|>\n", turns[-1])]


def _chatml(turns: Sequence[Turn], *, has_marks: bool, continues: bool) -> list[Part]:
    def mark(name: str) -> Part:
        return Mark(name) if has_marks else Text(name, turns[0])

    parts: list[Part] = []
    between = ""
    for turn in turns:
        parts += [*_text(between, turn), mark(IM_START), Text(f"{turn.role}\n{turn.content}", turn)]
        if continues and turn is turns[-1]:
            return _merged(parts)
        parts.append(mark(IM_END))
        between = "\n"
    parts += [*_text(between, turns[-1]), mark(IM_START), Text("assistant\n", turns[-1])]
    return _merged(parts)


def _text(text: str, turn: Turn) -> list[Part]:
    return [Text(text, turn)] if text else []


def _merged(parts: Sequence[Part]) -> list[Part]:
    """Join neighbouring texts, which are encoded as one."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(last, Text) and isinstance(part, Text):
            merged[-1] = Text(last.text + part.text, last.turn)
        else:
            merged.append(part)
    return merged
