"""What an arena should play next, from one estimate: who can be told apart with how much more, what hangs together, and
which pairs teach most.

`planning` computes; here it is gathered for a page, a file or a terminal (`plan_text`).

    K models
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from elo.battles import Pairs
from elo.bradley_terry import centred
from elo.estimate import Estimate, rated_outcomes
from elo.planning import (
    Connectivity,
    Separation,
    battles_to_separate,
    connectivity,
    information_of_one,
    shrinkage,
)
from elo.settings import Settings
from elo.simultaneous import pointwise

_N_LESSONS = 10


@dataclass(frozen=True, slots=True)
class Lesson:
    """A pair, and the share of all ratings' summed variance that one more battle of it takes away. (Where ties are
    ignored, on average: the others take nothing.)"""

    model_a: str
    model_b: str
    share: float


@dataclass(frozen=True, slots=True)
class Plan:
    neighbours: tuple[Separation, ...]
    """In log-odds. Empty where there are no intervals to tell apart by."""
    chance: float
    reach: float
    """Standard errors that a gap must be wide."""
    connectivity: Connectivity
    lessons: tuple[Lesson, ...]
    """Best first."""
    n_votes: int
    settings: Settings

    def to_json(self) -> dict[str, object]:
        """Gaps and errors in points of the scale."""
        scale = self.settings.points_per_logit
        return {
            "votes": self.n_votes,
            "chance": self.chance,
            "reach": self.reach,
            "neighbours": [
                asdict(row) | {"gap": scale * row.gap, "error": scale * row.error} for row in self.neighbours
            ],
            "groups": [list(group) for group in self.connectivity.groups],
            "pairs": self.connectivity.n_pairs,
            "pairs_met": self.connectivity.n_met,
            "bridges": [asdict(bridge) for bridge in self.connectivity.bridges],
            "lessons": [asdict(lesson) for lesson in self.lessons],
            "settings": self.settings.to_json(),
        }


def plan(found: Estimate, settings: Settings, *, chance: float = 0.8) -> Plan:
    """`chance` is the probability with which the planned battles tell two neighbours apart (see `planning`)."""
    K = found.counted.n_models
    rated = found.cells.only(rated_outcomes(settings)).n_votes / found.cells.n_votes
    separations: tuple[Separation, ...] = ()
    if found.bounds is not None:
        separations = battles_to_separate(
            found.pairs,
            found.fit,
            found.bounds.covariance,
            level=settings.level,
            chance=chance,
            freedom=found.bounds.freedom,
            rated=rated,
        )
    inverse = found.fit.inverse[:K, :K]
    share = rated * shrinkage(inverse, information_of_one(found.fit)) / np.trace(centred(inverse))
    a, b = np.triu_indices(K, 1)
    best = np.argsort(-share[a, b], kind="stable")[:_N_LESSONS]
    models = found.counted.models
    return Plan(
        separations,
        chance,
        pointwise(settings.level, None if found.bounds is None else found.bounds.freedom),
        replace(connectivity(_in_the_fit(found)), n_met=len(found.counted.a)),
        tuple(Lesson(models[i], models[j], float(share[i, j])) for i, j in zip(a[best], b[best], strict=True)),
        int(found.counted.games.sum()),
        settings,
    )


def _in_the_fit(found: Estimate) -> Pairs:
    """The pairs of which some vote is in the fit, with all of theirs: ties that are ignored tie no groups together."""
    counted, K = found.counted, found.counted.n_models
    kept = np.isin(counted.a * K + counted.b, found.pairs.a * K + found.pairs.b)
    return Pairs(
        counted.models,
        counted.a[kept],
        counted.b[kept],
        won=counted.won[kept],
        lost=counted.lost[kept],
        tied=counted.tied[kept],
    )
