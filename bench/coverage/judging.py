"""Judge the intervals of one tournament by its true ratings."""

from dataclasses import asdict, dataclass

import numpy as np

from bench.coverage.tournaments import Tournament
from elo.battles import Cells, Floats, Index
from elo.board.ranks import variance_of_difference
from elo.chance.intervals import intervals
from elo.fit.bradley_terry import fit
from elo.fit.clusters import Clusters
from elo.fit.pointwise import pointwise
from elo.settings import Settings

BOOTSTRAP = Settings(cluster="none")
SANDWICH = Settings(interval="sandwich", cluster="none")
ALL_AT_ONCE = Settings(interval="sandwich", cluster="none", simultaneous=True)
BY_PAIR = Settings(cluster="pair")
BY_PAIR_ALL_AT_ONCE = Settings(cluster="pair", simultaneous=True)
BY_VOTER = Settings(cluster="voter")
BY_VOTER_ALL_AT_ONCE = Settings(cluster="voter", simultaneous=True)


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


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over n tournaments: shares of covered models, their squares, fully covered tournaments, shares of covered
    differences and places, and median widths in points."""

    n: int = 0
    models: float = 0.0
    models_squared: float = 0.0
    tournaments: int = 0
    differences: float = 0.0
    places: float = 0.0
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
    """Compare one tournament's intervals with its true ratings."""
    votes, truth = tournament.votes, tournament.truth
    pairs = Cells.from_votes(votes).pairs()
    fitted = fit(pairs, prior=settings.prior)
    bounds = intervals(pairs, fitted, settings, clusters=Clusters.of(votes, pairs.models, settings))
    assert bounds is not None
    assert bounds.rounds is not None
    is_covered = (bounds.low <= truth) & (truth <= bounds.high)
    first, second = np.triu_indices(len(truth), 1)
    error = np.sqrt(variance_of_difference(bounds.covariance))[first, second]
    off = np.abs((fitted.r - truth)[first] - (fitted.r - truth)[second])
    best, worst = places_of_rounds(bounds.rounds, level=settings.level)
    true_place = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
    share = float(is_covered.mean())
    return Tally(
        n=1,
        models=share,
        models_squared=share**2,
        tournaments=int(is_covered.all()),
        differences=float((off <= pointwise(settings.level, bounds.freedom) * error).mean()),
        places=float(((best <= true_place) & (true_place <= worst)).mean()),
        width=float(np.median(bounds.high - bounds.low)) * settings.points_per_logit,
    )


def places_of_rounds(rounds: Floats, *, level: float) -> tuple[Index, Index]:
    """Return the best and the worst place, (K,) each, that exclude equal tails of the rounds (R, K) and keep `level`.

    A model's place in a round is 1 + the number of models above it.
    """
    places = 1 + (rounds[:, None, :] > rounds[:, :, None]).sum(axis=2)
    tail = (1 - level) / 2
    best, worst = np.quantile(places, [tail, 1 - tail], axis=0, method="inverted_cdf").astype(np.int64)
    return best, worst
