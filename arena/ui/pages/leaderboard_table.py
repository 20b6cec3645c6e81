"""The leaderboard's table: a row for each model, with its interval as a bar on a common axis in the header.

Bars are inline SVG in percentages, so they need no script and no fixed width. The numbers are `Board`'s.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.service import Board, ModelCard
from arena.ui.links import link
from arena.ui.messages import Messages
from arena.ui.untrusted import plain
from elo.board.leaderboard import BoardRow
from elo.chance.intervals import IntervalKind
from elo.settings import Settings as EloSettings

_MOST_TICKS = 5
_STEPS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_MARKS: Mapping[IntervalKind, str] = {"none": "", "bootstrap": "", "sandwich": "*", "jackknife": "‡", "hessian": "†"}
"""A mark always means the same; the common kind, which the settings line tells of, has none."""

_RARE = ("cluster", "weights", "half_life_days", "simultaneous", "control", "ridge")
"""Settings of the ratings that are told, by their names in the file, only where they are not the usual ones."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The common scale of all bars: Elo points from `low` to `high`, `ticks` on round numbers."""

    low: float
    high: float
    ticks: tuple[int, ...]

    def percent(self, rating: float) -> float:
        """Where `rating` lies, from 0 (left end) to 100."""
        return 100 * (rating - self.low) / (self.high - self.low)


def axis(rows: Sequence[BoardRow]) -> Axis:
    """An axis that holds every rating and interval of `rows` (one or more), with at most five ticks."""
    lows = [row.rating if row.low is None else row.low for row in rows]
    highs = [row.rating if row.high is None else row.high for row in rows]
    low, high = min(lows), max(highs)
    margin = max(0.06 * (high - low), 10.0)
    low, high = low - margin, high + margin
    step = next((step for step in _STEPS if (high - low) / step <= _MOST_TICKS), _STEPS[-1])
    ticks = range(math.ceil(low / step) * step, math.floor(high) + 1, step)
    return Axis(low=low, high=high, ticks=tuple(ticks))


def table(board: Board, texts: Messages) -> str:
    """The board as one line of HTML (Markdown would end the table at an empty line)."""
    rows = board.leaderboard.rows
    settings = board.leaderboard.settings
    if not rows:
        go = f'<a href="{link("/")}">{plain(texts("go_vote"))}</a>'
        return f'<div class="empty"><p>{plain(texts("leaderboard_empty"))}</p><p>{go}</p></div>{_unrated(board, texts)}'
    scale = axis(rows)
    components = sorted({row.component for row in rows})
    level = f"{100 * settings.level:g}%"
    heads = [
        ("rank", plain(texts("column_rank"))),
        ("model", plain(texts("column_model"))),
        ("rating", plain(texts("column_rating"))),
        ("bar", _axis_svg(scale)),
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
        body += "".join(_row(row, board, scale, texts) for row in rows if row.component == component)
    notes = [plain(texts("components"))] if len(components) > 1 else []
    kinds = {row.interval for row in rows}
    notes += [
        plain(texts("interval_mark", mark=mark, kind=texts("interval_" + kind)))
        for kind, mark in _MARKS.items()
        if mark and kind in kinds
    ]
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        + "".join(f'<p class="note">{note}</p>' for note in notes)
        + _unrated(board, texts)
    )


def computed_line(board: Board, now: float, texts: Messages) -> str:
    """From how many votes, how many not counted and why, how old; by which settings, and how to cite it."""
    n = board.n_counted
    line = texts("computed_from_one") if n == 1 else texts("computed_from", votes=n)
    if board.n_excluded:
        reasons = sorted(board.exclusions.items(), key=lambda reason: (-reason[1], reason[0]))
        told = ", ".join(texts("short_" + reason, n=count) for reason, count in reasons)
        if sum(board.exclusions.values()) > board.n_excluded:
            told += texts("computed_overlap")
        line += f" ({texts('computed_excluded', n=board.n_excluded, reasons=told)})"
    line += f" · {age(now - board.computed_at, texts)}"
    how = f"{settings_line(board.leaderboard.settings, texts)} {texts('to_cite', revision=board.revision)}"
    return f'<p class="computed">{plain(line)}</p><p class="note">{plain(how)}</p>'


