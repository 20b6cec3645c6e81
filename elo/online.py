"""Online Elo: two ratings move after every vote. It is the live feedback of a vote and the state that a vote extends.

It depends on the order of the votes (on one public file of 26,000 votes, order alone moves a model by up to 94 points
at K = 4), so it neither orders the official board nor gives intervals.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from db.outcome import Outcome
from elo.settings import Settings

_SCORES = tuple(outcome.score for outcome in Outcome)
_NAME = re.compile(r"elo base=(\S+) scale=(\S+) k=(\S+) start=(\S+)")


class Ratings(NamedTuple):
    """The two ratings after a battle; unpacks as a pair."""

    a: float
    b: float


@dataclass(frozen=True, slots=True)
class State:
    """A model's rating after `games` votes."""

    rating: float
    games: int


def name_of(settings: Settings) -> str:
    """What a stored state says of the arithmetic that made it: "elo base=10.0 scale=400.0 k=32.0 start=1000.0"."""
    return f"elo base={settings.base} scale={settings.scale} k={settings.k} start={settings.start}"


def settings_of(name: str) -> Settings | None:
    """The settings of that name, the others at their defaults; None for a name that is not of this arithmetic."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        base, scale, k, start = map(float, match.groups())
        return Settings(base=base, scale=scale, k=k, start=start)
    except ValueError:
        return None


def expected_score(rating_a: float, rating_b: float, settings: Settings) -> float:
    """Points out of one that side A should win: 1 / (1 + base^((R_b - R_a) / scale)) (Elo 1978).

    With the defaults, 1613 against 1609 expects 0.506.
    """
    return _expected(rating_b - rating_a, settings.base, settings.scale)


def _expected(behind: float, base: float, scale: float) -> float:
    try:
        odds: float = base ** (behind / scale)
    except OverflowError:  # odds beyond any float
        return 0.0
    return 1 / (1 + odds)


def update(rating_a: float, rating_b: float, outcome: Outcome, settings: Settings) -> Ratings:
    """Both ratings after one vote; what A gains B loses. With the defaults, two of 1000: the winner gets 1016."""
    gain = settings.k * (_SCORES[outcome] - _expected(rating_b - rating_a, settings.base, settings.scale))
    return Ratings(rating_a + gain, rating_b - gain)


def replay(votes: Iterable[tuple[str, str, Outcome]], settings: Settings) -> dict[str, State]:
    """The state after all votes in the order given, by model in order of first appearance.

    The same arithmetic as `update`, bit for bit: a state that was extended vote by vote equals its replay.
    Raises ValueError, naming the vote by its position from 1, for a model against itself.
    """
    ratings: dict[str, float] = {}
    games: dict[str, int] = {}
    k, base, scale, start = settings.k, settings.base, settings.scale, settings.start
    for position, (model_a, model_b, outcome) in enumerate(votes, start=1):
        if model_a == model_b:
            raise ValueError(f"vote {position}: {model_a!r} against itself; a battle needs two models")
        rating_a, rating_b = ratings.get(model_a, start), ratings.get(model_b, start)
        # As in `update`, without its record: this loop sees every vote there is.
        gain = k * (_SCORES[outcome] - _expected(rating_b - rating_a, base, scale))
        ratings[model_a], ratings[model_b] = rating_a + gain, rating_b - gain
        games[model_a] = games.get(model_a, 0) + 1
        games[model_b] = games.get(model_b, 0) + 1
    return {model: State(rating, games[model]) for model, rating in ratings.items()}
