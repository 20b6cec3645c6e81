"""The picture of a round: an SVG with the visitor's own podium, which needs no font and no file of the page.

The page shows it as an image, a link saves it, and a script can draw it on a canvas and save that as PNG.
"""

from html import escape

from arena.rounds.quick_rounds import Place, Round, podium
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Theme
from arena.ui.untrusted import cleaned

WIDTH = 480
_ROW, _TOP, _BOTTOM = 76, 112, 56
_MOST = 5
"""Places that are drawn."""
_NAME_CHARS = 30
_FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans KR', 'Noto Sans CJK KR', 'Malgun Gothic', sans-serif"
_LIGHT = {"page": "#FFFFFF", "ink": "#1B1F27", "quiet": "#59616E", "line": "#E3E6EB", "bar": "#4338CA"}
_DARK = {"page": "#0E1116", "ink": "#E8EBF0", "quiet": "#A2ABB8", "line": "#2B323C", "bar": "#A5ABFF"}


def picture(ended: Round, title: str, texts: Messages, theme: Theme) -> str:
    """Return the SVG. `title` is the arena's; with the theme `system` the picture has both colours."""
    places = podium(ended)
    shown = places[:_MOST]
    height = _TOP + _ROW * len(shown) + _BOTTOM
    most = max((one.record.n for one in shown), default=1)
    rows = "".join(_row(n, one, most, texts) for n, one in enumerate(shown))
    n_more = len(places) - len(shown)
    more = f" · {texts('quick_picture_more', n=n_more)}" if n_more else ""
    line = texts("quick_picture_line", n=len(ended.judged)) + more
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        f' lang="{texts.language}"><style>{_style(theme)}</style>'
        f'<rect class="page" width="{WIDTH}" height="{height}"/>'
        f'<text class="ink" x="32" y="56" font-size="28" font-weight="650">{_text(texts("quick_picture_title"))}</text>'
        f'<text class="quiet" x="32" y="84" font-size="16">{_text(line)}</text>'
        f"{rows}"
        f'<text class="quiet" x="32" y="{height - 24}" font-size="16">{_text(title)}</text></svg>'
    )


def _row(n: int, one: Place, most: int, texts: Messages) -> str:
    y = _TOP + n * _ROW
    record = one.record
    name = record.model if len(record.model) <= _NAME_CHARS else record.model[: _NAME_CHARS - 1] + "…"
    line = texts("quick_picture_record", wins=record.wins, losses=record.losses, ties=record.ties)
    whole = WIDTH - 104
    return (
        f'<text class="quiet" x="32" y="{y + 24}" font-size="22" font-weight="650">{one.place}</text>'
        f'<text class="ink" x="72" y="{y + 24}" font-size="22" font-weight="650">{_text(name)}</text>'
        f'<text class="quiet" x="72" y="{y + 46}" font-size="16">{_text(line)}</text>'
        f'<rect class="line" x="72" y="{y + 56}" width="{whole}" height="6" rx="3"/>'
        f'<rect class="bar" x="72" y="{y + 56}" width="{whole * record.wins / most:.1f}" height="6" rx="3"/>'
    )


def _style(theme: Theme) -> str:
    colours = _fills(_DARK if theme == "dark" else _LIGHT)
    if theme == "system":
        colours += f"@media (prefers-color-scheme: dark) {{{_fills(_DARK)}}}"
    return f"text {{ font-family: {_FONT}; }} {colours}"


def _fills(colours: dict[str, str]) -> str:
    return " ".join(f".{name} {{ fill: {colour}; }}" for name, colour in colours.items())


def _text(text: str) -> str:
    return escape(cleaned(text))
