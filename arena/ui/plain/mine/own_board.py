"""Ratings from the visitor's own votes: the leaderboard's table, or only counts while there are few votes."""

from arena.service import OFFICIAL, OwnBoard
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.summary import computed_line
from arena.ui.plain.leaderboard.table import table
from arena.ui.untrusted import plain

_COLUMNS = ("won", "lost", "tied")


def own_board(own: OwnBoard, least: int, now: float, place: Place) -> str:
    """Return the section. `least` is the number of counted votes that make ratings; `now` is a Unix time in seconds."""
    texts, n = place.texts, own.n_counted
    if own.board is not None:
        text = plain(texts("mine_board_thin" if own.is_thin else "mine_board_intro", votes=n))
        parts = f'<p>{text}</p><div id="leaderboard-table">{table(own.board, OFFICIAL, place, is_own=True)}</div>'
        parts += computed_line(own.board, now, place)
    elif n:
        parts = f"<p>{plain(texts('mine_board_too_few', votes=n, least=least))}</p>{_counts(own, texts)}"
    else:
        parts = f"<p>{plain(texts('mine_board_none', least=least))}</p>"
    return f'<section id="own-board"><h2>{plain(texts("mine_board"))}</h2><div id="leaderboard">{parts}</div></section>'


def _counts(own: OwnBoard, texts: Messages) -> str:
    heads = "".join(f'<th scope="col">{plain(texts(f"mine_{name}"))}</th>' for name in _COLUMNS)
    rows = "".join(
        f'<tr><th scope="row">{plain(one.model)}</th>'
        f"<td>{one.n_won}</td><td>{one.n_lost}</td><td>{one.n_tied}</td></tr>"
        for one in own.records
    )
    head = f'<thead><tr><th scope="col">{plain(texts("column_model"))}</th>{heads}</tr></thead>'
    return f'<table class="counts">{head}<tbody>{rows}</tbody></table>'
