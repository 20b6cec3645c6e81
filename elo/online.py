"""Online Elo, which moves two ratings after every vote.

It depends on the order of the votes (on one public file of 26,000 votes, order alone moves a model by up to 94 points
at K = 4), so it neither orders the official board nor gives intervals.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from db.outcome import Outcome
from elo.battles import Votes
from elo.settings import Settings

_SCORES = tuple(outcome.score for outcome in Outcome)
_SCORE_OF = np.array(_SCORES)
_NAME = re.compile(r"elo base=(\S+) scale=(\S+) k=(\S+) start=(\S+)")
_CHUNK = 2**17  # votes as Python numbers at a time: a few MB


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
    """The name that is stored with a state: "elo base=10.0 scale=400.0 k=32.0 start=1000.0"."""
    return f"elo base={settings.base} scale={settings.scale} k={settings.k} start={settings.start}"


def settings_of(name: str) -> Settings | None:
    """The settings of that name, the others at their defaults; None for any other name."""
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


def replay(votes: Votes | Iterable[tuple[str, str, Outcome]], settings: Settings) -> dict[str, State]:
    """The state after all votes in the order given, by model in the order of `Votes.models`, or of first appearance;
    models without a vote are absent.

    The arithmetic is that of `update`, bit for bit: a state that was extended vote by vote equals its replay.
    Raises ValueError, naming the vote by its position from 1, for a model against itself.
    """
    votes = votes if isinstance(votes, Votes) else Votes.from_rows(votes)
    if (itself := np.flatnonzero(votes.a == votes.b)).size:
        model = votes.models[int(votes.a[itself[0]])]
        raise ValueError(f"vote {itself[0] + 1}: {model!r} against itself; a battle needs two models")
    K = len(votes.models)
    games = (np.bincount(votes.a, minlength=K) + np.bincount(votes.b, minlength=K)).tolist()
    ratings = [settings.start] * K
    for first in range(0, len(votes), _CHUNK):
        part = slice(first, first + _CHUNK)
        columns = (column[part].tolist() for column in (votes.a, votes.b, votes.outcome))
        extend(ratings, zip(*columns, strict=True), settings)
    return {model: State(rating, n) for model, rating, n in zip(votes.models, ratings, games, strict=True) if n}


def extend(ratings: list[float], votes: Iterable[tuple[int, int, int]], settings: Settings) -> None:
    """Change the ratings by votes (number of model a in the ratings, number of model b, outcome's code), in order:
    `update` after `update`, bit for bit, as one loop over plain numbers for speed. (NumPy's power would differ in the
    last bit.)"""
    k, base, scale, scores = settings.k, settings.base, settings.scale, _SCORES
    for model_a, model_b, outcome in votes:
        rating_a = ratings[model_a]
        rating_b = ratings[model_b]
        try:
            gain = k * (scores[outcome] - 1.0 / (1.0 + base ** ((rating_b - rating_a) / scale)))
        except OverflowError:  # odds beyond any float, as in `_expected`
            gain = k * scores[outcome]
        ratings[model_a] = rating_a + gain
        ratings[model_b] = rating_b - gain
