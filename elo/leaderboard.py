"""From counts or votes to a board: the rows that the web shows and `recompute` prints, with one JSON for both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from db.outcome import Outcome
from elo import bradley_terry, online
from elo.battles import Cells, Floats, Index, Pairs, Votes, components, record
from elo.intervals import Intervals, Kind, Progress, intervals
from elo.settings import Settings

_DECIMALS = 10
"""Where ratings are cut: far below any meaning and above rounding errors, so that equal records have equal ratings."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model. `low` and `high` are None where there is no interval; `interval` says how they were made."""

    model: str
    rank: int
    """1 + the models of the same component that are better for sure: whose `low` exceeds this `high`."""
    rating: float
    low: float | None
    high: float | None
    interval: Kind
    """bootstrap, sandwich, hessian (under three points won or lost: read it with care) or none."""
    battles: int
    win_rate: float
    """(wins + half the ties) / battles."""
    component: int
    """Models of different components have no path of battles between them: their ratings cannot be compared."""

    def to_json(self) -> dict[str, str | int | float | None]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Rows by rating, then name; models without a vote in `unrated`; the settings and the source that gave them."""

    rows: tuple[Row, ...]
    unrated: tuple[str, ...]
    settings: Settings
    n_votes: int
    revision: int | None = None
    """The ledger's, where the votes come from a database."""
    excluded: Mapping[str, int] = field(default_factory=dict)
    """Votes that were left out, by reason."""

    def sourced(self, *, revision: int | None = None, excluded: Mapping[str, int] | None = None) -> "Leaderboard":
        """The same board with its source told."""
        return replace(self, revision=revision, excluded=dict(excluded or {}))

    @property
    def n_components(self) -> int:
        return max((row.component for row in self.rows), default=0)

    def to_json(self) -> dict[str, object]:
        """What `/leaderboard.json` and `recompute --json` hold; floats are written so that they read back the same."""
        return {
            "models": [row.to_json() for row in self.rows],
            "settings": self.settings.to_json(),
            "votes": self.n_votes,
            "revision": self.revision,
            "excluded": dict(sorted(self.excluded.items())),
            "unrated": list(self.unrated),
        }


def rate(
    cells: Cells, settings: Settings, *, listed: Sequence[str] = (), progress: Progress | None = None
) -> Leaderboard:
    """The Bradley-Terry board. `listed` are models that are shown even without a vote. No votes: a board without rows.

    Raises NoMaximumError, naming the models, where the prior is 0 and the votes have no likeliest ratings.
    """
    if settings.method != "bradley-terry":
        raise ValueError(
            f"counts have no order, so they cannot be rated by {settings.method}; use rate_online with votes"
        )
    if not cells.models:
        return Leaderboard((), tuple(sorted(set(listed))), settings, 0)
    pairs = cells.pairs()
    fit = bradley_terry.fit(pairs, prior=settings.prior)
    bounds = intervals(pairs, fit, settings, progress=progress)
    scale, mean = settings.points_per_logit, settings.mean

    def on_scale(logits: Floats) -> Floats:
        points: Floats = np.round(mean + scale * logits, _DECIMALS)
        return points

    if bounds is not None:
        bounds = replace(bounds, low=on_scale(bounds.low), high=on_scale(bounds.high))
    return _board(pairs, on_scale(fit.ratings), bounds, settings, listed)


def rate_online(
    votes: Votes | Iterable[tuple[str, str, Outcome]], settings: Settings, *, listed: Sequence[str] = ()
) -> Leaderboard:
    """The board by online Elo after the votes in their order, without intervals."""
    if settings.method != "elo":
        raise ValueError(f"method {settings.method!r} does not replay votes; use rate with cells")
    votes = votes if isinstance(votes, Votes) else Votes.from_rows(votes)
    if not len(votes):
        return Leaderboard((), tuple(sorted(set(listed))), settings, 0)
    states = online.replay(votes, settings)
    pairs = Cells.from_votes(votes).pairs()
    ratings = np.array([states[model].rating for model in pairs.models])
    return _board(pairs, ratings, None, settings, listed)


def ranks(low: Floats, high: Floats, group: Index) -> Index:
    """(K,): 1 + the number of models of the same group whose `low` exceeds this `high` (the Chatbot Arena rule)."""
    is_better = (low[None, :] > high[:, None]) & (group[None, :] == group[:, None])
    rank: Index = 1 + is_better.sum(axis=1)
    return rank


def _board(
    pairs: Pairs, ratings: Floats, bounds: Intervals | None, settings: Settings, listed: Sequence[str]
) -> Leaderboard:
    points, group = record(pairs), components(pairs)
    # Without intervals nothing is known of chance: a better rating is a better rank.
    low, high = (bounds.low, bounds.high) if bounds is not None else (ratings, ratings)
    rank = ranks(low, high, group)
    rows = [
        Row(
            model=model,
            rank=int(rank[m]),
            rating=float(ratings[m]),
            low=float(bounds.low[m]) if bounds is not None else None,
            high=float(bounds.high[m]) if bounds is not None else None,
            interval=bounds.kind[m] if bounds is not None else "none",
            battles=int(points.battles[m]),
            win_rate=float(points.won[m] / points.battles[m]),
            component=int(group[m]),
        )
        for m, model in enumerate(pairs.models)
    ]
    rows.sort(key=lambda row: (-row.rating, row.model))
    unrated = tuple(sorted(set(listed) - set(pairs.models)))
    return Leaderboard(tuple(rows), unrated, settings, n_votes=int(pairs.games.sum()))
