r"""Read Markdown into markdown-it's tokens, with three tags of HTML.

It reads CommonMark with tables and strikethrough, and of HTML `<br>`, `<sub>…</sub>` and `<sup>…</sup>` without
attributes. It adds formulas (`$$…$$`, `\[…\]`, `\(…\)`, and `$…$` where that cannot be a price), links for bare
addresses, and limits. A table of more than `MAX_CELLS` cells and a paragraph of more than `MAX_INLINE_CHARS` characters
stay plain text, because reading them would block every other page. Links lead to http and https; all others stay text.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as read_table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from arena.ui.markup.formulas import MAX_CHARS, is_drawable

MAX_NESTING = 40
"""How deep quotes, lists and emphasis may be nested."""
MAX_CELLS = 4000
MAX_INLINE_CHARS = 8000

_WORDS = re.compile(r"[^\W\d_]{2,} +[^\W\d_]{2,}")
_ARGUMENT = re.compile(r"\\[A-Za-z]+\*?(?: ?\{[^{}]*\})?")
_LATIN = re.compile(r"[0-9A-Za-z\u00c0-\u024f]")
_CLOSING = {"$$": "$$", r"\[": r"\]", r"\(": r"\)"}
_BARE_LINK = re.compile(r"\bhttps?://[^\s<>\"{}|\\^`\ufffd]+", re.IGNORECASE)
_SENTENCE_END = "?!.,:;*_~'"
_BREAK = re.compile(r"<br ?/?>(?:[ \t]*\n[ \t]*)?", re.IGNORECASE)
_SMALL = re.compile(r"<(su[bp])>([^<\n]{1,200})</\1>", re.IGNORECASE)


def make_reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": MAX_NESTING})
    reader.enable(["table", "strikethrough"])
    reader.block.ruler.at("table", _bounded_table, {"alt": ["paragraph", "reference"]})
    reader.block.ruler.before(
        "fence", "formula", _block_formula, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    reader.inline.ruler.before("escape", "formula", _inline_formula)
    reader.inline.ruler.before("autolink", "small_tags", _small_tags)
    reader.core.ruler.before("inline", "long", _leave_long_text)
    reader.core.ruler.after("inline", "bare_links", _link_bare_addresses)
    reader.core.ruler.push("columns", _measure_columns)
    reader.validateLink = lambda url: re.match(r"https?://[^/]", url, re.IGNORECASE) is not None  # type: ignore[method-assign]
    return reader


def _bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if start + 1 >= end or "-" not in state.src[state.bMarks[start + 1] : state.eMarks[start + 1]]:
        return False  # no line of dashes follows
    n_columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    n_rows = _next_empty(state, start, end) - start
    return n_columns * n_rows <= MAX_CELLS and read_table(state, start, end, silent)


def _next_empty(state: StateBlock, start: int, end: int) -> int:
    """Return the first empty line from `start` on, else `end`. The result is cached, because each line of a paragraph
    asks for it."""
    known: tuple[int, int] = state.env.setdefault("next_empty", {}).get(state.level, (0, 0))
    if not known[0] <= start < known[1]:
        known = start, next((line for line in range(start, end) if state.isEmpty(line)), end)
        state.env["next_empty"][state.level] = known
    return min(known[1], end)


def _block_formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a formula that starts and ends its lines and contains no empty line. An unclosed formula takes everything
    that follows, so that its content is not read as something else before it closes."""
    if state.is_code_block(start):
        return False
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    opening = first[:2]
    if opening not in ("$$", r"\["):
        return False
    closing = _CLOSING[opening]
    # If an opening found no end before some line, a later opening before that line finds none either
    in_vain: dict[tuple[str, int], range] = state.env.setdefault("in_vain", {})
    if start in in_vain.get((opening, state.level), ()):
        return False
    lines = [first[2:]]
    line = start
    while closing not in lines[-1]:
        line += 1
        if line >= end:
            if state.level or not state.env.get("is_open"):
                in_vain[opening, state.level] = range(start, line)
                return False
            break
        if state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            in_vain[opening, state.level] = range(start, line)
            return False
        lines.append(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]])
    is_closed = line < end
    if is_closed and lines[-1].partition(closing)[2].strip(" \t"):
        in_vain[opening, state.level] = range(start, line)
        return False  # text follows: it is a formula within a paragraph
    if silent:
        return True
    token = state.push("formula_block" if is_closed else "formula_open_source", "", 0)
    body = "\n".join(lines)
    token.content = body.rpartition(closing)[0] if is_closed else body
    token.markup = opening
    token.map = [start, min(line + 1, end)]
    state.line = min(line + 1, end)
    return True


def _inline_formula(state: StateInline, silent: bool) -> bool:
    opening = state.src[state.pos : state.pos + 2]
    if opening.startswith("$") and opening != "$$":
        return _dollars(state, silent)
    closing = _CLOSING.get(opening)
    if closing is None:
        return False
    end = state.src.find(closing, state.pos + 2, min(state.posMax, state.pos + MAX_CHARS + 4))
    tex = state.src[state.pos + 2 : end]
    if end < 0 or not tex.strip():
        return False
    if opening == "$$" and (state.src[end + 2 : end + 3] == "$" or _is_prose(tex)):
        return False  # $$ and $$$ also stand for how expensive a place is
    return _push_formula(state, opening, tex, end + 2, silent)


