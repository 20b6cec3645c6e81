"""The text of the leaderboard, and the part of it that an open page fetches."""

from arena.service import Board, Choices, Refusal, View, ViewError
from arena.ui.lines import notice, refusal_line
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.figures import figures
from arena.ui.plain.leaderboard.filters import form
from arena.ui.plain.leaderboard.offline import offline_section
from arena.ui.plain.leaderboard.place import FILES, file_link, view_link
from arena.ui.plain.leaderboard.style import style_section
from arena.ui.plain.leaderboard.summary import age, computed_line
from arena.ui.plain.leaderboard.table import table
from arena.ui.untrusted import plain

_BY_STYLE = ("style_collinear", "style_endless", "style_unknown", "no_ratings_of_view")
"""Refusals that style control may be the reason of."""


def page(found: Board | Refusal, view: View, choices: Choices, visitor: str | None, place: Place, now: float) -> str:
    """Return the page of a view: its board, or why there is none. `now` is a Unix time in seconds."""
    texts = place.texts
    text = f"<h1>{plain(texts('title_leaderboard'))}</h1><p>{plain(texts('leaderboard_intro'))}</p>"
    text += form(view, choices, place)
    if isinstance(found, Refusal):
        text += f'<div id="leaderboard-table">{refusal_line(found, texts)}{_way_back(view, place, found.key)}</div>'
        return f'<div id="leaderboard">{text}</div>'
    shown = known_by(found, texts, now)
    settings = found.leaderboard.settings
    return (
        f'<div id="leaderboard" data-shown="{shown}">{text}{parts(found, view, place, now)}'
        f"{style_section(found, view, place)}{_downloads(view, place)}"
        f"{offline_section(view, visitor, settings, place)}{figures(found, view, place)}</div>"
    )


def parts(found: Board, view: View, place: Place, now: float, *, n_newer: int = 0, has_table: bool = True) -> str:
    """Return the parts that change while the page is open: the table, and the line with its age."""
    shown = f'<div id="leaderboard-table">{table(found, view, place)}</div>' if has_table else ""
    return f'{shown}<div id="computed">{computed_line(found, now, place, view, n_newer=n_newer)}</div>'


def known_by(found: Board, texts: Messages, now: float, *, n_newer: int = 0) -> str:
    """Return what an open page shows, in a word: the revision, the changes since, and the age."""
    return f"{found.revision}.{n_newer}.{age(now - found.computed_at, texts).replace(' ', '-')}"


def wrong_page(error: ViewError, choices: Choices, place: Place) -> str:
    """Return the page for an address that means nothing: what came, what is expected, and the way back."""
    texts = place.texts
    text = f"<h1>{plain(texts('title_leaderboard'))}</h1>{form(View(), choices, place)}"
    line = f"{wrong_line(error, texts)}{_way_back(View(), place)}"
    return f'<div id="leaderboard">{text}<div id="leaderboard-table">{line}</div></div>'


def wrong_line(error: ViewError, texts: Messages) -> str:
    """Return a line, in the reader's language, that names what came in an address and what is expected."""
    expected = error.expected if error.key is None else texts(f"view_expected_{error.key}")
    return notice("view_wrong", texts, name=error.name, came=error.came, expected=expected)


def _way_back(view: View, place: Place, key: str = "") -> str:
    """Return links to the board of all votes and, if style control may be why there is no board, to the same votes
    without it. `key` is the refusal's."""
    links = {view_link(View(sort=view.sort, order=view.order), place): "view_all"}
    if view.has_style and key in _BY_STYLE:
        links = {view_link(view, place, has_style=False): "style_off"} | links
    return "".join(f'<p><a href="{link}">{plain(place.texts(key))}</a></p>' for link, key in links.items())


def _downloads(view: View, place: Place) -> str:
    links = {kind: file_link(view, place, kind) for kind in FILES}
    return f'<p id="download" class="note">{place.texts("download_html", **links)}</p>'
