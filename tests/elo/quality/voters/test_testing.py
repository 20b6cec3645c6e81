"""Careless voters among honest ones, and the promise to the honest: at most one in twenty, in a whole life."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from db.outcome import Outcome
from elo.battles import Votes
from elo.quality.voters.testing import Voter, examine
from elo.simulate import Scenario, simulate

HONEST = Scenario(
    votes=60_000, models=12, voters=200, taste=80, tie_spread=0.8, side_spread=40, side_bias=15, ties=0.45, seed=4
)
BEHAVE: dict[str, Callable[[Any, np.random.Generator], Any]] = {
    "random": lambda outcome, rng: rng.integers(0, 4, len(outcome)),
    "left": lambda outcome, rng: np.zeros(len(outcome), int),
    "right": lambda outcome, rng: np.ones(len(outcome), int),
    "tie": lambda outcome, rng: np.full(len(outcome), int(Outcome.TIE)),
    "bad": lambda outcome, rng: np.full(len(outcome), int(Outcome.BOTH_BAD)),
    "inverted": lambda outcome, rng: np.array([1, 0, 2, 3])[outcome],
}


@pytest.fixture(scope="module")
def honest() -> Votes:
    return simulate(HONEST).votes


def with_careless(votes: Votes, behaviour: str, n_voters: int) -> Votes:
    """The first voters behave so instead."""
    assert votes.voter is not None
    outcome = votes.outcome.copy()
    chosen = votes.voter < n_voters
    outcome[chosen] = BEHAVE[behaviour](outcome[chosen], np.random.default_rng(1))
    return replace(votes, outcome=outcome)


def by_name(votes: Votes, **options: float) -> dict[str, Voter]:
    return {voter.voter: voter for voter in examine(votes, **options).voters}  # type: ignore[arg-type]


def test_few_honest_voters_are_ever_flagged(honest: Votes) -> None:
    found = examine(honest)
    assert len(found.voters) == 200
    assert len(found.flagged) <= 10
    assert found.habits.left.mean == pytest.approx(0.52, abs=0.02)
    assert 0.1 < found.habits.taste < 0.5


@pytest.mark.parametrize(
    ("behaviour", "reason", "within"),
    [
        ("left", "sides", 15),
        ("right", "sides", 15),
        ("tie", "ties", 12),
        ("bad", "ties", 12),
        ("inverted", "others", 150),
    ],
)
def test_a_careless_voter_is_caught(honest: Votes, behaviour: str, reason: str, within: int) -> None:
    found = by_name(with_careless(honest, behaviour, 6))
    caught = [found[name] for name in honest.voters[:6]]
    assert sum(voter.reason == reason for voter in caught) >= 5  # who is always right also disagrees with the others
    assert all(voter.flagged_after is not None and voter.flagged_after <= within for voter in caught)


def test_a_coin_is_caught_in_the_end_and_its_distance_is_one(honest: Votes) -> None:
    found = by_name(with_careless(honest, "random", 6))
    coins = [found[name] for name in honest.voters[:6]]
    assert sum(voter.reason == "others" for voter in coins) >= 4
    assert np.mean([voter.distance for voter in coins if voter.distance is not None]) == pytest.approx(1, abs=0.25)
    inverted = by_name(with_careless(honest, "inverted", 6))
    distances = [inverted[name].distance for name in honest.voters[:6]]
    assert np.mean([one for one in distances if one is not None]) == pytest.approx(2, abs=0.4)


def test_careless_voters_do_not_pass_for_a_habit(honest: Votes) -> None:
    """One in ten of all voters, and each of them is caught."""
    found = examine(with_careless(honest, "left", 20))
    assert {voter.voter for voter in found.flagged} >= set(honest.voters[:20])
    assert found.habits.left.mean == pytest.approx(0.52, abs=0.03)


def test_later_votes_do_not_remove_a_flag(honest: Votes) -> None:
    """Always left for the first 30 votes, honest ever after."""
    assert honest.voter is not None
    own = np.flatnonzero(honest.voter == 0)
    outcome = honest.outcome.copy()
    outcome[own[:30]] = Outcome.A
    voter = by_name(replace(honest, outcome=outcome))[honest.voters[0]]
    assert voter.reason == "sides"
    assert voter.flagged_after is not None
    assert voter.flagged_after <= 15
    assert voter.sides < 0


def test_a_voters_numbers_are_counts_of_their_votes() -> None:
    votes = Votes(
        ("x", "y"),
        a=np.zeros(7, int),
        b=np.ones(7, int),
        outcome=np.array([0, 0, 1, 2, 3, 2, 0]),
        voter=np.array([1, 1, 1, 1, 0, 0, -1]),
        voters=("ann", "bob", "nobody"),
    )
    found = examine(votes)
    assert found.n_unknown == 1
    assert [(voter.voter, voter.n_votes, voter.left_share, voter.tie_share) for voter in found.voters] == [
        ("bob", 4, 2 / 3, 0.25),
        ("ann", 2, None, 1.0),
    ]
    assert found.voters[0].distance is None
    assert found.flagged == ()


def test_the_same_seed_flags_the_same_voters(honest: Votes) -> None:
    votes = with_careless(honest, "random", 10)
    assert examine(votes, seed=3) == examine(votes, seed=3)
    assert examine(votes, seed=3) != examine(votes, seed=4)


def test_a_stricter_level_flags_fewer_and_later(honest: Votes) -> None:
    votes = with_careless(honest, "tie", 3)
    loose, strict = (by_name(votes, level=level)[votes.voters[0]].flagged_after for level in (0.05, 0.001))
    assert loose is not None
    assert strict is not None
    assert loose < strict


def test_votes_without_voters_cannot_be_examined() -> None:
    votes = Votes(("x", "y"), np.zeros(1, int), np.ones(1, int), np.zeros(1, int))
    with pytest.raises(ValueError, match="these votes do not name their voters; expected a column of voters"):
        examine(votes)


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, float("nan")])
def test_a_level_is_a_share(honest: Votes, level: float) -> None:
    with pytest.raises(ValueError, match=r"level .* is not between 0 and 1"):
        examine(honest, level=level)


def test_no_votes_are_no_voters() -> None:
    none = np.zeros(0, int)
    found = examine(Votes((), none, none, none, voter=none))
    assert found.voters == ()
    only_unknown = examine(Votes(("x", "y"), np.zeros(1, int), np.ones(1, int), np.zeros(1, int), voter=np.full(1, -1)))
    assert (only_unknown.voters, only_unknown.n_unknown) == ((), 1)
