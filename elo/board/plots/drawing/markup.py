"""The parts that figures share: escaped text, lines, style sheets and frames."""

import re
from html import escape
from importlib.resources import files
from itertools import accumulate
from unicodedata import east_asian_width

_NO_XML = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def style() -> str:
    """The CSS that every figure needs besides the tokens, for a page that embeds one."""
    return files(__package__).joinpath("figures.css").read_text(encoding="utf-8")


def document(title: str, body: str) -> str:
    """An HTML page around figures."""
    css = files(__package__).joinpath("page.css").read_text(encoding="utf-8") + style()
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{plain(title)}</title><style>{css}</style></head><body>{body}</body></html>\n"
    )


def plain(text: str) -> str:
    """Anybody's text for HTML and XML, in an element or in an attribute."""
    return escape(_NO_XML.sub("\ufffd", text))


def cut(text: str, longest: int) -> str:
    """The text, or as much of its beginning as has this width."""
    if width(text) <= longest:
        return text
    widths = accumulate(map(width, text))
    return f"{text[: sum(so_far < longest for so_far in widths)]}…"


def width(text: str) -> float:
    """In small letters: those of East Asia are as wide as two, capital ones as one and a half."""
    return sum(
        2.0 if east_asian_width(letter) in "WF" else 1.5 if letter.isupper() or letter in "mw@%" else 1.0
        for letter in text
    )


def line(x1: str, x2: str, y: str, kind: str, width: int) -> str:
    """A horizontal line. The tag is closed explicitly, because Markdown and HTML may not take it otherwise."""
    return f'<line class="{kind}" x1="{x1}" x2="{x2}" y1="{y}" y2="{y}" stroke-width="{width}"></line>'


def upright(x: str, y1: str, y2: str, kind: str, width: int) -> str:
    """A vertical line."""
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{y1}" y2="{y2}" stroke-width="{width}"></line>'
