"""Pushes on one day among honest votes of many days."""

from dataclasses import replace

import numpy as np
import pytest

from db.outcome import Outcome
from elo.battles import Votes
from elo.fit.bradley_terry import sigma
from elo.quality.surges import Day, surges

DAY_S = 86_400.0
START_S = 20_000 * DAY_S  # 2024-10-04
K = 8
STRENGTH = np.linspace(0.9, -0.9, K)


def arena(seed: int = 0, *, days: int = 20, visitors: int = 60, liking: float = 0.0) -> Votes:
    """Each day new visitors with some votes and tastes of 100 points; a fifth of them come again the next day. `liking`
    is the standard deviation of a day's."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), visitors)
    comes_again = np.flatnonzero((rng.random(len(day)) < 0.2) & (day < days - 1))
    visitor = np.concatenate([np.arange(len(day)), comes_again])
    day = np.concatenate([day, day[comes_again] + 1])
    n = 1 + rng.poisson(3, len(day))
    voter, day = np.repeat(visitor, n), np.repeat(day, n)
    taste = rng.normal(0, 0.58, (len(visitor), K))
    of_day = rng.normal(0, liking, (days, K))
    a = rng.integers(0, K, len(voter))
    b = (a + rng.integers(1, K, len(voter))) % K
    worth = STRENGTH + taste[voter] + of_day[day]
    rows = np.arange(len(voter))
    wins = rng.random(len(voter)) < sigma(worth[rows, a] - worth[rows, b])
    outcome = np.where(rng.random(len(voter)) < 0.3, Outcome.TIE, np.where(wins, Outcome.A, Outcome.B))
    names = tuple(f"v{i}" for i in range(int(voter.max()) + 1))
    time_s = START_S + DAY_S * (day + rng.random(len(day)))
    return Votes(tuple(f"m{i}" for i in range(K)), a, b, outcome, voter=voter, voters=names, time_s=time_s)


def pushed(votes: Votes, *, day: int, model: int, visitors: int, each: int = 3, wins: bool = True) -> Votes:
    """The same with visitors of that day who vote for the model, or against it, in all their battles."""
    assert votes.voter is not None
    assert votes.time_s is not None
    rng = np.random.default_rng(1)
    n = visitors * each
    other = (model + rng.integers(1, K, n)) % K
    is_left = rng.random(n) < 0.5
    return replace(
        votes,
        a=np.concatenate([votes.a, np.where(is_left, model, other)]),
        b=np.concatenate([votes.b, np.where(is_left, other, model)]),
        outcome=np.concatenate([votes.outcome, np.where(is_left == wins, Outcome.A, Outcome.B)]),
        voter=np.concatenate([votes.voter, len(votes.voters) + np.repeat(np.arange(visitors), each)]),
        voters=votes.voters + tuple(f"pusher{i}" for i in range(visitors)),
        time_s=np.concatenate([votes.time_s, START_S + DAY_S * (day + rng.random(n))]),
    )


@pytest.mark.parametrize(("wins", "direction"), [(True, "for"), (False, "against")])
def test_a_push_by_many_visitors_is_found_on_its_day_and_nothing_else(wins: bool, direction: str) -> None:
    found = surges(pushed(arena(), day=12, model=5, visitors=200, wins=wins)).found
    assert [(one.day, one.model, one.voters, one.direction) for one in found] == [
        ("2024-10-16", "m5", "new", direction)
    ]
    assert found[0].n_voters >= 200
    assert (found[0].won if wins else found[0].lost) >= 600


def test_the_votes_of_one_voter_are_no_evidence_before_the_last() -> None:
    """Ten wins, then ten losses: one ballot, for and against alike, and not half a ballot for the model."""
    outcome = np.array([Outcome.A] * 10 + [Outcome.B] * 10)
    zero = np.zeros(20, dtype=np.int64)
    time_s = START_S + np.arange(20, dtype=np.float64)
    votes = Votes(("x", "y"), zero, zero + 1, outcome, voter=zero, voters=("v",), time_s=time_s)
    assert [one.evidence < 0 for one in surges(votes).days] == [True, True]


def test_a_push_by_old_voters_is_found_too() -> None:
    early = pushed(arena(), day=12, model=5, visitors=100)
    assert early.voter is not None
    assert early.time_s is not None
    # Each pusher casts an honest-looking vote nine days before.
    n = 100
    rng = np.random.default_rng(2)
    a = rng.integers(0, K, n)
    early = replace(
        early,
        a=np.concatenate([early.a, a]),
        b=np.concatenate([early.b, (a + 1) % K]),
        outcome=np.concatenate([early.outcome, np.full(n, Outcome.TIE)]),
        voter=np.concatenate([early.voter, len(early.voters) - n + np.arange(n)]),
        time_s=np.concatenate([early.time_s, START_S + DAY_S * (3 + rng.random(n))]),
    )
    assert [(one.day, one.model, one.voters) for one in surges(early).found] == [("2024-10-16", "m5", "old")]


@pytest.mark.parametrize("liking", [0.0, 0.4])
def test_honest_arenas_rarely_show_one(liking: float) -> None:
    """Also where each day's crowd likes models more or less than others do: it is estimated."""
    found = [surges(arena(seed, liking=liking)) for seed in range(12)]
    assert sum(bool(one.found) for one in found) <= 1
    if liking:
        assert 60 < np.mean([one.taste for one in found]) < 140


