"""Write markdown-it's tokens as HTML, from a fixed list of tags.

A block becomes one line of HTML. Every text also passes through Gradio's Markdown reader, which leaves a line that
starts with such a tag unchanged, up to an empty line. Line ends within code are character references. Nothing has an
id, and the few classes are defined here.

A `Look` decides how formulas and code are drawn: `PLAIN` leaves code without colours, for blocks that still grow.

    # Title     <h3 dir="auto">Title</h3>       (the page's own headings are h1 and h2)
    **a** `b`   <p dir="auto"><strong>a</strong> <code>b</code></p>
    <b>         <p dir="auto">&lt;b&gt;</p>
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from arena.ui.markup.budget import Budget
from arena.ui.markup.colours import coloured
from arena.ui.markup.mathml import mathml
from arena.ui.untrusted import escaped

_DISPLAY = ("\ue000", "\ue001")
_INLINE = ("\ue002", "\ue003")
LATEX_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": _DISPLAY[0], "right": _DISPLAY[1], "display": True},
    {"left": _INLINE[0], "right": _INLINE[1], "display": False},
]
"""The page draws formulas between these characters. No answer contains them: `untrusted.cleaned` removes them."""


def _for_katex(tex: str, is_display: bool) -> str:
    left, right = _DISPLAY if is_display else _INLINE
    return f"{left}{escaped(tex)}{right}"


@dataclass(frozen=True, slots=True)
class Look:
    """How formulas and code are drawn. `formula` takes TeX and whether it has a line of its own, and returns HTML, or
    None if it cannot draw it."""

    formula: Callable[[str, bool], str | None] = _for_katex
    has_colours: bool = True


PLAIN = Look(has_colours=False)
COLOURED = Look()
STATIC = Look(formula=mathml)
"""For a page without KaTeX."""

_TAGS = {
    "paragraph_close": "</p>",
    "blockquote_open": '<blockquote dir="auto">',
    "blockquote_close": "</blockquote>",
    "bullet_list_open": '<ul dir="auto">',
    "bullet_list_close": "</ul>",
    "ordered_list_close": "</ol>",
    "list_item_open": "<li>",
    "list_item_close": "</li>",
    "hr": "<hr>",
    "table_open": '<div class="table"><table>',
    "table_close": "</table></div>",
    "thead_open": "<thead>",
    "thead_close": "</thead>",
    "tbody_open": "<tbody>",
    "tbody_close": "</tbody>",
    "tr_open": "<tr>",
    "tr_close": "</tr>",
    "th_close": "</th>",
    "td_close": "</td>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "em_open": "<em>",
    "em_close": "</em>",
    "s_open": "<s>",
    "s_close": "</s>",
    "sub_open": "<sub>",
    "sub_close": "</sub>",
    "sup_open": "<sup>",
    "sup_close": "</sup>",
    "hardbreak": "<br>",
    "softbreak": "<br>",
}
_CLOSING_MARKUP = {"$$": "$$", "$": "$", r"\[": r"\]", r"\(": r"\)"}
_IN_LINE = (r"\(", "$")
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_LONG_CELL, _LONGER_CELL = 24, 80
_LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{1,20}")


def write_block(tokens: Sequence[Token], budget: Budget, look: Look = COLOURED) -> str:
    """Return one top-level block as a line of HTML; its formulas are charged to `budget`."""
    return "".join(_written(token, tokens, place, budget, look) for place, token in enumerate(tokens))


def write_source(text: str) -> str:
    """Return text that is not read as Markdown, as it was written."""
    return f'<p class="source" dir="auto">{escaped(text)}</p>'


def _written(token: Token, tokens: Sequence[Token], place: int, budget: Budget, look: Look) -> str:
    kind = token.type
    if kind in _TAGS:
        return _TAGS[kind]
    if kind == "inline":
        is_first = place >= 2 and tokens[place - 2].type == "list_item_open"
        return _item(token.children or [], budget, look) if is_first else _inline(token.children or [], budget, look)
    if kind == "long_text":
        return escaped(token.content)
    if kind == "paragraph_open":
        return (
            "<p>" if token.level else '<p dir="auto">'
        )  # with dir=auto in a list, the bullets could be on the wrong side
    if kind == "heading_open" or kind == "heading_close":
        level = min(int(token.tag[1]) + 2, 6)
        return f'<h{level} dir="auto">' if token.nesting > 0 else f"</h{level}>"
    if kind == "ordered_list_open":
        start = int(token.attrs.get("start", 1))
        return '<ol dir="auto">' if start == 1 else f'<ol start="{start}" dir="auto">'
    if kind == "th_open" or kind == "td_open":
        return _cell(token)
    if kind == "fence" or kind == "code_block":
        return _code(token, budget, look)
    if kind == "formula_block":
        return f"<p>{_formula(token, budget, look)}</p>"
    if kind == "formula_open_source":
        return write_source(token.markup + token.content)
    raise AssertionError(f"no HTML for {kind}")


def _inline(tokens: Sequence[Token], budget: Budget, look: Look) -> str:
    written: list[str] = []
    is_linked = False
    for token in tokens:
        kind = token.type
        if kind == "link_open":
            link = _link(token.attrs["href"])
            is_linked = bool(link)
            written.append(link)
        elif kind == "link_close":
            written.append("</a>" if is_linked else "")
            is_linked = False
        elif kind in _TAGS:
            written.append(_TAGS[kind])
        elif kind == "code_inline":
            written.append(f"<code>{escaped(token.content)}</code>")
        elif kind == "image":
            written.append(_picture(token, is_linked=is_linked))
        elif kind == "formula":
            written.append(_formula(token, budget, look))
        else:
            written.append(escaped(token.content))
    return "".join(written)


def _link(href: object) -> str:
    """Return the tag, or nothing if `href` is not an address (`[a]()`)."""
    if not str(href).lower().startswith(("http://", "https://")):
        return ""
    return f'<a href="{escaped(str(href))}" target="_blank" rel="noopener noreferrer nofollow">'


def _picture(token: Token, *, is_linked: bool) -> str:
    """Return a link instead of a picture, which would reveal the reader to its host."""
    address = token.attrs["src"]
    label = escaped(token.content.strip() or str(address))
    link = "" if is_linked else _link(address)
    return f"{link}{label}</a>" if link else label


def _cell(token: Token) -> str:
    """Return the tag of a cell. A column of sentences needs a width: a table could make it as narrow as one word."""
    side = re.search("right|center", str(token.attrs.get("style", "")))
    classes = [f"is-{side[0]}"] if side else []
    length = token.meta.get("length", 0)
    if length >= _LONG_CELL:
        classes.append("is-longer" if length >= _LONGER_CELL else "is-long")
    return f'<{token.tag} dir="auto"' + (f' class="{" ".join(classes)}">' if classes else ">")


def _code(token: Token, budget: Budget, look: Look) -> str:
    """Return a block of code below the name of its language."""
    found = _LANGUAGE.match(token.info.strip())
    language = found[0] if found else ""
    has_colours = language and look.has_colours and budget.take_code(token.content)
    code = coloured(token.content, language) if has_colours else escaped(token.content)
    return f'<div class="code"><span class="language">{language}</span><pre><code>{code}</code></pre></div>'


def _formula(token: Token, budget: Budget, look: Look) -> str:
    tex = token.content.strip()
    drawn = look.formula(tex, token.markup not in _IN_LINE) if budget.take_formula(tex) else None
    if drawn is None:
        source = token.markup + token.content + _CLOSING_MARKUP[token.markup]
        return f"<code>{escaped(source)}</code>"
    return f'<span class="formula">{drawn}</span>'


def _item(tokens: Sequence[Token], budget: Budget, look: Look) -> str:
    """Return the first line of a list item, which may start with a checkbox."""
    box = _TASK.match(tokens[0].content) if tokens and tokens[0].type == "text" else None
    if box is None:
        return _inline(tokens, budget, look)
    checked = "" if box[1] == " " else " checked"
    rest = [tokens[0].copy(content=tokens[0].content[box.end() :]), *tokens[1:]]
    return f'<label><input type="checkbox" disabled{checked}> {_inline(rest, budget, look)}</label>'
