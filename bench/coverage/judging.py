"""Judge the intervals and the ranks of one tournament by its true ratings."""

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bench.coverage.tournaments import MODELS, RANK_KINDS, Tournament
from elo.battles import Cells, Floats, Index
from elo.board import ranks
from elo.chance.intervals import Intervals, intervals
from elo.fit.bradley_terry import fit
from elo.fit.clusters import Clusters
from elo.fit.components import components
from elo.settings import Settings

BOOTSTRAP = Settings(cluster="none")
SANDWICH = Settings(interval="sandwich", cluster="none")
ALL_AT_ONCE = Settings(interval="sandwich", cluster="none", simultaneous=True)
BY_PAIR = Settings(cluster="pair")
BY_PAIR_ALL_AT_ONCE = Settings(cluster="pair", simultaneous=True)
BY_VOTER = Settings(cluster="voter")
BY_VOTER_ALL_AT_ONCE = Settings(cluster="voter", simultaneous=True)
_EQUAL = 1e-9  # true ratings in log-odds that differ by less are equal


@dataclass(frozen=True, slots=True)
class Method:
    """One kind of interval. `target` names the share that should be between 93 and 97 %, if any."""

    name: str
    settings: Settings
    target: str = ""


_PLAIN = (
    Method("bootstrap", BOOTSTRAP, "models"),
    Method("sandwich", SANDWICH, "models"),
    Method("sandwich, all at once", ALL_AT_ONCE, "tournaments"),
)
_PREPARED = (
    Method("plain: bootstrap", BOOTSTRAP),
    Method("jackknife by prepared pair", BY_PAIR, "models"),
    Method("jackknife by prepared pair, all at once", BY_PAIR_ALL_AT_ONCE),
)
METHODS: dict[str, tuple[Method, ...]] = {
    "uniform": _PLAIN,
    "adaptive": _PLAIN,
    "prepared, 5 voters": _PREPARED,
    "prepared, 20 voters": _PREPARED,
    "tastes": (
        Method("plain: bootstrap", BOOTSTRAP),
        Method("jackknife by voter", BY_VOTER, "models"),
        Method("jackknife by voter, all at once", BY_VOTER_ALL_AT_ONCE),
    ),
}
AUTO = Method("auto", BOOTSTRAP)
OF_RANKS: dict[str, tuple[Method, ...]] = dict.fromkeys(RANK_KINDS, (Method("sandwich", SANDWICH), AUTO)) | {
    "equal models, 40 voters with tastes": (Method("jackknife by voter", BY_VOTER),),
    "equal models, 5 voters on each prepared pair": (Method("jackknife by prepared pair", BY_PAIR),),
    "equal models, 20 voters on each prepared pair": (Method("jackknife by prepared pair", BY_PAIR),),
}


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of n tournaments."""

    n: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(**{name: value + getattr(other, name) for name, value in asdict(self).items()})

    def share(self, what: str) -> float:
        return float(getattr(self, what)) / self.n


@dataclass(frozen=True, slots=True)
class Tally(_Sums):
    """Shares of covered models, their squares, fully covered tournaments, and median widths in points."""

    models: float = 0.0
    models_squared: float = 0.0
    tournaments: int = 0
    width: float = 0.0

    def error(self) -> float:
        """Return the standard error of the share of models, over tournaments: a tournament's models are dependent."""
        mean = self.share("models")
        return float(np.sqrt(max(self.models_squared / self.n - mean**2, 0.0) / self.n))


@dataclass(frozen=True, slots=True)
class RankTally(_Sums):
    """Tournaments with a false "better", those in which every span of ranks has all possible places, and shares of the
    pairs that are told apart in the `n_apart` tournaments for which it was counted."""

    false: int = 0
    spans: int = 0
    n_apart: int = 0
    apart: float = 0.0


def judge(tournament: Tournament, settings: Settings) -> Tally:
    """Compare one tournament's intervals with its true ratings."""
    _, bounds, truth, _ = _rated(tournament, settings)
    is_covered = (bounds.low <= truth) & (truth <= bounds.high)
    share = float(is_covered.mean())
    return Tally(
        n=1,
        models=share,
        models_squared=share**2,
        tournaments=int(is_covered.all()),
        width=float(np.median(bounds.high - bounds.low)) * settings.points_per_logit,
    )


def judge_ranks(tournament: Tournament, settings: Settings) -> RankTally:
    """Compare one tournament's ranks with its true ratings. Equal models are neither better nor worse."""
    ratings, bounds, truth, group = _rated(tournament, settings)
    is_better: NDArray[np.bool_] = bounds.differences.better(ratings, group)
    truly = truth[:, None] - truth[None, :] > _EQUAL
    found, possible = ranks.spans(is_better, group), ranks.spans(truly, np.ones_like(group))
    return RankTally(
        n=1,
        false=int((is_better & ~truly).any()),
        spans=int(((found.best <= possible.best) & (possible.worst <= found.worst)).all()),
        n_apart=1,
        apart=float(is_better.sum()) / (len(truth) * (len(truth) - 1) / 2),
    )


def _rated(tournament: Tournament, settings: Settings) -> tuple[Floats, Intervals, Floats, Index]:
    """Return the ratings, their intervals, the truth, and the groups, of the models with a vote."""
    votes = tournament.votes
    pairs = Cells.from_votes(votes).pairs()
    truth = tournament.truth[[MODELS.index(model) for model in pairs.models]]
    fitted = fit(pairs, prior=settings.prior)
    bounds = intervals(pairs, fitted, settings, clusters=Clusters.of(votes, pairs.models, settings))
    assert bounds is not None
    return fitted.ratings, bounds, truth - truth.mean(), components(pairs)
