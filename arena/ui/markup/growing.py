"""A growing answer as HTML, without reading it again from its start.

Markdown is decided line by line: once a new block has started, nothing can change the block before it. Such finished
blocks are written once, and their string only grows, so that Gradio sends only its new end. The rest, usually the last
block, is read again when more than words were added: each time while it is short, otherwise after growing by a
sixteenth, so that reading takes time in proportion to the answer. Text since the last reading is shown behind it as
plain text. A finished item of a list at the left margin counts as a block, and the list continues in the next piece.

    "# Title\\n\\nSome **wor"    done: <h3 dir="auto">Title</h3>    rest: <p dir="auto">Some **wor
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from markdown_it.token import Token

from arena.ui.markup.budget import Budget
from arena.ui.markup.reader import MAX_NESTING, make_reader
from arena.ui.markup.writer import COLOURED, PLAIN, STATIC, Look, write_block, write_source
from arena.ui.untrusted import cleaned, escaped

_reader = make_reader()
_SHORT = 2000
_MORE_THAN_WORDS = re.compile(r"[^\w ,;?'\"]|_")
_FORMULAS_IN_REST = 20
"""The page draws the whole rest again each time; further formulas are drawn once their block is finished."""
_BETWEEN = "\n\n"
_LIST = re.compile(r"^<[uo]l")
_CLOSERS = re.compile(
    r"(?:</code></pre></div>|</table></div>|</(?:label|p|li|ul|ol|blockquote|tbody|thead|tr|td|th|h[3-6])>)+$"
)


@dataclass(frozen=True, slots=True)
class Markup:
    """An answer as HTML: `done` only grows, `rest` is replaced. The last tags of `rest` stay open (a browser closes
    them), so that it mostly grows too."""

    done: str
    rest: str


def whole(text: str) -> str:
    """Return a finished text as HTML."""
    return GrowingMarkup().show(text, is_whole=True).done


@lru_cache(maxsize=500)
def static(text: str) -> str:
    """Return a finished text as HTML for a page that the server makes: formulas are MathML, because the page has no
    KaTeX."""
    written = GrowingMarkup(STATIC).show(text, is_whole=True).done.strip()
    return f'<div class="answer">{written}</div>'


class GrowingMarkup:
    """One answer. Each page passes the text it has; for less text than was already shown, the result stays the same."""

    _text: str
    _is_whole: bool
    _done: str
    _tail: str
    """The text that is not finished; `_rest` is its HTML up to `_n_read`."""
    _rest: str
    _n_read: int
    _references: dict[str, Any]
    """The targets of links by reference, by name."""
    _first_number: int | None
    """The first number of an ordered list that continues at the start of the tail."""
    _budget: Budget
    _markup: Markup

    def __init__(self, look: Look = COLOURED) -> None:
        """`look` is how finished blocks are drawn; code that still grows has no colours."""
        self._look = look
        self._begin()

    def show(self, text: str, *, is_whole: bool = False) -> Markup:
        """Return the text as HTML. With `is_whole` the text is finished, and everything is in `done`."""
        if text == self._text and is_whole == self._is_whole:
            return self._markup
        if not is_whole and not self._is_whole and self._text.startswith(text):
            return self._markup
        if self._is_whole or not text.startswith(self._text):  # another attempt
            self._begin()
        new = text[len(self._text) :]
        if new.startswith("\n") and self._text.endswith("\r"):
            new = new[1:]
        self._text, self._is_whole = text, is_whole
        self._tail += cleaned(new)
        if is_whole:
            self._end()
        elif self._is_due():
            self._read()
        self._markup = Markup(self._done, "" if is_whole else self._rest + escaped(self._tail[self._n_read :]))
        return self._markup

    def _begin(self) -> None:
        self._text = self._done = self._tail = self._rest = ""
        self._is_whole = False
        self._n_read = 0
        self._references = {}
        self._first_number = None
        self._budget = Budget()
        self._markup = Markup("", "")

    def _is_due(self) -> bool:
        """Whether enough was added since the last reading, and more than words, to read the tail again."""
        n_new = len(self._tail) - self._n_read
        begins_line = not self._n_read or self._tail[self._n_read - 1] == "\n"
        is_more = begins_line or _MORE_THAN_WORDS.search(self._tail, self._n_read) is not None
        return is_more and n_new > max(0, len(self._tail) - _SHORT) // 16

    def _parse(self, *, is_open: bool) -> tuple[list[list[Token]], dict[str, Any]]:
        """Return the tail's top-level blocks, and the targets of links by reference."""
        environment: dict[str, Any] = {"references": dict(self._references), "is_open": is_open}
        blocks = _blocks(_reader.parse(self._tail, environment))
        if blocks and self._first_number is not None:
            blocks[0] = _numbered(blocks[0], self._first_number)
        return blocks, environment["references"]

    def _read(self) -> None:
        blocks, references = self._parse(is_open=True)
        lines = self._tail.split("\n")
        n_complete = len(lines) - 1

        def is_settled(first: Token) -> bool:
            """Whether the block that starts here will start here whatever follows."""
            assert first.map is not None
            if first.type == "formula_open_source":
                return False
            if first.type == "formula_block":
                return first.map[1] <= n_complete
            line = first.map[0]
            if first.type == "paragraph_open" and lines[line][:1].isalpha() and not lines[line - 1].strip():
                return True  # whatever follows in its line
            return line + 2 <= n_complete  # a table is recognised by its second line

        n_done = max((n for n, block in enumerate(blocks) if n and is_settled(block[0])), default=0)
        done = [self._write(block, lines, self._budget) for block in blocks[:n_done]]
        blocks = blocks[n_done:]
        line = _line(blocks[0][0]) if n_done else 0
        if n_done:
            self._first_number = None
        if blocks and (cut := _last_item(blocks[0], is_settled)):
            finished, blocks[0], line = cut
            done.append(self._write(finished, lines, self._budget, goes_on=True))
            self._first_number = _number(blocks[0])
        self._done += "".join(done)
        if line:
            kept = {name: one for name, one in references.items() if name in self._references or one["map"][1] <= line}
            self._references = kept
        budget = replace(self._budget, n_formulas=min(self._budget.n_formulas, _FORMULAS_IN_REST))
        rest = "".join(self._write(block, lines, budget, look=PLAIN) for block in blocks)
        self._rest = _CLOSERS.sub("", rest.removesuffix(_BETWEEN))
        self._tail = "\n".join(lines[line:])
        self._n_read = len(self._tail)
        if not self._rest.endswith(" "):  # the reader drops spaces at the end, which may be between words
            self._n_read = len(self._tail.rstrip(" "))

    def _end(self) -> None:
        blocks, references = self._parse(is_open=False)
        if self._done and references:  # finished blocks can link to a target that came later
            self._done, self._tail, self._budget, self._first_number = "", cleaned(self._text), Budget(), None
            self._references = {}
            blocks, _ = self._parse(is_open=False)
        lines = self._tail.split("\n")
        self._done += "".join(self._write(block, lines, self._budget) for block in blocks)
        self._tail = self._rest = ""
        self._n_read = 0

    def _write(
        self,
        block: list[Token],
        lines: Sequence[str],
        budget: Budget,
        *,
        look: Look | None = None,
        goes_on: bool = False,
    ) -> str:
        if any(token.level >= MAX_NESTING - 1 for token in block):  # the reader drops what is nested deeper
            first, last = block[0].map or (0, len(lines))
            return write_source("\n".join(lines[first:last])) + _BETWEEN
        written = write_block(block, budget, look or self._look)
        return (_LIST.sub(r'\g<0> class="goes-on"', written) if goes_on else written) + _BETWEEN


