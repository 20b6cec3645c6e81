"""What stands under a board's table: its votes, those not counted and why, its age, and how it was computed."""

from collections.abc import Collection

from arena.service import OFFICIAL, Board, View
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.place import view_link
from arena.ui.untrusted import plain
from elo.board.wording import described
from elo.chance.intervals import IntervalKind
from elo.settings import Settings as EloSettings

_UNITS = (("computed_days", 86400), ("computed_hours", 3600), ("computed_minutes", 60), ("computed_seconds", 2))


def computed_line(board: Board, now: float, place: Place, view: View = OFFICIAL, *, n_newer: int = 0) -> str:
    """Return the lines. `now` is a Unix time in seconds; `n_newer` changes of the votes are not on the board."""
    texts = place.texts
    line = f"{votes_line(board, texts)} · {age(now - board.computed_at, texts)}"
    newer = ""
    if n_newer:
        text = texts("computed_newer_one" if n_newer == 1 else "computed_newer", n=n_newer)
        newer = f' · {plain(text)} <a href="{view_link(view, place)}">{plain(texts("computed_reload"))}</a>'
    left_out = ""
    if board.leaderboard.source.where_left_out:
        key = "computed_left_out"
        left_out = f'<p class="note">{plain(texts(key, n=board.leaderboard.source.where_left_out))}</p>'
    found = board.leaderboard
    how = settings_line(found.settings, found.kinds, texts, by_voter=found.is_by_voter)
    more = f'<a href="{place.link("/about")}">{plain(texts("how_computed"))}</a>'
    return f'<p class="computed">{plain(line)}{newer}</p>{left_out}<p class="note">{plain(how)} {more}</p>'


def votes_line(board: Board, texts: Messages) -> str:
    """Return from how many votes the board is, and how many do not count, by reason."""
    n = board.n_counted
    line = texts("computed_from_one") if n == 1 else texts("computed_from", votes=n)
    if board.n_excluded:
        reasons = sorted(board.exclusions.items(), key=lambda reason: (-reason[1], reason[0]))
        why = ", ".join(texts("short_" + reason, n=count) for reason, count in reasons)
        if sum(board.exclusions.values()) > board.n_excluded:
            why += texts("computed_overlap")
        line += f" ({texts('computed_excluded', n=board.n_excluded, reasons=why)})"
    return line


def settings_line(
    settings: EloSettings, kinds: Collection[IntervalKind], texts: Messages, *, by_voter: bool = False
) -> str:
    """Return how the ratings are computed. `kinds` are those of the board's intervals, none if there is no board."""
    line = "; ".join(texts(phrase.key, **phrase.values) for phrase in described(settings, kinds, by_voter=by_voter))
    return f"{line[0].upper()}{line[1:]}."


def age(seconds: float, texts: Messages) -> str:
    """Return an age in its largest unit, such as `2 min ago`."""
    for key, unit_s in _UNITS:
        if seconds >= unit_s:
            return texts(key, n=int(seconds // (unit_s if unit_s > 2 else 1)))
    return texts("computed_now")
