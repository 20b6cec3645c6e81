"""Thinking: what a model wrote aloud before its answer, split from the answer where both come as one text.

Servers without a parser for it send `<think>…</think>` at the start of the text, in pieces that end anywhere. Only the
start of an answer is read so; a tag further on is text that somebody wrote.

    closed       <think>hm</think>forty two      thought "hm", text "forty two"
    unclosed     <think>hm …                     all of it is thought
    only closed  hm</think>\\n\\nforty two         the chat template had opened it; the tag alone tells

Of the last kind nothing shows before the tag that what came was no answer, and text that is out cannot be taken back.
So the first text of an address that is not known yet is held back (`Style.UNKNOWN`: by the endpoint, for a second),
and an address that is known to leave out the opening tag has its text held until the closing one (`Style.OPENED`). Such
a tag that comes too late is reported as `is_late`.
"""

from __future__ import annotations

import enum

from arena.players.events import Thought, Token

Piece = Token | Thought

_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",
    "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",
}
_LONE = ("</think>", "</thinking>", "</seed:think>", "[/THINK]", "◁/think▷")
_MAX_BLANKS = 1000  # of white text before the first word, which may stand before a tag
_MAX_RECENT = 40


class Style(enum.Enum):
    """How an address is known to send what its model thinks aloud."""

    UNKNOWN = "unknown"
    PLAIN = "plain"
    """Not in the text, or between two tags."""
    OPENED = "opened"
    """In the text, with a closing tag alone."""


def mentions_tags(text: str) -> bool:
    """Whether a text of ours speaks of the tags itself, so that an answer may do so too."""
    return any(tag.lstrip("</[◁") in text for tag in _LONE)


