"""How far voters who judged the same pairs of answers agree: Krippendorff's alpha.

alpha = 1 - observed / expected disagreement (Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011): 1 if
all voters agree on every pair, 0 if they agree as often as votes dealt at random to the pairs would. Votes may be
missing; a pair with one vote shows nothing about agreement and is left out.

    nominal  the four outcomes are different, and no two are nearer to each other than others
    ordinal  the outcomes are ranks: one model better, tie or both bad, the other better. A tie and both-bad are one
             rank, since neither names a better answer, as in the ratings; so "a" against "b" is a larger disagreement
             than "a" against a tie

Which of a pair's two models is called the first one is arbitrary, and voters see them on sides that were drawn. So
alpha is made from the pairs in both orders, each with half the weight; then it does not depend on the models' names. In
one order only, voters who all prefer the same model everywhere would seem to agree by chance.

The interval is a percentile bootstrap over the pairs: it shows how far alpha would differ on other pairs, with the same
voters. A round in which all votes are the same has no expected disagreement; nobody disagrees in it either, so
it counts as 1.

    U pairs, C values, B rounds
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.battles import Floats

Metric = Literal["nominal", "ordinal"]

ROUNDS = 1000
_LEVEL = 0.95
_RANKS = {Outcome.A: 0, Outcome.TIE: 1, Outcome.BOTH_BAD: 1, Outcome.B: 2}
_SWAPPED = tuple(outcome.swapped for outcome in Outcome)
_SWAPPED_RANKS = (2, 1, 0)


class Judgement(NamedTuple):
    """One vote on a prepared pair. `outcome` is seen from `model_a`; sides may differ between voters."""

    pair: str
    voter: str
    model_a: str
    model_b: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha with a 95 % interval. Below 0, voters disagree more often than by chance."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on the pairs that two voters or more have judged. `nominal` and `ordinal` are None without such pairs,
    and if all votes on them are the same."""

    n_pairs: int
    n_single: int
    """Pairs with one vote, which are left out."""
    n_votes: int
    """Votes on the pairs that are not left out."""
    n_voters: int
    n_repeated: int
    """Further votes of a voter on the same pair, which are left out."""
    nominal: Alpha | None
    ordinal: Alpha | None

    @staticmethod
    def of(judgements: Iterable[Judgement], *, rounds: int = ROUNDS, seed: int = 0) -> "Agreement":
        """Measure the agreement of votes. Of several votes of one voter on one pair the first counts."""
        judged = Judged()
        for one in judgements:
            judged.add(one)
        return judged.agreement(rounds=rounds, seed=seed)

    def to_json(self) -> dict[str, object]:
        return {
            "pairs": self.n_pairs,
            "pairs_with_one_vote": self.n_single,
            "votes": self.n_votes,
            "voters": self.n_voters,
            "repeated": self.n_repeated,
            "alpha_nominal": self.nominal and asdict(self.nominal),
            "alpha_ordinal": self.ordinal and asdict(self.ordinal),
        }


@dataclass(slots=True)
class Judged:
    """Votes by pair and voter, collected one by one."""

    by_pair: dict[str, dict[str, Outcome]] = field(default_factory=lambda: defaultdict(dict))
    n_repeated: int = 0

    def add(self, one: Judgement) -> None:
        votes = self.by_pair[one.pair]
        self.n_repeated += one.voter in votes
        votes.setdefault(one.voter, one.outcome if one.model_a < one.model_b else one.outcome.swapped)

    def agreement(self, *, rounds: int = ROUNDS, seed: int = 0) -> Agreement:
        """Measure the agreement of the votes added so far."""
        shared = [votes for votes in self.by_pair.values() if len(votes) > 1]
        outcomes, ranks = np.zeros((len(shared), len(Outcome))), np.zeros((len(shared), 3))
        for row, votes in enumerate(shared):
            for outcome in votes.values():
                outcomes[row, outcome] += 1
                ranks[row, _RANKS[outcome]] += 1
        return Agreement(
            n_pairs=len(shared),
            n_single=len(self.by_pair) - len(shared),
            n_votes=sum(map(len, shared)),
            n_voters=len({voter for votes in shared for voter in votes}),
            n_repeated=self.n_repeated,
            nominal=alpha(outcomes, "nominal", swapped=_SWAPPED, rounds=rounds, seed=seed),
            ordinal=alpha(ranks, "ordinal", swapped=_SWAPPED_RANKS, rounds=rounds, seed=seed),
        )


def alpha(
    counts: Floats, metric: Metric, *, swapped: Sequence[int] | None = None, rounds: int = ROUNDS, seed: int = 0
) -> Alpha | None:
    """Krippendorff's alpha of (U, C): how often each value was given to each unit. Ordinal values are in order.

    `swapped` is what each value becomes if a unit is seen the other way round; with it both ways count half. Units with
    fewer than two values are left out. None if no unit is left, or if all values are the same.
    """
    units, times = np.unique(counts[counts.sum(axis=1) >= 2], axis=0, return_counts=True)
    given = units.sum(axis=0)
    if np.count_nonzero(given if swapped is None else given + given[list(swapped)]) < 2:
        return None
    # (D, C, C): the pairs of values within a unit, each weighted by 1 / (values of the unit - 1)
    pairs = units[:, :, None] * units[:, None, :] - units[:, :, None] * np.eye(units.shape[1])
    pairs /= units.sum(axis=1)[:, None, None] - 1
    if swapped is not None:
        pairs = (pairs + pairs[:, list(swapped)][:, :, list(swapped)]) / 2
    value = _alphas((times[None, :] @ pairs.reshape(len(units), -1)).reshape(1, *pairs.shape[1:]), metric)
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = generator.multinomial(times.sum(), times / times.sum(), size=rounds)
    found = _alphas((drawn @ pairs.reshape(len(units), -1)).reshape(rounds, *pairs.shape[1:]), metric)
    ends = 100 * (1 - _LEVEL) / 2
    low, high = np.percentile(np.where(np.isnan(found), 1.0, found), [ends, 100 - ends])
    return Alpha(float(value[0]), float(low), float(high))


def _alphas(coincidences: NDArray[np.float64], metric: Metric) -> Floats:
    """(B,): alpha of each of these matrices, (B, C, C); NaN without two different values."""
    n = coincidences.sum(axis=2)
    if metric == "nominal":
        distance = 1 - np.eye(n.shape[1])[None]
    else:
        middle = np.cumsum(n, axis=1) - n / 2
        distance = (middle[:, :, None] - middle[:, None, :]) ** 2
    observed = (coincidences * distance).sum(axis=(1, 2))
    expected = (n[:, :, None] * n[:, None, :] * distance).sum(axis=(1, 2))
    is_defined = expected > 0
    result: Floats = np.full(len(n), np.nan)
    result[is_defined] = 1 - (n.sum(axis=1)[is_defined] - 1) * observed[is_defined] / expected[is_defined]
    return result