def _blocks(tokens: Sequence[Token]) -> list[list[Token]]:
    blocks: list[list[Token]] = []
    for token in tokens:
        if token.level == 0 and token.nesting >= 0:
            blocks.append([])
        blocks[-1].append(token)
    return blocks


def _line(token: Token) -> int:
    assert token.map is not None
    return token.map[0]


def _last_item(block: list[Token], is_settled: Callable[[Token], bool]) -> tuple[list[Token], list[Token], int] | None:
    """Return a list as its finished items and the item that may continue, with the line where that starts."""
    if block[0].type not in ("bullet_list_open", "ordered_list_open"):
        return None
    places = [n for n, token in enumerate(block) if token.type == "list_item_open" and token.level == 1]
    place = max((n for n in places[1:] if is_settled(block[n])), default=None)
    if place is None:
        return None
    rest = [*block[:1], *block[place:]]
    number = _number(block)
    if number is not None:
        rest = _numbered(rest, number + places.index(place))
    return [*block[:place], block[-1]], rest, _line(block[place])


def _number(block: list[Token]) -> int | None:
    """Return the first number of an ordered list."""
    return int(block[0].attrs.get("start", 1)) if block[0].type == "ordered_list_open" else None


def _numbered(block: list[Token], number: int) -> list[Token]:
    if block[0].type != "ordered_list_open":
        return block
    return [block[0].copy(attrs={"start": number}), *block[1:]]
