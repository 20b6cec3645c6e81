"""Code in colours: keywords, strings, numbers, names, comments, and the lines of a diff.

    coloured("return 1  # one", "python")
    <span class="k">return</span> <span class="n">1</span>  <span class="c"># one</span>

It colours what `languages` can tell apart without a grammar; everything else stays plain. The colours are in
`theme/frame/tokens.css`. A block of an unknown language is returned as it is.
"""

from arena.ui.markup.languages import Scanner, scanner
from arena.ui.untrusted import escaped

CLASSES = ("k", "s", "n", "f", "c", "i", "d")
"""Keyword, string, number, name, comment; a line that a diff inserts, one that it deletes."""


def coloured(code: str, label: str) -> str:
    """Return the code as HTML; `label` names its language."""
    found = scanner(label)
    return escaped(code) if found is None else _coloured(code, found)


def _coloured(code: str, found: Scanner) -> str:
    written: list[str] = []
    end = 0
    for match in found.pattern.finditer(code):
        kind = _kind(match[0], match.lastgroup, code[match.end() : match.end() + 1], found)
        if kind is None:
            continue
        written.append(escaped(code[end : match.start()]))
        written.append(f'<span class="{kind}">{escaped(match[0])}</span>')
        end = match.end()
    written.append(escaped(code[end:]))
    return "".join(written)


def _kind(text: str, group: str | None, following: str, found: Scanner) -> str | None:
    if group != "word":
        return group
    language = found.language
    word = text.lower() if language.ignores_case else text
    if word in language.keywords:
        return "k"
    if word in language.constants:
        return "n"
    return "f" if language.has_calls and following == "(" else None
