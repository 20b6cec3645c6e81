"""Every figure of the report against ballots that were counted by hand."""

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Settings, Votes, rate
from elo.quality.examination import examine, examine_ballots
from elo.quality.gathering import Ballot, prompt_key
from elo.simulate import Scenario, simulate

A, B, TIE, BOTH_BAD = Outcome
WITHDRAWN = ("withdrawn",)


def ballots_of(scenario: Scenario) -> list[Ballot]:
    votes = simulate(scenario).votes
    assert votes.voter is not None
    return [Ballot(*vote, voter=votes.voters[voter]) for vote, voter in zip(votes, votes.voter.tolist(), strict=True)]


def test_votes_are_counted_by_what_became_of_them() -> None:
    found = examine_ballots(
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
    found = [(one.model, one.result, one.withdrawn.hits, one.withdrawn.n) for one in examine_ballots(votes).withdrawals]
    assert found == [("x", "won", 2, 10), ("y", "lost", 2, 10), ("x", "tie", 1, 1), ("y", "tie", 1, 1)]


def test_prompts_that_come_again_are_counted() -> None:
    asked = [("ann", "Name a tree."), ("bob", "name  a TREE. "), ("ann", "Name a tree."), ("ann", "Hello"), ("bob", "")]
    votes = [Ballot("x", "y", A, voter, (), prompt_key(text) if text else None) for voter, text in asked]
    votes.append(Ballot("x", "y", A, "ann", ("flagged",), prompt_key("Name a tree.")))
    prompts = examine_ballots(votes).prompts
    assert (prompts.votes, prompts.distinct, prompts.repeated, prompts.by_same_voter, prompts.most) == (4, 2, 2, 1, 3)


def test_prompts_are_the_same_but_for_case_and_space() -> None:
    assert prompt_key("Name a tree.") == prompt_key(" name\n a  TREE. ")
    assert prompt_key("Name a tree.") != prompt_key("Name a tree")
    assert len(prompt_key("half a character: \ud800")) == 16


def test_a_preferred_side_is_reported() -> None:
    liked = examine_ballots(ballots_of(Scenario(votes=8000, voters=60, side_bias=40.0)))
    assert liked.left.low > 0.5
    assert "the left side is preferred" in str(liked)
    even = examine_ballots(ballots_of(Scenario(votes=8000, voters=60, seed=1)))
    assert even.left.low < 0.5 < even.left.high
    assert "neither side is preferred" in str(even)


def test_the_report_names_unusual_voters_and_why() -> None:
    ballots = [
        ballot._replace(outcome=A) if ballot.voter == "voter-01" else ballot
        for ballot in ballots_of(Scenario(votes=6000, voters=40, models=6, seed=2))
    ]
    found = examine_ballots(ballots)
    text = str(found)
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
    found = examine_ballots([*counted, *[Ballot("x", "y", B, None, WITHDRAWN)] * 9])
    board = rate(Votes.from_rows([ballot[:3] for ballot in counted]), Settings(bootstrap=0))
    assert found.first_place == board.fragility
    assert board.fragility is not None
    n = board.fragility.n_votes
    assert f"Without {n} of the 26 votes, {board.fragility.then} would be first." in str(found)
    assert found.to_json()["first_place"] == board.fragility.to_json()


def test_the_report_of_few_votes_says_what_is_not_known() -> None:
    found = examine_ballots([Ballot("x", "y", TIE), Ballot("x", "y", TIE, None, WITHDRAWN)])
    text = str(found)
    assert "Sides: no vote has a winner." in text
    assert "Voters: the votes do not name them, so neither voters nor days can be tested." in text
    assert "Left out, by reason: withdrawn 1." in text
    two = str(examine_ballots([Ballot("x", "y", TIE, None, (*WITHDRAWN, "stopped"))]))
    assert "Left out, by reason: stopped 1, withdrawn 1 (a vote can have several)." in two
    assert "Prompts" not in text
    assert str(examine_ballots([])).startswith(
        "0 votes, of which 0 count.\nSides: no vote has a winner.\nTies: no vote counts."
    )


def test_a_long_report_says_how_much_it_left_out() -> None:
    votes = [Ballot(f"m{i:02}", "z", A, None, WITHDRAWN) for i in range(30)]
    assert "and 11 more; --json writes all" in str(examine_ballots(votes))


def with_fans(scenario: Scenario) -> Votes:
    """Three voters always vote for the weakest model; all votes of the first ten days."""
    votes = simulate(scenario).votes
    assert votes.voter is not None
    outcome = votes.outcome.copy()
    fans = votes.voter < 3
    b = np.where(fans & (votes.a != 0), 0, votes.b)
    outcome[fans] = np.where(votes.a[fans] == 0, A, B)
    return replace(votes, b=b, outcome=outcome, time_s=np.linspace(0, 10 * 86_400, len(votes), endpoint=False))


FANS = Scenario(votes=6000, voters=60, ratings=tuple((f"m{i}", 900.0 + 20 * i) for i in range(8)), seed=5)


def test_votes_in_memory_are_examined_as_ballots_are() -> None:
    votes = with_fans(FANS)
    assert votes.voter is not None
    assert votes.time_s is not None
    ballots = [
        Ballot(*vote, voter=votes.voters[voter], time_s=at)
        for vote, voter, at in zip(votes, votes.voter.tolist(), votes.time_s.tolist(), strict=True)
    ]
    assert examine(votes) == examine_ballots(ballots)
    assert examine(votes, Settings(seed=3)) == examine_ballots(ballots, seed=3)
    assert examine(votes, Settings(seed=3)) != examine(votes)


def test_the_report_names_the_model_voted_for_and_what_changes_without() -> None:
    votes = with_fans(FANS)
    found = examine(votes)
    text = str(found)
    assert found.voters is not None
    names = [voter.voter for voter in found.voters.flagged if voter.reason == "one_model"]
    assert sorted(names) == ["voter-01", "voter-02", "voter-03"]
    assert "Flagged: 3 (for or against one model 3)." in text
    line = next(line for line in text.splitlines() if line.startswith("voter-01"))
    assert re.search(r"for m0: it won (\d+) of \1$", line)
    assert "3 voters for m0: it won " in text
    assert votes.voter is not None
    with_all = {row.model: row for row in rate(votes, Settings(bootstrap=0)).rows}
    without = {row.model: row for row in rate(votes.select(votes.voter >= 3), Settings(bootstrap=0)).rows}
    moved = found.moves[0]
    assert moved.model == "m0"
    assert moved.rating == pytest.approx(with_all["m0"].rating)
    assert moved.rating_without == pytest.approx(without["m0"].rating)
    assert moved.place_without == 8
    assert moved.place < 8
    assert "would have another place:" in text
    assert "Read some votes of each flagged voter" in text
    assert "Days: 10, each tested for a push for or against one model" in text
    json.dumps(found.to_json(), allow_nan=False)


def test_settings_decide_what_the_board_is() -> None:
    votes = with_fans(FANS)
    anchored = examine(votes, Settings(gauge="anchor", anchor=(("m7", 1500.0),))).moves[0]
    plain = examine(votes).moves[0]
    assert (anchored.model, anchored.place) == (plain.model, plain.place)
    assert anchored.rating > plain.rating + 300


def test_a_push_on_one_day_is_named_with_what_to_do() -> None:
    votes = simulate(replace(FANS, voters=1500)).votes
    time_s = np.linspace(0, 10 * 86_400, len(votes), endpoint=False)
    n = 240
    opponent = 1 + np.arange(n) % 7
    assert votes.voter is not None
    pushed = Votes(
        votes.models,
        np.concatenate([votes.a, np.zeros(n, int)]),
        np.concatenate([votes.b, opponent]),
        np.concatenate([votes.outcome, np.full(n, int(A))]),
        voter=np.concatenate([votes.voter, 1500 + np.arange(n) // 3]),
        voters=votes.voters + tuple(f"new-{i}" for i in range(n // 3)),
        time_s=np.concatenate([time_s, 86_400 * 6 + np.arange(n)]),
    )
    text = str(examine(pushed))
    line = next(line for line in text.splitlines() if line.startswith("1970-01-07"))
    assert line.split()[:2] == ["1970-01-07", "m0"]
    assert "look for a call for votes on that day" in text


def test_a_quiet_report_says_what_it_cannot_see() -> None:
    votes = simulate(replace(FANS, seed=7)).votes
    text = str(examine(replace(votes, time_s=np.linspace(0, 10 * 86_400, len(votes), endpoint=False))))
    assert "Flagged: 0." in text
    assert "Nothing stands out. These tests cannot see a voter with few votes for one model on a quiet day" in text
    assert "export votes with a column timestamp" in str(examine(votes))


def test_agreement_is_reported_by_campaign_from_the_votes_that_count() -> None:
    def ballot(
        pair: str, voter: str, outcome: Outcome, reasons: tuple[str, ...] = (), campaign: str | None = "may"
    ) -> Ballot:
        return Ballot("x", "y", outcome, voter, reasons, None, None, pair, campaign)

    found = examine_ballots(
        [
            *(ballot("1", voter, A) for voter in "pq"),
            *(ballot("2", voter, B) for voter in "pq"),
            ballot("1", "r", B, ("banned",)),
            ballot("1", "p", B, (), None),
            Ballot("x", "y", A, "s"),
        ]
    )
    assert list(found.agreement) == ["may"]
    assert (found.agreement["may"].n_pairs, found.agreement["may"].n_votes) == (2, 4)
    assert "campaign may: 2 pairs with two votes or more (4 votes of 2 voters); nominal 1.00 (1.00 to 1.00)" in str(
        found
    )
    assert json.loads(json.dumps(found.to_json()))["agreement"]["may"]["alpha_nominal"]["value"] == 1.0
