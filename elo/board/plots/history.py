"""Ratings over time: for each model a curve with the band of its intervals, all on the same axes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from elo.board.over_time import RatedDay
from elo.board.plots.drawing.axis import Axis
from elo.board.plots.drawing.markup import cut, line, plain, upright

MOST = 12
"""Curves in a figure, unless more are asked for."""
_TOP, _ROW, _NAME, _CURVE, _WIDE = 50, 116, 34, 64, 1000
_LONGEST_NAME = 30
"""So that it ends before its rating on a phone."""
_LONGEST_TITLE = 40
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class History:
    """A model's ratings, in order of time, at least one."""

    model: str
    days: tuple[RatedDay, ...]


def history_figure(
    histories: Sequence[History], *, title: str = "Ratings over time", caption: str = "", top: int = MOST
) -> str:
    """The first `top` of the histories below each other (0: all), on the same scales. A band is the interval of each
    day's board; a board of one day is a dot with its interval."""
    shown = histories[:top] if top else histories
    every = [day for one in shown for day in one.days]
    ratings = _scale(shown)
    first, last = min(day.ends_at for day in every), max(day.ends_at for day in every)
    times = Axis(first, last) if last > first else Axis(first - _DAY_S, last + _DAY_S)
    rows = "".join(_row(one, _TOP + i * _ROW, ratings, times) for i, one in enumerate(shown))
    bottom = _TOP + len(shown) * _ROW
    dates = [(first, "start"), (last, "end")] if last > first else [(first, "middle")]
    below = "".join(
        f'<text class="quiet number" x="{times.at(time)}" y="{bottom + 12}" text-anchor="{anchor}">{_date(time)}</text>'
        for time, anchor in dates
    )
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" width="760" height="{bottom + 20}" role="img">'
        f"<title>{plain(title)}</title>"
        f'<text class="group" x="0" y="16">{plain(cut(title, _LONGEST_TITLE))}</text>'
        f'<text class="quiet" x="0" y="36">{plain(caption)}</text>{rows}{below}</svg>'
    )


def _scale(histories: Sequence[History]) -> Axis:
    """Every rating, and the intervals of the later half of the days: the first days, with few votes, have intervals so
    wide that all curves would look flat. Their bands are cut at the edge."""
    values = [day.rating for one in histories for day in one.days]
    for one in histories:
        for day in one.days[len(one.days) // 2 :]:
            values += [end for end in (day.low, day.high) if end is not None]
    return Axis.of(values)


def _date(ends_at: float) -> str:
    """The day that ends at this time."""
    return datetime.fromtimestamp(ends_at - 1, UTC).date().isoformat()


def _row(one: History, top: int, ratings: Axis, times: Axis) -> str:
    last = one.days[-1]
    value = f"{last.rating:.0f}"
    if last.low is not None and last.high is not None:
        value += f" ({last.low:.0f}–{last.high:.0f})"

    def y(rating: float) -> float:
        return _CURVE * (ratings.high - rating) / (ratings.high - ratings.low)

    grid = "".join(
        line("0", "100%", f"{top + _NAME + y(tick):.2f}", "grid", 1)
        + f'<text class="quiet number" x="0" y="{top + _NAME + y(tick) - 3:.2f}">{tick:g}</text>'
        for tick in _few(ratings.ticks())
    )
    return (
        f"<g><title>{plain(one.model)}</title>"
        f'<text x="0" y="{top + 14}">{plain(cut(one.model, _LONGEST_NAME))}</text>'
        f'<text class="quiet number" x="100%" y="{top + 14}" text-anchor="end">{value}</text>{grid}'
        f"{_curve(one.days, top, times, y) if len(one.days) > 1 else _alone(last, top, times, y)}</g>"
    )


def _few(ticks: Sequence[float]) -> Sequence[float]:
    """At most three, so that their numbers have room."""
    return ticks[:: -(-len(ticks) // 3)]


def _curve(days: Sequence[RatedDay], top: int, times: Axis, y: Callable[[float], float]) -> str:
    """The band and the curve, which have the width of the chart and a height in pixels, and a dot at the end."""

    def x(day: RatedDay) -> float:
        return _WIDE * (day.ends_at - times.low) / (times.high - times.low)

    upper = [f"{x(day):.1f},{y(day.high):.2f}" for day in days if day.low is not None and day.high is not None]
    lower = [f"{x(day):.1f},{y(day.low):.2f}" for day in days if day.low is not None and day.high is not None]
    band = f'<path class="band" d="M{" L".join([*upper, *reversed(lower)])} Z"></path>' if len(upper) > 1 else ""
    curve = " L".join(f"{x(day):.1f},{y(day.rating):.2f}" for day in days)
    last = days[-1]
    return (
        f'<svg y="{top + _NAME}" width="100%" height="{_CURVE}" viewBox="0 0 {_WIDE} {_CURVE}"'
        f' preserveAspectRatio="none">{band}'
        f'<path class="curve" d="M{curve}" vector-effect="non-scaling-stroke"></path></svg>'
        f'<circle class="dot" cx="{times.at(last.ends_at)}" cy="{top + _NAME + y(last.rating):.2f}" r="4"></circle>'
    )


def _alone(day: RatedDay, top: int, times: Axis, y: Callable[[float], float]) -> str:
    x = times.at(day.ends_at)
    place = top + _NAME
    dot = f'<circle class="dot" cx="{x}" cy="{place + y(day.rating):.2f}" r="4"></circle>'
    if day.low is None or day.high is None:
        return dot
    return upright(x, f"{place + y(day.high):.2f}", f"{place + y(day.low):.2f}", "range", 3) + dot
