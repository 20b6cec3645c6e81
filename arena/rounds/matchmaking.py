"""The draw of two different players and their sides, with its probability.

Pure: candidates and random numbers are passed in. The probability is stored with the battle, so that ratings can be
weighted by it.

Policy `uniform`: an unordered pair {i, j} is drawn with a probability proportional to w_i * w_j (with weights of 1,
every pair alike), and then a coin decides the sides. Example: weights 2, 1, 1 give the pairs 2 : 2 : 1, so the first
model's ordered pairs have probability 0.2 each.
"""

import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from arena.players.roster import Player

Policy = Literal["uniform"]


class TooFewPlayers(ValueError):
    """Fewer than two players can be drawn."""

    def __init__(self, n_players: int) -> None:
        super().__init__(f"{n_players} players can be drawn; a battle needs 2")
        self.n_players = n_players


@dataclass(frozen=True, slots=True)
class Pair:
    """Two players on their sides. `probability` is that of this ordered pair."""

    model_a: str
    model_b: str
    probability: float
    policy: Policy


def choose_pair(
    candidates: Sequence[Player],
    rng: random.Random,
    *,
    policy: Policy = "uniform",
    other_than: Collection[str] = (),
) -> Pair:
    """Draw one of the K (K - 1) ordered pairs of the K candidates. The pair named in `other_than`, in either order, is
    not drawn if there is any other.

    Raises:
        TooFewPlayers: K is 0 or 1.
    """
    if len(candidates) < 2:
        raise TooFewPlayers(len(candidates))
    every = list(combinations(candidates, 2))
    pairs = [pair for pair in every if {one.name for one in pair} != set(other_than)] or every
    weights = [first.weight * second.weight for first, second in pairs]
    (chosen,) = rng.choices(range(len(pairs)), weights)
    sides = list(pairs[chosen])
    rng.shuffle(sides)
    return Pair(sides[0].name, sides[1].name, weights[chosen] / math.fsum(weights) / 2, policy)
