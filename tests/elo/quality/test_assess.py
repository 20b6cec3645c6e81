"""Every figure of the report against ballots that were counted by hand."""

import math

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Settings, Votes, rate
from elo.commands.quality_text import report
from elo.quality.assess import Ballot, Share, assess, prompt_key
from elo.simulate import Scenario, simulate

A, B, TIE, BOTH_BAD = Outcome
WITHDRAWN = ("withdrawn",)


def ballots_of(scenario: Scenario) -> list[Ballot]:
    votes = simulate(scenario).votes
    assert votes.voter is not None
    return [Ballot(*vote, voter=votes.voters[voter]) for vote, voter in zip(votes, votes.voter.tolist(), strict=True)]


def test_votes_are_counted_by_what_became_of_them() -> None:
    found = assess(
        [
            Ballot("x", "y", A, "ann"),
            Ballot("x", "y", A, "ann", ("banned",)),
            Ballot("x", "y", TIE, "bob", ("rate_limited", "flagged")),
            Ballot("y", "x", BOTH_BAD, "bob", WITHDRAWN),
            Ballot("x", "x", B, "bob", ("control",)),
            Ballot("x", "y", TIE),
        ]
    )
    assert (found.n_votes, found.n_counted) == (6, 2)
    assert found.exclusions == {"banned": 1, "rate_limited": 1, "flagged": 1, "withdrawn": 1, "control": 1}
    assert (found.left.hits, found.left.n) == (1, 1)
    assert (found.ties.hits, found.ties.n) == (1, 2)
    assert found.both_bad.hits == 0
    assert found.voters is not None
    # Banned voters are examined, votes that do not count for another reason are not.
    assert [(voter.voter, voter.n_votes) for voter in found.voters.voters] == [("ann", 2)]
    assert found.voters.n_unknown == 1


def test_withdrawals_are_counted_by_model_and_result() -> None:
    votes = [
        *[Ballot("x", "y", A, "ann")] * 8,
        *[Ballot("x", "y", A, "ann", WITHDRAWN)] * 2,
        Ballot("y", "x", TIE, "ann", WITHDRAWN),
        Ballot("y", "x", A, "ann", (*WITHDRAWN, "flagged")),  # would not count anyway
    ]
    found = [(one.model, one.result, one.withdrawn.hits, one.withdrawn.n) for one in assess(votes).withdrawals]
    assert found == [("x", "won", 2, 10), ("y", "lost", 2, 10), ("x", "tie", 1, 1), ("y", "tie", 1, 1)]


def test_prompts_that_come_again_are_counted() -> None:
    asked = [("ann", "Name a tree."), ("bob", "name  a TREE. "), ("ann", "Name a tree."), ("ann", "Hello"), ("bob", "")]
    votes = [Ballot("x", "y", A, voter, (), prompt_key(text) if text else None) for voter, text in asked]
    votes.append(Ballot("x", "y", A, "ann", ("flagged",), prompt_key("Name a tree.")))
    prompts = assess(votes).prompts
    assert (prompts.votes, prompts.distinct, prompts.repeated, prompts.by_same_voter, prompts.most) == (4, 2, 2, 1, 3)


def test_prompts_are_the_same_but_for_case_and_space() -> None:
    assert prompt_key("Name a tree.") == prompt_key(" name\n a  TREE. ")
    assert prompt_key("Name a tree.") != prompt_key("Name a tree")
    assert len(prompt_key("half a character: \ud800")) == 16


def test_a_preferred_side_is_reported() -> None:
    liked = assess(ballots_of(Scenario(votes=8000, voters=60, side_bias=40.0)))
    assert liked.left.low > 0.5
    assert "the left side is preferred" in report(liked)
    even = assess(ballots_of(Scenario(votes=8000, voters=60, seed=1)))
    assert even.left.low < 0.5 < even.left.high
    assert "neither side is preferred" in report(even)


def test_a_share_of_independent_votes_has_wilsons_interval() -> None:
    """Reference: statsmodels' proportion_confint(count, nobs, method="wilson")."""
    assert (Share.of(0, 10).low, Share.of(0, 10).high) == pytest.approx((0.0, 0.2775328), abs=1e-6)
    assert (Share.of(45, 100).low, Share.of(45, 100).high) == pytest.approx((0.3561454, 0.5475540), abs=1e-6)
    nothing = Share.of(0, 0)
    assert (nothing.share, nothing.low, nothing.high) == (None, 0.0, 1.0)


