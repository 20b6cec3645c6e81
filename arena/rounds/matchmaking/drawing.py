"""Draw a pair and its sides, or one model for both sides.

The probability of the ordered pair is exact: it depends on who was ready, on the settings, on the last board, and, for
another pair or one after a failure, on the pair before. It is stored with the battle, so that ratings can be weighted
by it (`weights = "draw"`). It is that of the pair among battles of its kind: a share of control battles takes as much
from each pair, and changes no weight.

Example: policy `uniform` and weights 2, 1, 1 give the pairs 2 : 2 : 1, so the first model's ordered pairs have
probability 0.2 each.
"""

import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from arena.players.roster import Player
from arena.rounds.matchmaking.chances import pair_chances, weights_of
from arena.rounds.matchmaking.known import Known
from arena.settings import MatchmakingSettings, Policy
from elo.battles import Floats

_UNKNOWN = Known()
_AS_SHIPPED = MatchmakingSettings()


class TooFewPlayers(ValueError):
    """Fewer than two players can be drawn."""

    def __init__(self, n_players: int) -> None:
        super().__init__(f"{n_players} players can be drawn; a battle needs 2")
        self.n_players = n_players


@dataclass(frozen=True, slots=True)
class Pair:
    """Two players on their sides, or one on both for a control battle. `probability` is that of this ordered pair."""

    model_a: str
    model_b: str
    probability: float
    policy: Policy

    @property
    def is_control(self) -> bool:
        return self.model_a == self.model_b


def draw(
    candidates: Sequence[Player],
    rng: random.Random,
    *,
    settings: MatchmakingSettings = _AS_SHIPPED,
    known: Known = _UNKNOWN,
    has_controls: bool = True,
    other_than: Collection[str] = (),
) -> Pair:
    """Draw one of the K (K - 1) ordered pairs of the K candidates or, if `has_controls`, in the share `control_share`
    of all draws one candidate for both sides, by weight. What is named in `other_than`, in either order, is not drawn
    if there is any other.

    Raises:
        TooFewPlayers: K is 0 or 1, although a control battle needs only one: a visitor who never gets a battle of two
            models would know what it is.
        OneFamily: two candidates or more, no two of which may meet. The draw refuses, because "never" means never.
    """
    if len(candidates) < 2:
        raise TooFewPlayers(len(candidates))
    chances = pair_chances(candidates, settings, known, other_than=other_than)
    if has_controls and settings.control_share and rng.random() < settings.control_share:
        return _control(candidates, weights_of(candidates, settings, known), rng, settings.policy, other_than)
    n = len(candidates)
    place, probability = _drawn(chances.ravel(), rng)
    sides = [candidates[place // n].name, candidates[place % n].name]
    rng.shuffle(sides)
    return Pair(sides[0], sides[1], probability / 2, settings.policy)


def _control(
    candidates: Sequence[Player], weights: Floats, rng: random.Random, policy: Policy, other_than: Collection[str]
) -> Pair:
    """One of two models or more, so that another one than the last is left."""
    if len(set(other_than)) == 1:
        weights = np.where([player.name in other_than for player in candidates], 0.0, weights)
    place, probability = _drawn(weights / weights.sum(), rng)
    return Pair(candidates[place].name, candidates[place].name, probability, policy)


def _drawn(chances: Floats, rng: random.Random) -> tuple[int, float]:
    """Return a place with a chance above 0, and its chance."""
    places = np.flatnonzero(chances)
    (place,) = rng.choices(places.tolist(), chances[places].tolist())
    return place, float(chances[place] / math.fsum(chances))
