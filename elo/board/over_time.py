"""The board as of each day: how ratings came about, from the votes as they count now.

    days_of         votes -> the counts up to the end of each day with a vote
    rated_days      these counts -> each model's ratings, day by day

At most `MOST_DAYS` days are rated, evenly spaced, the last among them. Intervals are the sandwich's, which need no
resampling (0.05 s for 50 models), with the board's other settings; options that need votes one by one (weights,
clusters, control) are left out, and so ratings over time are by votes alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from elo.battles import Cells, Votes
from elo.board.leaderboard import Leaderboard, rate
from elo.settings import Settings

T = TypeVar("T")
MOST_DAYS = 60
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class RatedDay:
    """A model on the board of the votes up to `ends_at`, in seconds since 1970. `low` and `high` are None without an
    interval."""

    ends_at: float
    rating: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """The votes up to `ends_at`, counted."""

    ends_at: float
    cells: Cells


def days_of(votes: Votes, *, most: int = MOST_DAYS) -> tuple[Day, ...]:
    """Return at most `most` of the days (UTC) on which a vote was cast; none where the votes have no times. A vote
    without a time is in no day."""
    if votes.time_s is None:
        return ()
    day = np.floor(votes.time_s / _DAY_S)
    ends = [(number + 1) * _DAY_S for number in np.unique(day[np.isfinite(day)]).tolist()]
    return tuple(Day(end, Cells.from_votes(votes.select(votes.time_s < end))) for end in spaced(ends, most))


def rated_days(
    days: Iterable[Day], settings: Settings, *, board_of: Callable[[Cells], Leaderboard] | None = None
) -> Mapping[str, tuple[RatedDay, ...]]:
    """Return the ratings of each day in order, by model. `board_of` is `rate` with `history_settings`, if the caller
    keeps boards. Raises what `rate` raises."""
    usual = history_settings(settings)
    found: dict[str, list[RatedDay]] = {}
    for one in days:
        for row in (board_of(one.cells) if board_of else rate(one.cells, usual)).rows:
            found.setdefault(row.model, []).append(RatedDay(one.ends_at, row.rating, row.low, row.high))
    return {model: tuple(ratings) for model, ratings in found.items()}


def history_settings(official: Settings) -> Settings:
    """Return the settings of every day's board."""
    if official.method != "bradley-terry":
        return Settings(interval="sandwich", base=official.base, scale=official.scale, mean=official.mean)
    changed: dict[str, Any] = {"weights": "none", "half_life_days": None, "control": (), "cluster": "none"}
    if official.gauge == "anchor":
        changed |= {"gauge": "mean", "anchor": ()}  # an anchor may have no vote on the first days
    return replace(official, **changed, interval="sandwich", prior=official.prior or Settings().prior)


def spaced(days: Sequence[T], most: int) -> list[T]:
    """Return at most `most` of the days, evenly spaced, with the first and the last."""
    if len(days) <= most:
        return list(days)
    return [days[round(i * (len(days) - 1) / (most - 1))] for i in range(most)]
