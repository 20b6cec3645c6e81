"""The ratings with and without the votes of flagged voters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elo import estimate
from elo.battles import Floats, MissingDataError, Votes
from elo.fit.bradley_terry import ConvergenceError, NoMaximumError
from elo.settings import Settings


@dataclass(frozen=True, slots=True)
class Move:
    """A model's rating, in points, and its place by rating alone (1: the highest), with the flagged voters and without;
    None without any other vote."""

    model: str
    rating: float
    place: int
    rating_without: float | None
    place_without: int | None


def moves(votes: Votes, flagged: NDArray[np.bool_], settings: Settings) -> tuple[Move, ...]:
    """The models whose place changes without the votes of the flagged voters, (U,), the largest change of rating first.

    `votes` are those of the board. Without those votes an anchor may be missing or, without a prior, all ratings; then,
    and where nobody is flagged, there are no moves.
    """
    assert votes.voter is not None
    is_left = ~np.append(flagged, False)[votes.voter]
    if is_left.all() or not is_left.any():
        return ()
    try:
        before, after = (_ratings(some, settings) for some in (votes, votes.select(is_left)))
    except (NoMaximumError, ConvergenceError, MissingDataError):
        return ()
    places, places_after = _places(before), _places(after)
    found = [
        Move(model, rating, places[model], after.get(model), places_after.get(model))
        for model, rating in before.items()
        if places[model] != places_after.get(model)
    ]
    return tuple(sorted(found, key=lambda one: (-_change(one), one.model)))


def _ratings(votes: Votes, settings: Settings) -> dict[str, float]:
    fitted = estimate.fit(votes, settings)
    points: Floats = fitted.gauge.target + settings.points_per_logit * fitted.ratings
    return dict(zip(fitted.pairs.models, points.tolist(), strict=True))


def _places(ratings: dict[str, float]) -> dict[str, int]:
    return {model: place for place, model in enumerate(sorted(ratings, key=lambda one: (-ratings[one], one)), start=1)}


def _change(move: Move) -> float:
    return np.inf if move.rating_without is None else abs(move.rating - move.rating_without)
