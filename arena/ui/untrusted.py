"""Text that others wrote, made safe to show: a model's Markdown, a visitor's prompt, a model's name.

Gradio's Markdown cleans scripts away but lets through pictures from foreign hosts (which would tell them the
visitor's address), forms, `id=` and overlays. So before it sees a model's text, every `<` becomes `&lt;` and every
picture a link, save in what is code beyond doubt, which Markdown shows literally: fenced blocks that begin at the left
margin, and spans between single backticks on one line with nothing before them in their paragraph that could claim a
backtick. Code in odder places (a fence inside a list, a span after a link) shows `&lt;` where its author wrote `<`.
The page's Content-Security-Policy and `contain: paint` on the panes stand behind this.
"""

import html
import re

_Fence = str | None  # the run of backticks or tildes that opened the block a line stands in; None outside of any
_RUN = re.compile(r"`{3,}|~{3,}")
_OPENING = re.compile(r"(?P<fence>`{3,}(?=[^`|]*$)|~{3,}(?=[^~|]*$))(?P<info>.*)")  # with a `|` it may head a table
_NESTED = re.compile(r"(?P<fence> +(?:`{3,}|~{3,}))[^~`|]*")
_CODE_SPAN = re.compile(r"(?<!`)`(?:(?!\$\$)[^`|])+`(?!`)")
_CLAIMS_BACKTICKS = re.compile(r"[`\[\\|~$@]|://|www\.", re.IGNORECASE)  # links, escapes, cells, strikes, formulas


def safe_markdown(text: str, *, close: bool = False) -> str:
    """A model's text with its HTML disarmed and its pictures turned into links; with `close`, a code fence left open
    is closed.

    >>> safe_markdown("<b>bold</b> and `a < b`, ![x](http://h/x.png)")
    '&lt;b>bold&lt;/b> and `a < b`, [x](http://h/x.png)'
    """
    safe: list[str] = []
    fences: frozenset[_Fence] = frozenset({None})  # all that a reader of Markdown could hold to be open here
    nested: str | None = None  # an indented fence that all lines since stayed within: its like closes it in any reading
    clear = True  # nothing earlier in this paragraph can claim a backtick
    formula = False  # earlier prose holds `$$`, which can swallow a fence up to the next `$$`
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):  # as Markdown counts lines
        after = frozenset(fence for before in fences for fence in _fences_after(line, before))
        if nested is not None and line.rstrip(" ") == nested:
            after, nested = frozenset({None}), None
        elif fences == {None} and safe and (opening := _NESTED.fullmatch(line)):
            nested = opening["fence"]
        elif nested is not None and (_RUN.search(line) or not _stays_within(line, nested)):
            nested = None
        if formula and "$$" in line:  # Gradio may end a formula here, and the code that it swallowed
            safe.append(_disarm(line))
            after |= {None}
            nested = None
            clear = False
        elif None not in fences:
            safe.append(line)
            clear = None in after
        elif None not in after and (opening := _OPENING.match(line)):
            safe.append(opening["fence"] + opening["info"].replace("<", ""))
        elif not line.strip(" \t"):
            safe.append(line)
            clear = True
        else:
            disarmed, clear = _safe_line(line, clear)
            safe.append(disarmed)
            formula = formula or "$$" in line
        fences = after
    if close and nested is not None:
        safe.append(nested)
    elif close and None not in fences:
        safe.append(max((fence for fence in fences if fence is not None), key=len))
    return "\n".join(safe)


def plain(text: str) -> str:
    """Text of a person or a settings file as one line of HTML that shows exactly it; line ends become `<br>`.

    One line, because Markdown ends a block of HTML at an empty line.
    """
    return html.escape(text.replace("\r\n", "\n")).replace("\n", "<br>")


def _fences_after(line: str, fence: _Fence) -> set[_Fence]:
    """The fences that can be open behind a line before which `fence` was: two where readers, lists or a shift of the
    whole text (Gradio takes a common indentation away) could decide otherwise."""
    if fence is None:
        if opening := _OPENING.match(line):
            return {opening["fence"]}
        run = _RUN.search(line)
        return {None, run[0]} if run else {None}
    if line.startswith(fence) and not line.lstrip(fence[0]).strip(" "):
        return {None}
    return {None, fence} if line.strip().startswith(fence) and not line.strip().strip("`~") else {fence}


def _stays_within(line: str, nested: str) -> bool:
    return not line.strip(" \t") or line.startswith(" " * (len(nested) - len(nested.lstrip(" "))))


def _safe_line(line: str, clear: bool) -> tuple[str, bool]:
    """A line of prose disarmed, and whether the paragraph is still clear behind it."""
    safe: list[str] = []
    end = 0
    for span in _CODE_SPAN.finditer(line):
        clear = clear and not _CLAIMS_BACKTICKS.search(line, end, span.start())
        safe += [_disarm(line[end : span.start()]), span[0] if clear else _disarm(span[0])]
        end = span.end()
    clear = clear and not _CLAIMS_BACKTICKS.search(line, end)
    return "".join([*safe, _disarm(line[end:])]), clear


def _disarm(text: str) -> str:
    return text.replace("<", "&lt;").replace("![", "[")
