"""The text of the visitor's own page."""

from collections.abc import Collection

from arena.service import OwnBattles, OwnBoard
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.mine.battles import battles
from arena.ui.plain.mine.data import data
from arena.ui.plain.mine.own_board import own_board
from arena.ui.plain.mine.place import Wish
from arena.ui.untrusted import plain


def page(
    found: OwnBattles,
    going_on: Collection[str],
    own: OwnBoard,
    consent_at: float | None,
    wish: Wish,
    place: Place,
    *,
    least: int,
    now: float,
) -> str:
    """Return the page: ratings, battles, data. A visitor without battles sees what to do next."""
    texts = place.texts
    if not own.n_battles:
        text = f"<p>{plain(texts('mine_empty'))}</p>"
        text += f'<p><a class="button" href="{place.link("/")}">{plain(texts("go_vote"))}</a></p>'
        return f'<div id="mine">{_title(texts)}{text}{data(consent_at, own, place)}</div>'
    parts = {"battles": battles(found, going_on, wish, place), "data": data(consent_at, own, place)}
    if wish.before is None:
        parts = {"own-board": own_board(own, least, now, place), **parts}
    names = {"own-board": "mine_board", "battles": "mine_battles", "data": "mine_data"}
    links = " ".join(f'<a href="#{part}">{plain(texts(names[part]))}</a>' for part in parts)
    jumps = f'<nav class="jumps" aria-label="{plain(texts("mine_parts"))}">{links}</nav>'
    return f'<div id="mine">{_title(texts)}<p>{plain(_counts(own, texts))}</p>{jumps}{"".join(parts.values())}</div>'


def _title(texts: Messages) -> str:
    return f"<h1>{plain(texts('title_mine'))}</h1>"


def _counts(own: OwnBoard, texts: Messages) -> str:
    shared = texts("mine_counts_shared", n=own.n_shared) if own.n_shared else ""
    return f"{texts('mine_counts', battles=own.n_battles, votes=own.n_votes, counted=own.n_counting)} {shared}".strip()
