"""Ratings from one visitor's own votes, by the same fit and intervals as the official board's.

The official board may be configured for what a single visitor's votes cannot carry, so some settings are not used here:
weights, clusters, control, anchors, and ratings without a prior. The settings that are used stand under the board.

A visitor's board is wide: the median interval, in points, of simulated voters with 30 % ties who judge K models whose
ratings have a standard deviation of 120 points.

    votes      10     20     50    100    400
    K = 4     494    320    190    126     62
    K = 20  1,064    918    647    416    185
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from arena.rules import limits
from arena.standings import Board
from arena.standings.rating import Rated
from arena.standings.rating import rated as rate
from db.outcome import Outcome
from db.queries import Cell
from elo.battles import Cells
from elo.settings import Settings

_MAX_BOARDS = 256


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """A model's results in one visitor's counted votes."""

    model: str
    n_won: int
    n_lost: int
    n_tied: int
    """Ties, and votes for neither."""


@dataclass(frozen=True, slots=True)
class OwnBoard:
    """What a visitor's votes on blind battles say.

    `board` is None below `limits.OWN_BOARD_VOTES` counted votes; `is_thin`: below `limits.OWN_BOARD_FEW_VOTES`.
    `records` has the models by points won, then name. `n_battles` (of all kinds), `n_shared` and `n_votes` are for the
    page's head.
    """

    n_battles: int
    n_shared: int
    n_votes: int
    n_counted: int
    records: tuple[OwnRecord, ...]
    board: Board | None
    n_counting: int = 0
    """Of all votes, also those on prepared answers, which are not on the board."""

    @property
    def is_thin(self) -> bool:
        return self.n_counted < limits.OWN_BOARD_FEW_VOTES


def own_settings(official: Settings) -> Settings:
    """Return how a visitor's own votes are rated, as near to the official board as they allow."""
    return Settings(
        prior=official.prior or Settings().prior,
        bootstrap=official.bootstrap,
        seed=official.seed,
        base=official.base,
        scale=official.scale,
        mean=official.mean,
        level=official.level,
        ties=official.ties if official.method == "bradley-terry" else "half",
        both_bad=official.both_bad if official.method == "bradley-terry" else "tie",
        cluster="none",
    )


def rater(official: Settings) -> Callable[[tuple[Cell, ...]], Rated]:
    """Return the function from counted votes to a board; the boards asked for last are kept."""
    settings = own_settings(official)

    def rated(cells: tuple[Cell, ...]) -> Rated:
        return rate(Cells.from_counts(cells), settings)

    return lru_cache(maxsize=_MAX_BOARDS)(rated)


def records(cells: Sequence[Cell]) -> tuple[OwnRecord, ...]:
    won, lost, tied = Counter[str](), Counter[str](), Counter[str]()
    for cell in cells:
        winner, loser = (cell.model_a, cell.model_b) if cell.outcome is Outcome.A else (cell.model_b, cell.model_a)
        if cell.outcome in (Outcome.A, Outcome.B):
            won[winner] += cell.n
            lost[loser] += cell.n
        else:
            tied[winner] += cell.n
            tied[loser] += cell.n
    found = [OwnRecord(model, won[model], lost[model], tied[model]) for model in {*won, *lost, *tied}]
    return tuple(sorted(found, key=lambda one: (-one.n_won - one.n_tied / 2, one.model)))