def _small_tags(state: StateInline, silent: bool) -> bool:
    """Read a line break, or a short piece of Markdown below or above the line."""
    if found := _BREAK.match(state.src, state.pos, state.posMax):
        if not silent:
            state.push("hardbreak", "br", 0)
        state.pos = found.end()
        return True
    found = _SMALL.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        name, end = found[1].lower(), state.posMax
        backticks = state.backticksScanned, dict(state.backticks)  # known of the whole text, not of this piece
        state.push(f"{name}_open", name, 1)
        state.pos, state.posMax = found.span(2)
        state.md.inline.tokenize(state)
        state.push(f"{name}_close", name, -1)
        state.posMax = end
        state.backticksScanned, state.backticks = backticks
    state.pos = found.end()
    return True


def _dollars(state: StateInline, silent: bool) -> bool:
    """Read `$…$` by the rules of Pandoc (`tex_math_dollars`), and stricter, because `$` is also money and the sign of
    variables. The first `$` follows no letter or digit, and no space follows it; no space is before the second, and
    no letter or digit after it (but a Korean particle may: `$x$가`). Both are in one line, and what is between them is
    a formula and no prose."""
    src, start = state.src, state.pos + 1
    end = _next_dollar(src, start, min(state.posMax, state.pos + MAX_CHARS + 2))
    tex = src[start:end]
    if end < 0 or not tex or tex[0].isspace() or tex[-1].isspace() or "\n" in tex or "`" in tex:
        return False
    before, after = src[start - 2 : start - 1] if start > 1 else "", src[end + 1 : end + 2]
    if _LATIN.match(before) or before in ("$", "\\") or _LATIN.match(after) or after == "$":
        return False
    if tex[0] in "({" and after in ("(", "{"):  # $(pwd)/$(date)
        return False
    is_tex = re.search(r"\\[A-Za-z]", tex) is not None
    if not is_tex and (_is_prose(tex) or _is_price(tex) or not is_drawable(tex)):
        return False
    return _push_formula(state, "$", tex, end + 1, silent)


def _next_dollar(src: str, start: int, stop: int) -> int:
    """Return the place of the next `$` without a backslash before it, -1 if there is none."""
    while (end := src.find("$", start, stop)) > 0 and src[end - 1] == "\\":
        start = end + 1
    return end


def _is_prose(tex: str) -> bool:
    """Whether two words follow each other outside of commands: `) or sushi (`."""
    return _WORDS.search(_ARGUMENT.sub("", tex)) is not None


def _is_price(tex: str) -> bool:
    """Whether it could begin with an amount: `5 (or 5`, `5M` and `5/mo`, but not `5`, `2x` and `10^6`."""
    return tex[0].isdigit() and re.search(r"[^\W\d_]{2}|[^\W\d_] |, |; |[€£¥₩]", _ARGUMENT.sub("", tex)) is not None


def _push_formula(state: StateInline, opening: str, tex: str, end: int, silent: bool) -> bool:
    if not silent:
        token = state.push("formula", "", 0)
        token.content = tex
        token.markup = opening
    state.pos = end
    return True


def _leave_long_text(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > MAX_INLINE_CHARS:
            token.type = "long_text"


def _link_bare_addresses(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and token.children and "://" in token.content:
            token.children = list(_with_links(token.children, state.md))


def _with_links(tokens: list[Token], reader: MarkdownIt) -> Iterator[Token]:
    n_open = 0
    for token in tokens:
        n_open += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type != "text" or n_open or "://" not in token.content:
            yield token
            continue
        end = 0
        for found in _BARE_LINK.finditer(token.content):
            url = _without_sentence_end(found[0])
            href = reader.normalizeLink(url)
            if not reader.validateLink(href):
                continue
            yield Token("text", "", 0, content=token.content[end : found.start()])
            yield Token("link_open", "a", 1, {"href": href})
            yield Token("text", "", 0, content=url)
            yield Token("link_close", "a", -1)
            end = found.start() + len(url)
        yield Token("text", "", 0, content=token.content[end:])


def _without_sentence_end(url: str) -> str:
    """`(see http://a.example/b).` ends before `).`, `http://a.example/b_(c)` does not."""
    while url:
        if url[-1] in _SENTENCE_END or (url[-1] == ")" and url.count(")") > url.count("(")):
            url = url[:-1]
        else:
            break
    return url


def _measure_columns(state: StateCore) -> None:
    """Give each head cell the length of the longest text in its column, as `meta["length"]`."""
    heads: list[Token] = []
    column = 0
    for token in state.tokens:
        if token.type == "table_open":
            heads = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            token.meta["length"] = 0
            heads.append(token)
        elif token.type in ("th_close", "td_close"):
            column += 1
        elif token.type in ("inline", "long_text") and column < len(heads):
            heads[column].meta["length"] = max(heads[column].meta["length"], len(token.content))
