"""The length and the Markdown of an answer, as counts.

They are counted when an answer is stored and stay when its text is deleted, so that ratings that control for style do
not move. `elo.votes.style` counts the answers of files by the same function. It imports nothing of the project.
"""

import re
from typing import NamedTuple, Self

# A fence of backticks has no more of them on its line: ```this``` is code within a line.
_CODE = re.compile(r"^[ \t]*(`{3,}(?=[^`\n]*$)|~{3,}).*?(?:^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)
_LIST_ITEM = re.compile(r"^[ \t]*(?:\d+\.|[-*+])\s", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")


class StyleCounts(NamedTuple):
    """Counts of one answer."""

    n_chars: int
    n_headings: int
    n_list_items: int
    """Numbered or not."""
    n_bold: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Count the characters and the Markdown of a text.

        The counts are those of Chatbot Arena: lines that start like a header or a list item, and **bold** or __bold__
        on one line; nothing inside fenced code, where `#` is a comment and `-` a minus.
        """
        prose = _CODE.sub("", text)
        return cls(len(text), len(_HEADING.findall(prose)), len(_LIST_ITEM.findall(prose)), len(_BOLD.findall(prose)))