def settings_line(settings: EloSettings, texts: Messages) -> str:
    """How the ratings are computed, in words."""
    if settings.method == "elo":
        return texts("settings_elo", k=f"{settings.k:g}", start=f"{settings.start:g}")
    if settings.gauge == "anchor":
        anchors = ", ".join(f"{name} = {rating:g}" for name, rating in settings.anchor)
        gauge = texts("gauge_anchor", anchors=anchors)
    else:
        gauge = texts("gauge_" + settings.gauge, mean=f"{settings.mean:g}")
    is_tie = settings.both_bad == "tie" or settings.ties == "ignore"
    kind = settings.ties if settings.ties in ("half", "ignore") else "own"
    ties = texts(f"ties_{kind}" if is_tie else f"ties_{kind}_alone", model=settings.ties.title())
    if settings.resamples:
        intervals = texts("intervals_bootstrap", bootstrap=f"{settings.bootstrap:,}", seed=settings.seed)
    else:
        intervals = texts("intervals_covariance")
    line = texts(
        "settings_bradley_terry",
        scale=f"{settings.scale:g}",
        base=f"{settings.base:g}",
        gauge=gauge,
        ties=ties,
        prior=f"{settings.prior:g}",
        intervals=intervals,
    )
    told, usual = settings.to_json(), EloSettings().to_json()
    also = [f"{name} = {_shown(told[name])}" for name in _RARE if told[name] != usual[name]]
    return f"{line} {texts('settings_also', told='; '.join(also))}" if also else line


def _shown(value: object) -> str:
    """As it is written in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _row(row: BoardRow, board: Board, scale: Axis, texts: Messages) -> str:
    card = board.models.get(row.model)
    if row.low is None or row.high is None:
        interval = plain(texts("interval_none"))
    else:
        interval = f"{row.low:.0f}–{row.high:.0f}" + _MARKS[row.interval]
    cells = [
        ("rank", str(row.rank) if row.rank_worst == row.rank else f"{row.rank}–{row.rank_worst}"),
        ("model", f'<span class="name">{plain(row.model)}</span>{_card_line(card, texts)}'),
        ("rating", f"{row.rating:.0f}"),
        ("bar", _bar_svg(row, scale)),
        ("interval", interval),
        ("votes", f"{_label('column_votes', texts)}{row.battles:,}"),
        ("wins", f"{_label('column_win_rate', texts)}{row.win_rate:.0%}"),
    ]
    return "<tr>" + "".join(f'<td class="{name}">{text}</td>' for name, text in cells) + "</tr>"


def _label(column: str, texts: Messages) -> str:
    """The column's name inside its cell: shown on a phone, where the header has no room."""
    return f'<span class="label">{plain(texts(column))} </span>'


def _card_line(card: ModelCard | None, texts: Messages) -> str:
    if card is None:
        return ""
    facts = [card.organisation, card.licence, texts("retired") if card.is_retired else None]
    told = " · ".join(plain(fact) for fact in facts if fact)
    return f'<span class="facts">{told}</span>' if told else ""


def _axis_svg(scale: Axis) -> str:
    texts = "".join(
        f'<text x="{scale.percent(tick):.2f}%" y="14" text-anchor="middle">{tick}</text>' for tick in scale.ticks
    )
    return f'<svg class="axis" width="100%" height="18" aria-hidden="true">{texts}</svg>'


def _bar_svg(row: BoardRow, scale: Axis) -> str:
    grid = "".join(
        f'<line class="grid" x1="{at:.2f}%" x2="{at:.2f}%" y1="0" y2="100%"></line>'
        for at in map(scale.percent, scale.ticks)
    )
    interval = ""
    if row.low is not None and row.high is not None:
        low, high = scale.percent(row.low), scale.percent(row.high)
        interval = f'<line class="range" x1="{low:.2f}%" x2="{high:.2f}%" y1="50%" y2="50%"></line>'
    dot = f'<circle cx="{scale.percent(row.rating):.2f}%" cy="50%" r="5"></circle>'
    return f'<svg width="100%" height="28" aria-hidden="true">{grid}{interval}{dot}</svg>'


def _unrated(board: Board, texts: Messages) -> str:
    names = board.leaderboard.unrated
    if not names:
        return ""
    key = "unrated" if board.leaderboard.rows else "unrated_all"
    return f'<p class="unrated">{plain(texts(key))} {plain(", ".join(names))}</p>'


def age(seconds: float, texts: Messages) -> str:
    for key, unit_s in (("computed_days", 86400), ("computed_hours", 3600), ("computed_minutes", 60)):
        if seconds >= unit_s:
            return texts(key, n=int(seconds // unit_s))
    return texts("computed_now")