def test_days_that_like_models_are_found_where_that_is_not_allowed_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.quality.surges._LEAST_TASTE", 0.01)
    monkeypatch.setattr("elo.quality.surges._WIDER", 0.0)
    assert surges(arena(visitors=400, liking=0.5)).found


def test_votes_are_counted_by_day_model_and_age_of_the_voter() -> None:
    """ann votes on two days, bob on the second; one vote has no time, one no voter."""
    votes = Votes(
        ("x", "y", "z"),
        a=np.array([0, 0, 1, 0, 0, 0]),
        b=np.array([1, 1, 0, 2, 1, 1]),
        outcome=np.array([Outcome.A, Outcome.BOTH_BAD, Outcome.A, Outcome.A, Outcome.A, Outcome.A]),
        voter=np.array([0, 0, 0, 1, 1, -1]),
        voters=("ann", "bob"),
        time_s=np.array([0.0, 1.0, DAY_S, DAY_S + 5, np.nan, 3.0]),
    )
    found = surges(votes)
    assert found.n_unknown == 2
    assert [(one.day, one.model, one.voters, one.n_voters, one.won, one.lost, one.tied) for one in found.days] == [
        ("1970-01-01", "x", "new", 1, 1, 0, 1),
        ("1970-01-01", "y", "new", 1, 0, 1, 1),
        ("1970-01-02", "x", "new", 1, 1, 0, 0),
        ("1970-01-02", "z", "new", 1, 0, 1, 0),
        ("1970-01-02", "x", "old", 1, 0, 1, 0),
        ("1970-01-02", "y", "old", 1, 1, 0, 0),
    ]
    # 4 x 2 models x 1 x 2 / 0.05 on the first day, 4 x 3 x 2 x 3 / 0.05 on the second.
    assert {(one.day, round(10**one.needed)) for one in found.days} == {("1970-01-01", 320), ("1970-01-02", 1440)}
    written = found.to_json()
    assert written["found"] == []
    assert isinstance(written["days"], tuple)
    assert Day(**written["days"][0]) == found.days[0]


def test_the_order_of_the_file_does_not_matter() -> None:
    votes = pushed(arena(days=6), day=4, model=5, visitors=100)
    assert surges(votes.select(np.random.default_rng(0).permutation(len(votes)))) == surges(votes)


def test_only_ties_show_nothing() -> None:
    votes = arena(days=3)
    found = surges(replace(votes, outcome=np.full(len(votes), int(Outcome.TIE))))
    assert found.found == ()
    assert {one.expected for one in found.days} == {None}


def test_what_is_missing_is_said() -> None:
    votes = arena(days=2)
    with pytest.raises(ValueError, match="these votes do not name their voters; expected a column of voters"):
        surges(replace(votes, voter=None))
    with pytest.raises(ValueError, match="these votes have no times; expected a column of times"):
        surges(replace(votes, time_s=None))
    with pytest.raises(ValueError, match=r"level 1\.0 is not between 0 and 1"):
        surges(votes, level=1.0)
    nothing = surges(replace(votes, time_s=np.full(len(votes), np.nan)))
    assert (nothing.days, nothing.n_unknown) == ((), len(votes))
    assert votes.time_s is not None
    dateless = surges(replace(votes, time_s=np.where(np.arange(len(votes)) < 2, [1e18], votes.time_s)))
    assert dateless.n_unknown == 2
