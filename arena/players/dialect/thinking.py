"""Split the reasoning from the answer where a server sends both as one text.

Servers without a reasoning parser send `<think>…</think>` at the start of the text, in pieces that end anywhere. Only
the start of an answer is searched; a tag further on is part of the text.

    closed       <think>hm</think>forty two      thought "hm", text "forty two"
    unclosed     <think>hm …                     all of it is thought
    only closed  hm</think>\\n\\nforty two         the chat template had already written the opening tag

In the last case nothing before the closing tag marks a thought, and text that was shown cannot be taken back. So the
first text of an unknown address is held back (`ThinkingStyle.UNKNOWN`: by the endpoint, for a second), and an address
known to omit the opening tag has its text held back until the closing one (`ThinkingStyle.OPENED`). A closing tag that
arrives too late is reported as `is_late`.
"""

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
_MAX_BLANKS = 1000  # of white space before the first word, which may precede a tag
_MAX_RECENT = 40


class ThinkingStyle(enum.Enum):
    """How an address sends reasoning within the text."""

    UNKNOWN = "unknown"
    PLAIN = "plain"
    """Not at all, or between two tags."""
    OPENED = "opened"
    """With a closing tag only."""


def mentions_tags(text: str) -> bool:
    """Whether a message mentions the tags, so that an answer may mention them too."""
    return any(tag.lstrip("</[◁") in text for tag in _LONE)


class Splitter:
    """Splits an answer's text into thoughts and text as it arrives.

    While `is_holding`, text is held back until a lone closing tag arrives or `release` is called. With `trusts_lone`
    False a lone closing tag is ordinary text.
    """

    def __init__(
        self, style: ThinkingStyle = ThinkingStyle.PLAIN, *, holds: bool = False, trusts_lone: bool = True
    ) -> None:
        self.style = style
        self.is_holding = holds or style is ThinkingStyle.OPENED
        self.is_late = False
        """A lone closing tag arrived after text was released."""
        self._trusts_lone = trusts_lone or style is ThinkingStyle.OPENED
        self._close: str | None = None  # the tag that ends the current thought
        self._at_start = True
        self._has_thought = False
        self._buffer = ""
        self._n_new = 0  # characters at the buffer's end that arrived last
        self._sizes: list[int] = []  # of the pieces that arrived while text was held back
        self._recent = ""  # the end of the released text, in which a tag may begin
        self._fences = 0

    @property
    def is_opened(self) -> bool:
        """Whether a lone closing tag arrived in time."""
        return self.style is ThinkingStyle.OPENED

    @property
    def has_begun(self) -> bool:
        """Whether anything but white space and a possible tag has arrived."""
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
        """Stop holding text back; return what was held."""
        self.is_holding = False
        if self._at_start or self._close is not None:
            return []
        return self._as_it_came(self._text())

    def end(self, *, is_cut: bool = False) -> list[Piece]:
        """Return what is still held back. Text that waited for a closing tag is a thought if the token limit cut it,
        else the answer."""
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
            if self.style is ThinkingStyle.OPENED and is_cut:
                return [Thought(held)]
        return self._as_it_came([Token(held)])

    def _step(self, pieces: list[Piece], is_tag_alone: bool) -> bool:
        """Take one part from the buffer; return whether there may be another."""
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
        """Read what precedes the first word: an opening tag, the beginning of one, or text."""
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
        """Return held text in the pieces in which it arrived."""
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
        """Find a closing tag that ends a thought: at the end of its line and not in code."""
        if not self._trusts_lone:
            return None
        for tag in _LONE:
            at = text.find(tag, start)
            if at < 0:
                continue
            end = at + len(tag)
            is_line_end = text[end] in "\r\n" if end < len(text) else is_tag_alone or at_end
            in_code = (self._fences + text[:at].count("```")) % 2 == 1 or text[at - 1 : at] == "`"
            if self.style is ThinkingStyle.OPENED or (is_line_end and not in_code):
                return at, end
        return None

    def _note_opened(self) -> None:
        self.style = ThinkingStyle.OPENED


def _overlap(text: str, tag: str) -> int:
    """Return how many characters at the end of `text` may begin `tag`."""
    return next((n for n in range(min(len(text), len(tag) - 1), 0, -1) if tag.startswith(text[-n:])), 0)
