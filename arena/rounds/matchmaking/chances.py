"""The probability of each unordered pair of K players.

With v the weight of a player, times its boost while it is new, a pair {i, j} has the probability that is proportional
to v_i v_j, times what the policy says:

    uniform     1
    balanced    f_i f_j with f = 1 / (n + 50)^0.4 for a player with n counted votes, and at least a third of the
                largest f: so nobody is drawn three times as often as another only for having fewer votes
    adaptive    with the share `exploration` 1; else how much one more vote on the pair is expected to shrink the
                intervals of the players (`elo.board.planning.expected_shrinkage`), to the power SHARPNESS

A pair of one family has the probability 0 where the settings say so. With `adaptive` a pair keeps at least the share
`exploration` of its probability under `uniform`.
"""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from arena.players.roster import Player
from arena.rounds.matchmaking.known import Known
from arena.settings import MatchmakingSettings
from elo.battles import Floats

MAX_RATIO = 3.0
"""Of the chances that `balanced` gives two players."""
SHARPNESS = 5.0
_OFFSET, _POWER = 50.0, 0.4


class OneFamily(ValueError):
    """Two players or more can be drawn, but all of one family, and the settings keep those apart."""

    def __init__(self, family: str, n_players: int) -> None:
        super().__init__(
            f'all {n_players} players that can be drawn are of the family {family!r}, and same_family is "never"'
        )
        self.family = family
        self.n_players = n_players


def can_meet(players: Sequence[Player], settings: MatchmakingSettings) -> bool:
    """Whether any two of the players may be drawn against each other."""
    if settings.same_family == "allow":
        return len(players) > 1
    return len({player.kin for player in players}) > 1


def weights_of(players: Sequence[Player], settings: MatchmakingSettings, known: Known) -> Floats:
    """(K,): v, the weight of each player, times the boost of a new one; the largest is 1."""
    votes = known.votes_of([player.name for player in players])
    boost = np.where(votes < settings.new_model_battles, settings.new_model_boost, 1.0)
    boosted = boost * np.array([player.weight for player in players])
    weights: Floats = boosted / boosted.max()
    return weights


def pair_chances(
    players: Sequence[Player], settings: MatchmakingSettings, known: Known, *, other_than: Collection[str] = ()
) -> Floats:
    """(K, K): the probability of each pair, above the diagonal; they add up to 1. The pair named in `other_than` has 0
    if there is any other.

    Raises:
        OneFamily: no two players may meet.
    """
    names = [player.name for player in players]
    v = weights_of(players, settings, known)
    plain = np.triu(np.outer(v, v) * _may_meet(players, settings), k=1)
    if not plain.any():
        raise OneFamily(players[0].family or "", len(players))
    places = [i for i, name in enumerate(names) if name in other_than]
    if len(places) == 2 and np.count_nonzero(plain) > 1:
        plain[places[0], places[1]] = 0.0
    if settings.policy == "uniform":
        return _normal(plain)
    if settings.policy == "balanced":
        f = fewer_votes(known.votes_of(names))
        return _normal(plain * np.outer(f, f))
    gain = known.shrinkage_of(names)
    sharp = _normal(plain * (gain / gain.max()) ** SHARPNESS)
    return _normal(settings.exploration * _normal(plain) + (1 - settings.exploration) * sharp)


def _normal(weights: Floats) -> Floats:
    """The same with the sum 1."""
    chances: Floats = weights / weights.sum()
    return chances


def fewer_votes(votes: Floats) -> Floats:
    """(K,): f, which is larger for fewer votes. With 0, 100 and 10,000 votes: 0.209, 0.135 and 0.070 (not 0.025)."""
    f = (votes + _OFFSET) ** -_POWER
    return np.asarray(np.maximum(f, f.max() / MAX_RATIO), dtype=np.float64)


def _may_meet(players: Sequence[Player], settings: MatchmakingSettings) -> NDArray[np.bool_]:
    """(K, K)"""
    kin = np.array([player.kin for player in players])
    return np.asarray(kin[:, None] != kin) | (settings.same_family == "allow")
