"""Online Elo: two ratings move after every vote. It is the live feedback of a vote and the state that a vote extends.

It depends on the order of the votes (on one public file of 26,000 votes, order alone moves a model by up to 94 points
at K = 4), so it neither orders the official board nor gives intervals.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from db.outcome import Outcome
from elo.settings import Settings


class Ratings(NamedTuple):
    """The two ratings after a battle; unpacks as a pair."""

    a: float
    b: float


@dataclass(frozen=True, slots=True)
class State:
    """A model's rating after `games` votes."""

    rating: float
    games: int


def expected_score(rating_a: float, rating_b: float, settings: Settings) -> float:
    """Points out of one that side A should win: 1 / (1 + base^((R_b - R_a) / scale)) (Elo 1978).

    With the defaults, 1613 against 1609 expects 0.506.
    """
    try:
        odds: float = settings.base ** ((rating_b - rating_a) / settings.scale)
    except OverflowError:  # odds beyond any float
        return 0.0
    return 1 / (1 + odds)


def update(rating_a: float, rating_b: float, outcome: Outcome, settings: Settings) -> Ratings:
    """Both ratings after one vote; what A gains B loses.

    >>> update(1613.0, 1388.0, Outcome.TIE, Settings())
    Ratings(a=1603.84..., b=1397.15...)
    """
    gain = settings.k * (outcome.score - expected_score(rating_a, rating_b, settings))
    return Ratings(rating_a + gain, rating_b - gain)


def replay(votes: Iterable[tuple[str, str, Outcome]], settings: Settings) -> dict[str, State]:
    """The state after all votes in the order given, by model in order of first appearance.

    The same arithmetic as `update`, bit for bit: a state that was extended vote by vote equals its replay.
    Raises ValueError, naming the vote by its position from 1, for a model against itself.
    """
    ratings: dict[str, float] = {}
    games: dict[str, int] = {}
    start = settings.start
    for position, (model_a, model_b, outcome) in enumerate(votes, start=1):
        if model_a == model_b:
            raise ValueError(f"vote {position}: {model_a!r} against itself; a battle needs two models")
        after = update(ratings.get(model_a, start), ratings.get(model_b, start), outcome, settings)
        ratings[model_a], ratings[model_b] = after
        games[model_a] = games.get(model_a, 0) + 1
        games[model_b] = games.get(model_b, 0) + 1
    return {model: State(rating, games[model]) for model, rating in ratings.items()}
