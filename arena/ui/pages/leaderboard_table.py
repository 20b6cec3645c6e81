"""The leaderboard's table: one row for each model, with its interval as a bar.

The numbers are `Board`'s, the bars are drawn by `elo.board.plots`, and `elo.board.wording` chooses the phrases that
describe the settings.
"""

from collections.abc import Collection

from arena.service import Board, ModelCard
from arena.ui.links import link
from arena.ui.messages import Messages
from arena.ui.untrusted import plain
from elo.board.leaderboard import BoardRow
from elo.board.plots import Axis, axis_strip, interval_bar
from elo.board.wording import described
from elo.chance.intervals import IntervalKind
from elo.settings import Settings as EloSettings

_SHORT_RECORD = "†"
"""The mark of an interval by the inverse Hessian, as in the message `interval_hessian`."""


def table(board: Board, texts: Messages) -> str:
    """Return the board as one line of HTML, because Markdown ends a table at an empty line."""
    rows = board.leaderboard.rows
    settings = board.leaderboard.settings
    if not rows:
        go = f'<a href="{link("/")}">{plain(texts("go_vote"))}</a>'
        return f'<div class="empty"><p>{plain(texts("leaderboard_empty"))}</p><p>{go}</p></div>{_unrated(board, texts)}'
    axis = Axis.of_rows(rows)
    components = sorted({row.component for row in rows})
    level = f"{100 * settings.level:g}%"
    heads = [
        ("rank", plain(texts("column_rank"))),
        ("model", plain(texts("column_model"))),
        ("rating", plain(texts("column_rating"))),
        ("bar", axis_strip(axis)),
        ("interval", plain(texts("column_interval", level=level))),
        ("votes", plain(texts("column_votes"))),
        ("wins", plain(texts("column_win_rate"))),
    ]
    head = "".join(f'<th scope="col" class="{name}">{text}</th>' for name, text in heads)
    body = ""
    for component in components:
        if len(components) > 1:
            label = plain(texts("component", n=component))
            body += f'<tr class="component"><th scope="rowgroup" colspan="{len(heads)}">{label}</th></tr>'
        body += "".join(_row(row, board, axis, texts) for row in rows if row.component == component)
    notes = [*_first_place(board, texts)]
    if (voters := board.leaderboard.voters) is not None:
        key = "interval_voters_used" if voters.is_taken else "interval_voters"
        notes.append(plain(texts(key, n=voters.n_voters, ratio=f"{voters.ratio:.2f}")))
    notes += [plain(texts("components"))] if len(components) > 1 else []
    notes += [plain(texts("interval_hessian"))] if "hessian" in board.leaderboard.kinds else []
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        + "".join(f'<p class="note">{note}</p>' for note in notes)
        + _unrated(board, texts)
    )


def _first_place(board: Board, texts: Messages) -> list[str]:
    """Return how few votes decide who is first. Where several groups have a first place each, there is no sentence."""
    found = board.leaderboard.fragility
    if found is None or board.leaderboard.n_components > 1:
        return []
    key = "first_place_one" if found.n_votes == 1 else "first_place"
    return [plain(texts(key, n=found.n_votes, votes=board.leaderboard.n_votes, model=found.then))]


def computed_line(board: Board, now: float, texts: Messages) -> str:
    """Return the lines below the table: the votes, those not counted and why, the age; the settings, and where to read
    what they mean."""
    n = board.n_counted
    line = texts("computed_from_one") if n == 1 else texts("computed_from", votes=n)
    if board.n_excluded:
        reasons = sorted(board.exclusions.items(), key=lambda reason: (-reason[1], reason[0]))
        why = ", ".join(texts("short_" + reason, n=count) for reason, count in reasons)
        if sum(board.exclusions.values()) > board.n_excluded:
            why += texts("computed_overlap")
        line += f" ({texts('computed_excluded', n=board.n_excluded, reasons=why)})"
    line += f" · {age(now - board.computed_at, texts)}"
    found = board.leaderboard
    how = settings_line(found.settings, found.kinds, texts, by_voter=found.is_by_voter)
    more = f'<a href="{link("/about")}">{plain(texts("how_computed"))}</a>'
    return f'<p class="computed">{plain(line)}</p><p class="note">{plain(how)} {more}</p>'


def settings_line(
    settings: EloSettings, kinds: Collection[IntervalKind], texts: Messages, *, by_voter: bool = False
) -> str:
    """Return how the ratings are computed. `kinds` are those of the board's intervals, none if there is no board."""
    line = "; ".join(texts(phrase.key, **phrase.values) for phrase in described(settings, kinds, by_voter=by_voter))
    return f"{line[0].upper()}{line[1:]}."


def _row(row: BoardRow, board: Board, axis: Axis, texts: Messages) -> str:
    card = board.models.get(row.model)
    if row.low is None or row.high is None:
        interval = plain(texts("interval_none"))
    else:
        interval = f"{row.low:.0f}–{row.high:.0f}" + _SHORT_RECORD * (row.interval == "hessian")
    cells = [
        ("rank", row.rank_span),
        ("model", f'<span class="name">{plain(row.model)}</span>{_card_line(card, texts)}'),
        ("rating", f"{row.rating:.0f}"),
        ("bar", interval_bar(row, axis)),
        ("interval", interval),
        ("votes", f"{_label('column_votes', texts)}{row.battles:,}"),
        ("wins", f"{_label('column_win_rate', texts)}{row.win_rate:.0%}"),
    ]
    return "<tr>" + "".join(f'<td class="{name}">{text}</td>' for name, text in cells) + "</tr>"


def _label(column: str, texts: Messages) -> str:
    """Return the column's name for its cell: a phone shows it there, because its header has no room."""
    return f'<span class="label">{plain(texts(column))} </span>'


def _card_line(card: ModelCard | None, texts: Messages) -> str:
    if card is None:
        return ""
    facts = [card.organisation, card.licence, texts("retired") if card.is_retired else None]
    line = " · ".join(plain(fact) for fact in facts if fact)
    return f'<span class="facts">{line}</span>' if line else ""


def _unrated(board: Board, texts: Messages) -> str:
    names = board.leaderboard.unrated
    if not names:
        return ""
    key = "unrated" if board.leaderboard.rows else "unrated_all"
    return f'<p class="unrated">{plain(texts(key))} {plain(", ".join(names))}</p>'


def age(seconds: float, texts: Messages) -> str:
    """Return an age in its largest unit, such as `2 min ago`."""
    for key, unit_s in (("computed_days", 86400), ("computed_hours", 3600), ("computed_minutes", 60)):
        if seconds >= unit_s:
            return texts(key, n=int(seconds // unit_s))
    return texts("computed_now")
