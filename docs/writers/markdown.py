"""Markdown that GitHub and the site read alike."""

import html
from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """`text` as code, for a cell of a table too; empty stays empty.

    A pipe inside backticks ends a cell on GitHub, and its escape is shown on the site: such text is written as HTML.
    """
    if "|" in text:
        return f"<code>{html.escape(text, quote=False).replace('|', '&#124;')}</code>"
    return f"`{text}`" if text else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells in Markdown, with a line end after it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