def test_shares_by_voter_cover_the_truth_where_votes_of_a_voter_depend_on_each_other() -> None:
    """60 voters, each with a personal habit around 0.5: 95 % of intervals; as if independent, far fewer."""
    rng = np.random.default_rng(5)
    covered, naive = [], []
    for _ in range(400):
        n = rng.integers(5, 80, 60).astype(float)
        hits = rng.binomial(n.astype(int), rng.beta(2, 2, 60)).astype(float)
        share, plain = Share.by_voter(hits, n), Share.of(int(hits.sum()), int(n.sum()))
        covered.append(share.low <= 0.5 <= share.high)
        naive.append(plain.low <= 0.5 <= plain.high)
    assert 0.91 < np.mean(covered) < 0.98
    assert np.mean(naive) < 0.6


def test_few_voters_are_taken_as_votes() -> None:
    hits, n = np.array([3.0, 4.0]), np.array([9.0, 5.0])
    assert Share.by_voter(hits, n) == Share.of(7, 14)


def test_the_report_names_unusual_voters_and_why() -> None:
    ballots = [
        ballot._replace(outcome=A) if ballot.voter == "voter-01" else ballot
        for ballot in ballots_of(Scenario(votes=6000, voters=40, models=6, seed=2))
    ]
    found = assess(ballots)
    text = report(found)
    line = next(line for line in text.splitlines() if line.startswith("voter-01"))
    assert line.split()[2:4] == ["100", "%"]
    assert line.endswith("nearly always one side")
    assert "Of honest" not in text
    assert "At most 5 % of honest voters are ever flagged" in text
    written = found.to_json()
    assert written["votes"] == 6000
    assert isinstance(written["voters"], dict)
    first = next(voter for voter in written["voters"]["voters"] if voter["voter"] == "voter-01")
    assert first["reason"] == "sides"
    assert math.isfinite(first["sides"])


def test_the_report_says_how_few_votes_decide_who_is_first() -> None:
    """Of the votes that count: those for y were withdrawn."""
    counted = [Ballot("x", "y", A)] * 12 + [Ballot("x", "y", B)] * 5 + [Ballot("y", "z", A)] * 9
    found = assess([*counted, *[Ballot("x", "y", B, None, WITHDRAWN)] * 9])
    board = rate(Votes.from_rows([ballot[:3] for ballot in counted]), Settings(bootstrap=0))
    assert found.first_place == board.fragility
    assert board.fragility is not None
    n = board.fragility.n_votes
    assert f"First place hangs on {n} of 26 votes: without them {board.fragility.then} would lead." in report(found)
    assert found.to_json()["first_place"] == board.fragility.to_json()


def test_the_report_of_few_votes_says_what_is_not_known() -> None:
    found = assess([Ballot("x", "y", TIE), Ballot("x", "y", TIE, None, WITHDRAWN)])
    text = report(found)
    assert "Sides: no vote has a winner." in text
    assert "Voters: the votes do not name them." in text
    assert "Left out, by reason: withdrawn 1." in text
    two = report(assess([Ballot("x", "y", TIE, None, (*WITHDRAWN, "stopped"))]))
    assert "Left out, by reason: stopped 1, withdrawn 1 (a vote can have several)." in two
    assert "Prompts" not in text
    assert report(assess([])).startswith(
        "0 votes, of which 0 count.\nSides: no vote has a winner.\nTies: no vote counts."
    )


def test_a_long_report_says_how_much_it_left_out() -> None:
    votes = [Ballot(f"m{i:02}", "z", A, None, WITHDRAWN) for i in range(30)]
    assert "and 11 more; --json writes all" in report(assess(votes))


def test_a_share_that_no_voter_departs_from_is_not_certain() -> None:
    """The spread between voters is 0 then, and the interval was 0 to 0."""
    n = np.full(124, 70.0)
    for hits, low, high in ((np.zeros(124), 0.0, 0.0301), (n, 0.9699, 1.0)):
        found = Share.by_voter(hits, n)
        assert found.low == pytest.approx(low, abs=1e-3)
        assert found.high == pytest.approx(high, abs=1e-3)
        assert found.n == 8680
