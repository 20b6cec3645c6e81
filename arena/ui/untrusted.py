"""Text that others wrote, made safe to show: a model's Markdown, a visitor's prompt, a model's name.

Gradio's Markdown cleans scripts away but lets through pictures from foreign hosts (which would tell them the
visitor's address), forms, `id=` and overlays. So before it sees a model's text, every `<` outside code becomes `&lt;`
and every picture a link. Inside code nothing changes: Markdown shows it literally. The page's Content-Security-Policy
and `contain: paint` on the panes stand behind this.
"""

import html
import re

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}(?=[^`]*$)|~{3,})")
_PARAGRAPH_BREAK = re.compile(r"(\n[ \t]*\n)")
_CODE_SPAN = re.compile(r"(?<![\\`])(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


def safe_markdown(text: str, *, close: bool = False) -> str:
    """A model's text with its HTML disarmed and its pictures turned into links; with `close`, a code fence left open
    is closed.

    >>> safe_markdown("<b>bold</b> and `a < b`, ![x](http://h/x.png)")
    '&lt;b>bold&lt;/b> and `a < b`, [x](http://h/x.png)'
    """
    safe: list[str] = []
    prose: list[str] = []
    fence: str | None = None
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):  # as Markdown counts lines
        if fence is not None:
            safe.append(line)
            if _closes(line, fence):
                fence = None
        elif opening := _FENCE.match(line):
            if prose:
                safe.append(_safe_prose("\n".join(prose)))
                prose = []
            fence = opening["fence"]
            safe.append(_safe_info(line, fence))
        else:
            prose.append(line)
    if prose:
        safe.append(_safe_prose("\n".join(prose)))
    if close and fence is not None:
        safe.append(fence)
    return "\n".join(safe)


def plain(text: str) -> str:
    """Text of a person or a settings file as one line of HTML that shows exactly it; line ends become `<br>`.

    One line, because Markdown ends a block of HTML at an empty line.
    """
    return html.escape(text.replace("\r\n", "\n")).replace("\n", "<br>")


def _closes(line: str, fence: str) -> bool:
    stripped = line.strip(" \t")
    return len(line) - len(line.lstrip(" ")) <= 3 and set(stripped) == {fence[0]} and len(stripped) >= len(fence)


def _safe_info(line: str, fence: str) -> str:
    before, _, info = line.partition(fence)
    return before + fence + info.replace("<", "")


def _safe_prose(text: str) -> str:
    return "".join(_safe_paragraph(paragraph) for paragraph in _PARAGRAPH_BREAK.split(text))


def _safe_paragraph(text: str) -> str:
    safe: list[str] = []
    end = 0
    for span in _CODE_SPAN.finditer(text):
        safe += [_disarm(text[end : span.start()]), span[0]]
        end = span.end()
    return "".join([*safe, _disarm(text[end:])])


def _disarm(text: str) -> str:
    return text.replace("<", "&lt;").replace("![", "[")
