"""The vectorised scores against the test written down vote by vote, and what they promise about honest voters."""

import hashlib
import math
from collections import defaultdict
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest

from db.outcome import Outcome
from elo.battles import Votes
from elo.quality.voters.exchangeability import scores
from elo.simulate import Scenario, simulate

NORMAL = NormalDist()


def naive(votes: Votes, seed: int) -> list[tuple[float, float]]:
    """(z, shift) of each vote, by its definition."""
    assert votes.voter is not None
    streams = {}
    for number, name in enumerate(votes.voters):
        digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
        key = np.array([seed, int.from_bytes(digest, "little")], dtype=np.uint64)
        streams[number] = np.random.Generator(np.random.Philox(key=key))
    history: dict[tuple[int, int], list[tuple[int, bool]]] = defaultdict(list)
    found = []
    for a, b, code, voter in zip(votes.a, votes.b, votes.outcome, votes.voter, strict=True):
        if code not in (Outcome.A, Outcome.B):
            found.append((0.0, 0.0))
            continue
        u = streams[voter].random()
        pair, is_first = (min(a, b), max(a, b)), bool((code == Outcome.A) == (a < b))
        bag = [won for who, won in history[pair] if who != voter] + [is_first]
        history[pair].append((voter, is_first))
        fewer = min(sum(bag), len(bag) - sum(bag))
        if not 0 < fewer < len(bag) / 2:
            found.append((0.0, 0.0))
            continue
        disagrees = bag.count(is_first) == fewer
        share = fewer / len(bag)
        p = u * share if disagrees else share + u * (1 - share)
        f = (fewer + 2) / (len(bag) + 4)
        odds = fewer / f / ((len(bag) - fewer) / (1 - f))
        density = NORMAL.pdf(NORMAL.inv_cdf(share))
        shift = density * (odds / (1 + odds) / share - 1 / (1 + odds) / (1 - share))
        found.append((-NORMAL.inv_cdf(p), shift))
    return found


@pytest.fixture(scope="module")
def votes() -> Votes:
    return simulate(Scenario(votes=4000, models=4, voters=30, spread=150, ties=0.4, seed=3)).votes


def test_scores_equal_their_definition(votes: Votes) -> None:
    found = scores(votes, seed=5)
    expected = naive(votes, 5)
    assert found.z == pytest.approx([z for z, _ in expected], abs=1e-9)
    assert found.shift == pytest.approx([shift for _, shift in expected], abs=1e-12)
    assert (found.shift > 0).sum() > 2000


def test_scores_of_equal_voters_are_standard_normal(votes: Votes) -> None:
    """Ties in p broken at random are what makes it so: as written in the paper, p has two values."""
    found = scores(votes, seed=0)
    z = found.z[found.shift > 0]
    assert kstest(z, "norm").pvalue > 0.01
    assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 3 / math.sqrt(len(z))


def test_the_shift_is_what_a_coin_gets() -> None:
    """Everybody but voter 0 agrees three times in four; voter 0 tosses coins."""
    rng = np.random.default_rng(8)
    n = 40_000
    voter = np.where(rng.random(n) < 0.1, 0, rng.integers(1, 50, n))
    wins = rng.random(n) < np.where(voter == 0, 0.5, 0.75)
    votes = Votes(
        ("x", "y"), np.zeros(n, int), np.ones(n, int), np.where(wins, 0, 1), voter=voter,
        voters=tuple(map(str, range(50))),
    )  # fmt: skip
    found = scores(votes, seed=1)
    chosen = (voter == 0) & (np.arange(n) > 2000)
    z, shift = found.z[chosen], found.shift[chosen]
    assert z.mean() == pytest.approx(shift.mean(), abs=3 / math.sqrt(len(z)))
    mean_where_rare = quad(NORMAL.inv_cdf, 0, 0.25)[0] / 0.25  # of -z among the quarter that disagrees
    mean_where_common = quad(NORMAL.inv_cdf, 0.25, 1)[0] / 0.75
    assert shift.mean() == pytest.approx(-(mean_where_rare + mean_where_common) / 2, abs=0.01)


def test_the_votes_of_one_voter_are_never_compared_with_their_own() -> None:
    votes = Votes(
        ("x", "y"), np.zeros(9, int), np.ones(9, int), np.array([0, 0, 1] * 3), voter=np.zeros(9, int), voters=("ann",)
    )
    assert not scores(votes, seed=0).shift.any()


def test_sides_mean_nothing(votes: Votes) -> None:
    code = np.array([outcome.swapped for outcome in Outcome])
    other = replace(votes, a=votes.b, b=votes.a, outcome=code[votes.outcome])
    assert (scores(other, seed=2).z == scores(votes, seed=2).z).all()


def test_later_votes_change_no_earlier_score(votes: Votes) -> None:
    assert votes.voter is not None
    fewer = Votes(
        votes.models, votes.a[:1500], votes.b[:1500], votes.outcome[:1500], voter=votes.voter[:1500],
        voters=votes.voters,
    )  # fmt: skip
    whole, part = scores(votes, seed=2), scores(fewer, seed=2)
    assert (whole.z[:1500] == part.z).all()
    assert (whole.shift[:1500] == part.shift).all()


def test_another_voter_s_votes_matter_on_the_same_pair_only(votes: Votes) -> None:
    """Somebody takes a vote back: no random number of anybody else becomes another one."""
    assert votes.voter is not None
    left_out = 100
    stays = np.arange(len(votes)) != left_out
    found, fewer = scores(votes, seed=2), scores(votes.select(stays), seed=2)
    pair = np.sort(np.stack([votes.a, votes.b]), axis=0)
    is_other = (pair != pair[:, [left_out]]).any(axis=0) & (votes.voter != votes.voter[left_out])
    assert is_other.sum() > 2000
    assert (found.z[is_other] == fewer.z[is_other[stays]]).all()


def test_votes_without_a_winner_have_no_score() -> None:
    votes = Votes(
        ("x", "y"), np.zeros(6, int), np.ones(6, int), np.array([2, 3] * 3), voter=np.arange(6), voters=tuple("abcdef")
    )
    found = scores(votes, seed=0)
    assert not found.z.any()
    assert not found.shift.any()
