"""What an arena should play next, from one estimate: who can be told apart with how much more, what hangs together, and
which pairs teach most.

`planning` computes; here it is gathered for a page, a file or a terminal (`plan_text`).

    K models
"""

from dataclasses import asdict, dataclass

import numpy as np

from elo.bradley_terry import centred
from elo.estimate import Estimate
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


@dataclass(frozen=True, slots=True)
class Lesson:
    """A pair, and the share of all ratings' summed variance that one more battle of it takes away."""

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


def plan(found: Estimate, settings: Settings, *, chance: float = 0.8, n_lessons: int = 10) -> Plan:
    """`chance` is the probability with which the planned battles tell two neighbours apart (see `planning`)."""
    K = found.counted.n_models
    separations: tuple[Separation, ...] = ()
    if found.bounds is not None:
        separations = battles_to_separate(
            found.pairs,
            found.fit,
            found.bounds.covariance,
            level=settings.level,
            chance=chance,
            freedom=found.bounds.freedom,
        )
    inverse = found.fit.inverse[:K, :K]
    share = shrinkage(inverse, information_of_one(found.fit)) / np.trace(centred(inverse))
    a, b = np.triu_indices(K, 1)
    best = np.argsort(-share[a, b], kind="stable")[:n_lessons]
    models = found.counted.models
    return Plan(
        separations,
        chance,
        pointwise(settings.level, None if found.bounds is None else found.bounds.freedom),
        connectivity(found.counted),
        tuple(Lesson(models[i], models[j], float(share[i, j])) for i, j in zip(a[best], b[best], strict=True)),
        int(found.counted.games.sum()),
        settings,
    )
