"""Who is flagged among honest voters, careless voters and fans, and after how many of their votes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from bench.voters.arenas import BEHAVIOURS, PUSHES, behaving, honest_votes, pushing, standing
from elo.quality.shares import Share
from elo.quality.voters.testing import Voter, examine
from elo.simulate import Scenario

LEVEL = 0.05
ONE_IN = 20
"""One in so many voters is careless."""
_CAMPS = 10
"""Fans of an arena in which each is the only one of a model; and twice as many as there are groups of five."""


@dataclass(frozen=True, slots=True)
class Honest:
    """Honest voters of one kind of arena: how many were ever flagged, and by which test."""

    name: str
    flagged: Share
    worst: float
    """The largest share flagged in one arena; in some arenas the models are so close that tastes decide."""
    reasons: dict[str, int]
    votes: float
    """The mean number of votes of a voter."""


@dataclass(frozen=True, slots=True)
class Caught:
    """Careless voters of one behaviour. `half` and `nine_in_ten` are the votes until that share of them was flagged, or
    None if they cast fewer votes. `never` is the number never flagged."""

    name: str
    behaviour: str
    n: int
    half: int | None
    nine_in_ten: int | None
    never: int
    votes: float


@dataclass(frozen=True, slots=True)
class Fans:
    """Voters who push a model together, `fans` of them, and how many honest voters were flagged beside them."""

    fans: int
    caught: Caught
    honest: Share


def honest(name: str, scenario: Scenario, n_arenas: int, *, careless: bool = False) -> Honest:
    """Simulate arenas of honest voters; with `careless`, one voter in ten is careless and is not counted."""
    arenas: list[list[Voter]] = []
    for seed in range(n_arenas):
        votes, others = honest_votes(scenario, seed), set[str]()
        if careless:
            for number, behaviour in enumerate(BEHAVIOURS.values()):
                chosen = np.arange(number, scenario.voters, 10 * len(BEHAVIOURS))
                votes = behaving(votes, chosen, behaviour, np.random.default_rng(seed))
                others |= {votes.voters[i] for i in chosen}
        found = examine(votes, level=LEVEL, seed=seed).voters
        arenas.append([voter for voter in found if voter.voter not in others])
    return _honest(name, arenas)


def _honest(name: str, arenas: Sequence[Sequence[Voter]]) -> Honest:
    voters = [voter for arena in arenas for voter in arena]
    reasons = Counter(voter.reason for voter in voters if voter.reason is not None)
    return Honest(
        name,
        Share.of(reasons.total(), len(voters)),
        worst=max(sum(voter.reason is not None for voter in arena) / len(arena) for arena in arenas),
        reasons={test: reasons[test] for test in sorted(reasons)},
        votes=fmean(voter.n_votes for voter in voters),
    )


def minority(name: str, scenario: Scenario, n_arenas: int) -> Honest:
    """Simulate the limit of the tests: one voter in ten, all honest, rates all models differently from the rest."""
    arenas = []
    for seed in range(n_arenas):
        most, others = (honest_votes(scenario, 2000 + 2 * seed + camp) for camp in range(2))
        assert most.voter is not None
        assert others.voter is not None
        n_others = scenario.voters // 10
        of_most, of_others = np.flatnonzero(most.voter >= n_others), np.flatnonzero(others.voter < n_others)
        order = np.argsort(np.concatenate([of_most, of_others]), kind="stable")
        columns = {
            column: np.concatenate([getattr(most, column)[of_most], getattr(others, column)[of_others]])[order]
            for column in ("a", "b", "outcome", "voter")
        }
        names = set(most.voters[:n_others])
        found = examine(replace(most, **columns), level=LEVEL, seed=seed).voters
        arenas.append([voter for voter in found if voter.voter in names])
    return _honest(name, arenas)


def caught(name: str, behaviour: str, scenario: Scenario, n_arenas: int) -> Caught:
    """Simulate arenas in which one voter in twenty has this behaviour."""
    found: list[Voter] = []
    for seed in range(n_arenas):
        votes = honest_votes(scenario, 1000 + seed)
        chosen = np.arange(0, scenario.voters, ONE_IN)
        votes = behaving(votes, chosen, BEHAVIOURS[behaviour], np.random.default_rng(seed))
        names = {votes.voters[i] for i in chosen}
        found += [voter for voter in examine(votes, level=LEVEL, seed=seed).voters if voter.voter in names]
    return _caught(name, behaviour, found)


def fans(name: str, push: str, scenario: Scenario, n_arenas: int, *, together: int) -> Fans:
    """Simulate arenas with fans of several models, `together` of them for each, of the models from the middle down."""
    found: list[Voter] = []
    flagged = n_honest = 0
    for seed in range(n_arenas):
        votes = honest_votes(scenario, 3000 + seed)
        worst_last = np.argsort(-standing(votes))[len(votes.models) // 2 :]
        n_models = min(_CAMPS if together == 1 else 2, len(worst_last))
        pushed = np.repeat(worst_last[:n_models], together)
        votes = pushing(votes, pushed, PUSHES[push], np.random.default_rng(seed))
        names = set(votes.voters[: len(pushed)])
        examined = examine(votes, level=LEVEL, seed=seed).voters
        found += [voter for voter in examined if voter.voter in names]
        flagged += sum(voter.reason is not None for voter in examined if voter.voter not in names)
        n_honest += len(examined) - len(names)
    return Fans(together, _caught(name, push, found), Share.of(flagged, n_honest))


def _caught(name: str, behaviour: str, found: Sequence[Voter]) -> Caught:
    after = [np.inf if voter.flagged_after is None else voter.flagged_after for voter in found]
    half, most = (_whole(float(np.quantile(after, share, method="inverted_cdf"))) for share in (0.5, 0.9))
    return Caught(
        name, behaviour, len(after), half, most, int(np.isinf(after).sum()), fmean(voter.n_votes for voter in found)
    )


def _whole(votes: float) -> int | None:
    return int(votes) if np.isfinite(votes) else None