class Splitter:
    """Feed it an answer's text as it comes, get the pieces; `end` gives what is still held.

    While `is_holding`, text is kept back until a lone closing tag comes or `release` is called. With `trusts_lone`
    False a lone closing tag is text like any other.
    """

    def __init__(self, style: Style = Style.PLAIN, *, holds: bool = False, trusts_lone: bool = True) -> None:
        self.style = style
        self.is_holding = holds or style is Style.OPENED
        self.is_late = False
        """A lone closing tag came after text was released."""
        self._trusts_lone = trusts_lone or style is Style.OPENED
        self._close: str | None = None  # the tag that ends the present thought
        self._at_start = True
        self._has_thought = False
        self._buffer = ""
        self._n_new = 0  # characters of the buffer's end that came last
        self._sizes: list[int] = []  # of the pieces that came while text was held
        self._recent = ""  # the end of the released text, where a tag may have begun
        self._fences = 0

    @property
    def is_opened(self) -> bool:
        """Whether a lone closing tag was found in time."""
        return self.style is Style.OPENED

    @property
    def has_begun(self) -> bool:
        """Whether anything but blanks and a possible tag has come."""
        return self._close is not None or not self._at_start or self._has_thought

    @property
    def has_held_text(self) -> bool:
        return self.is_holding and not self._at_start and bool(self._buffer)

    def feed(self, text: str) -> list[Piece]:
        pieces: list[Piece] = []
        is_tag_alone = text.strip() in _LONE
        self._buffer += text
        self._n_new = len(text)
        if self.is_holding:
            self._sizes.append(len(text))
        while self._step(pieces, is_tag_alone):
            pass
        return pieces

    def release(self) -> list[Piece]:
        """Hold no text back any more."""
        self.is_holding = False
        if self._at_start or self._close is not None:
            return []
        return self._as_it_came(self._text())

    def end(self, *, is_cut: bool = False) -> list[Piece]:
        """What is still held. Text that waited for a closing tag is thought where the token limit cut it, an answer
        else."""
        held, self._buffer = self._buffer, ""
        if not held:
            return []
        if self._close is not None:
            return [Thought(held)]
        if self._at_start and self._has_thought and not held.strip():
            return []
        if not self._at_start and self.is_holding:
            if found := self._lone(held, at_end=True):
                self._note_opened()
                thought, text = held[: found[0]], held[found[1] :].lstrip()
                return [*([Thought(thought)] if thought else []), *([Token(text)] if text else [])]
            if self.style is Style.OPENED and is_cut:
                return [Thought(held)]
        return self._as_it_came([Token(held)])

    def _step(self, pieces: list[Piece], is_tag_alone: bool) -> bool:
        """Take one thing from the buffer; whether there may be another."""
        if self._close is not None:
            return self._think(pieces)
        if self._at_start:
            return self._start(pieces)
        if not self._buffer:
            return False
        if not self.is_holding:
            pieces += self._text(is_tag_alone)
            return False
        start = max(0, len(self._buffer) - self._n_new - _MAX_RECENT)
        if found := self._lone(self._buffer, start, is_tag_alone=is_tag_alone):
            thought, self._buffer = self._buffer[: found[0]], self._buffer[found[1] :]
            self._note_opened()
            if thought:
                pieces.append(Thought(thought))
            self._at_start = self._has_thought = True
            return True
        return False

    def _think(self, pieces: list[Piece]) -> bool:
        assert self._close is not None
        at = self._buffer.find(self._close)
        if at < 0:
            kept = _overlap(self._buffer, self._close)
            thought, self._buffer = self._buffer[: len(self._buffer) - kept], self._buffer[len(self._buffer) - kept :]
            if thought:
                pieces.append(Thought(thought))
            return False
        if at:
            pieces.append(Thought(self._buffer[:at]))
        self._buffer = self._buffer[at + len(self._close) :]
        self._close, self._at_start, self._has_thought = None, True, True
        return True

    def _start(self, pieces: list[Piece]) -> bool:
        """Before the first word: a tag that opens, one that may become whole, or text."""
        start = self._buffer.lstrip()
        for tag, close in _TAGS.items():
            if start.startswith(tag):
                self._buffer, self._close = start[len(tag) :], close
                self.is_holding = False
                return True
        if (not start and len(self._buffer) < _MAX_BLANKS) or any(tag.startswith(start) for tag in _TAGS if start):
            return False
        if self._has_thought:
            self._buffer = start
            self.is_holding = False
        self._at_start = False
        return True

    def _text(self, is_tag_alone: bool = False) -> list[Piece]:
        text, self._buffer = self._buffer, ""
        if not text:
            return []
        seen = self._recent + text
        if not self._has_thought and self._lone(seen, is_tag_alone=is_tag_alone):
            self.is_late = True
            self._note_opened()
        self._recent = seen[-_MAX_RECENT:]
        self._fences += seen[: len(seen) - len(self._recent)].count("```")
        return [Token(text)]

    def _as_it_came(self, pieces: list[Piece]) -> list[Piece]:
        """Held text in the pieces in which it came."""
        text = "".join(piece.text for piece in pieces)
        end = len(text)
        parts: list[Piece] = []
        while end and self._sizes:
            start = max(0, end - self._sizes.pop())
            parts.append(Token(text[start:end]))
            end = start
        return [*([Token(text[:end])] if end else []), *reversed(parts)]

    def _lone(
        self, text: str, start: int = 0, *, is_tag_alone: bool = False, at_end: bool = False
    ) -> tuple[int, int] | None:
        """Where a closing tag stands that ends a thought: at the end of its line and in no code."""
        if not self._trusts_lone:
            return None
        for tag in _LONE:
            at = text.find(tag, start)
            if at < 0:
                continue
            end = at + len(tag)
            is_line_end = text[end] in "\r\n" if end < len(text) else is_tag_alone or at_end
            in_code = (self._fences + text[:at].count("```")) % 2 == 1 or text[at - 1 : at] == "`"
            if self.style is Style.OPENED or (is_line_end and not in_code):
                return at, end
        return None

    def _note_opened(self) -> None:
        self.style = Style.OPENED


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    return next((n for n in range(min(len(text), len(tag) - 1), 0, -1) if tag.startswith(text[-n:])), 0)
