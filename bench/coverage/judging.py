"""Judge the intervals and the ranks of one tournament by its true ratings."""

from dataclasses import asdict, dataclass

import numpy as np

from bench.coverage.tournaments import KINDS, MODELS, Tournament
from elo.battles import Cells
from elo.board import ranks
from elo.chance.intervals import intervals
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
    """One kind of interval. `target` names what should be right: models (93 to 97 % of them covered), tournaments (93
    to 97 % of them wholly covered), ranks (a false "better" in at most 6.4 % of tournaments), or nothing."""

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
_TASTES = (
    Method("plain: bootstrap", BOOTSTRAP),
    Method("jackknife by voter", BY_VOTER, "models"),
    Method("jackknife by voter, all at once", BY_VOTER_ALL_AT_ONCE),
)
_RANKS = (Method("auto", BOOTSTRAP, "ranks"), Method("sandwich", SANDWICH, "ranks"))
METHODS: dict[str, tuple[Method, ...]] = dict.fromkeys(KINDS, _RANKS) | {
    "uniform": _PLAIN,
    "adaptive": _PLAIN,
    "prepared, 5 voters": _PREPARED,
    "prepared, 20 voters": _PREPARED,
    "tastes": _TASTES,
    "equal models, 40 voters with tastes": (Method("jackknife by voter", BY_VOTER, "ranks"),),
    "equal models, 5 voters on each prepared pair": (Method("jackknife by prepared pair", BY_PAIR, "ranks"),),
    "equal models, 20 voters on each prepared pair": (Method("jackknife by prepared pair", BY_PAIR, "ranks"),),
}


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over n tournaments: shares of covered models, their squares, fully covered tournaments, tournaments with a
    false "better", tournaments in which every span of ranks has all possible places, shares of pairs that are told
    apart, and median widths in points."""

    n: int = 0
    models: float = 0.0
    models_squared: float = 0.0
    tournaments: int = 0
    false: int = 0
    spans: int = 0
    apart: float = 0.0
    width: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: value + getattr(other, name) for name, value in asdict(self).items()})

    def share(self, what: str) -> float:
        return float(getattr(self, what)) / self.n

    def error(self) -> float:
        """Return the standard error of the share of models, over tournaments: a tournament's models are dependent."""
        mean = self.share("models")
        return float(np.sqrt(max(self.models_squared / self.n - mean**2, 0.0) / self.n))


def judge(tournament: Tournament, settings: Settings) -> Tally:
    """Compare one tournament's intervals and ranks with its true ratings."""
    votes = tournament.votes
    pairs = Cells.from_votes(votes).pairs()
    truth = tournament.truth[[MODELS.index(model) for model in pairs.models]]
    fitted, group = fit(pairs, prior=settings.prior), components(pairs)
    bounds = intervals(pairs, fitted, settings, clusters=Clusters.of(votes, pairs.models, settings))
    assert bounds is not None
    centre = truth - truth.mean()
    is_covered = (bounds.low <= centre) & (centre <= bounds.high)
    is_better = bounds.differences.better(fitted.ratings, group)
    spans = ranks.spans(is_better, group)
    truly = truth[:, None] - truth[None, :] > _EQUAL
    possible = ranks.spans(truly, np.ones_like(group))
    share = float(is_covered.mean())
    return Tally(
        n=1,
        models=share,
        models_squared=share**2,
        tournaments=int(is_covered.all()),
        false=int((is_better & ~truly).any()),
        spans=int(((spans.best <= possible.best) & (possible.worst <= spans.worst)).all()),
        apart=float(is_better.sum()) / (len(truth) * (len(truth) - 1) / 2),
        width=float(np.median(bounds.high - bounds.low)) * settings.points_per_logit,
    )
