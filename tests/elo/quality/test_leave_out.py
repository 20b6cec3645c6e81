"""Ratings without one voter against fits of the votes that remain."""

from dataclasses import replace

import numpy as np
import pytest

from db.outcome import Outcome
from elo.battles import Cells, Votes
from elo.fit import bradley_terry
from elo.quality.leave_out import Decided, expected
from elo.simulate import Scenario, simulate


def votes_of(n_votes: int, voters: int) -> Votes:
    return simulate(Scenario(votes=n_votes, models=6, voters=voters, seed=3)).votes


def test_votes_with_a_winner_are_taken_and_weighed() -> None:
    """Three votes of ann on x, of which one is a tie; one of bob; one of nobody known."""
    votes = Votes(
        ("x", "y", "z"),
        a=np.array([0, 1, 0, 0, 2]),
        b=np.array([1, 0, 2, 1, 0]),
        outcome=np.array([Outcome.A, Outcome.A, Outcome.TIE, Outcome.B, Outcome.A]),
        voter=np.array([0, 0, 0, 1, -1]),
        voters=("ann", "bob"),
    )
    found = Decided.of(votes)
    assert found.place.tolist() == [0, 1, 3, 4]
    assert found.points.tolist() == [1, 1, 0, 1]
    pair = 1 / (1 + 0.2 * (100 * np.log(10) / 400) ** 2)
    assert found.weight == pytest.approx([pair, pair, 1, 1])
    assert found.without(found.voter == 1).weight == pytest.approx([pair, pair, 0, 1])


@pytest.mark.parametrize(("n_votes", "voters", "within"), [(3000, 150, 0.01), (300, 4, 0.05)])
def test_ratings_without_a_voter_are_those_of_the_other_votes(n_votes: int, voters: int, within: float) -> None:
    """One step is close to a whole fit, for voters with a hundredth of the votes and with a quarter."""
    votes = votes_of(n_votes, voters)
    assert votes.voter is not None
    decided = replace(Decided.of(votes), weight=np.ones(len(Decided.of(votes).a)))
    found = expected(decided, decided.voter)
    for voter in range(4):
        others = votes.select((votes.voter != voter) & (votes.outcome < Outcome.TIE))
        cells = Cells.from_votes(others)
        fit = bradley_terry.fit(cells.pairs(), prior=1.0)
        rating = dict(zip(cells.models, fit.r.tolist(), strict=True))
        own = decided.voter == voter
        refitted = [
            rating[votes.models[a]] - rating[votes.models[b]]
            for a, b in zip(decided.a[own].tolist(), decided.b[own].tolist(), strict=True)
        ]
        assert found.d[own] == pytest.approx(np.array(refitted), abs=within)
        error = np.diag(bradley_terry.centred(fit.inverse))
        of_a = dict(zip(cells.models, error.tolist(), strict=True))
        assert found.of_a[own] == pytest.approx(
            np.array([of_a[votes.models[a]] for a in decided.a[own].tolist()]), rel=0.05 if voters > 4 else 0.2
        )


def test_small_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    decided = Decided.of(votes_of(2000, 60))
    whole = expected(decided, decided.voter)
    monkeypatch.setattr("elo.quality.leave_out._NUMBERS", 40)
    parts = expected(decided, decided.voter)
    assert parts.d == pytest.approx(whole.d, abs=1e-12)
    assert parts.of_b == pytest.approx(whole.of_b, abs=1e-12)


def test_votes_of_nobody_are_not_left_out_and_all_votes_leave_nothing() -> None:
    decided = Decided.of(votes_of(400, 10))
    with_all = expected(decided, np.full(len(decided.a), -1))
    without_any = expected(decided, np.zeros(len(decided.a), dtype=np.int64))
    assert np.abs(without_any.d).max() < 0.5 * np.abs(with_all.d).max()
    assert with_all.of_a.max() < 0.2
    assert without_any.of_a.min() > 3  # the prior alone: an error of 300 points


def test_no_votes_have_no_ratings() -> None:
    none = np.zeros(0, dtype=np.int64)
    decided = Decided.of(Votes(("x", "y"), none, none, none, voter=none))
    assert expected(decided, decided.voter).d.shape == (0,)


def test_votes_without_voters_are_refused() -> None:
    with pytest.raises(ValueError, match="these votes do not name their voters; expected a column of voters"):
        Decided.of(Votes(("x", "y"), np.zeros(1, int), np.ones(1, int), np.zeros(1, int)))
