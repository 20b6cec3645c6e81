"""Fans of one model among honest voters, as one case of the shared folder writes them."""

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from db.outcome import Outcome
from elo.battles import Votes
from elo.quality.leave_out import Decided
from elo.quality.voters.partiality import partiality
from elo.quality.voters.testing import Examination, examine
from elo.simulate import Scenario, simulate

CASE = Path(__file__).parents[5] / "shared" / "cases" / "votes" / "fans.py"
TASTES = Scenario(votes=30_000, models=12, voters=150, taste=100, ties=0.3, seed=8)
CODES = {"model_a": Outcome.A, "model_b": Outcome.B, "tie": Outcome.TIE}


def written(tmp_path: Path, *arguments: int) -> Votes:
    if not CASE.exists():
        pytest.skip(f"{CASE} is not there")
    path = tmp_path / "fans.csv"
    subprocess.run([sys.executable, CASE, path, *map(str, arguments)], check=True)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    votes = Votes.from_rows((row["model_a"], row["model_b"], CODES[row["winner"]]) for row in rows)
    names, numbers = np.unique([row["voter"] for row in rows], return_inverse=True)
    return replace(votes, voter=numbers, voters=tuple(names.tolist()))


def fans_of(votes: Votes, model: int, fans: int, *, share: float = 1.0, wins: bool = True) -> Votes:
    """The first voters have this share of their votes in battles of the model, and vote for it (or against it) there;
    their other votes are honest."""
    assert votes.voter is not None
    rng = np.random.default_rng(0)
    a, b, outcome = votes.a.copy(), votes.b.copy(), votes.outcome.copy()
    chosen = np.flatnonzero((votes.voter < fans) & (rng.random(len(votes)) < share))
    opponent = (model + rng.integers(1, len(votes.models), len(chosen))) % len(votes.models)
    is_left = rng.random(len(chosen)) < 0.5
    a[chosen], b[chosen] = np.where(is_left, model, opponent), np.where(is_left, opponent, model)
    outcome[chosen] = np.where(is_left == wins, Outcome.A, Outcome.B)
    return replace(votes, a=a, b=b, outcome=outcome)


def caught(found: Examination, names: tuple[str, ...], model: str, direction: str) -> int:
    """How many of these voters are flagged for that."""
    return sum(
        voter.voter in names
        and voter.reason == "one_model"
        and voter.leaning is not None
        and (voter.leaning.model, voter.leaning.direction) == (model, direction)
        for voter in found.flagged
    )


@pytest.mark.parametrize(
    ("fans", "votes_each", "seed"), [(5, 100, 3), (5, 100, 11), (1, 100, 3), (10, 100, 5), (10, 40, 6), (20, 100, 4)]
)
def test_the_fans_of_the_case_are_flagged_and_few_others(tmp_path: Path, fans: int, votes_each: int, seed: int) -> None:
    votes = written(tmp_path, fans, votes_each, seed)
    found = examine(votes)
    names = tuple(f"fan{i}" for i in range(fans))
    assert {voter.voter for voter in found.flagged} >= set(names)
    assert caught(found, names, "m12", "for") == fans
    assert len(found.flagged) - fans <= 0.05 * 150
    assert max(voter.flagged_after or 0 for voter in found.flagged if voter.voter in names) <= 40


@pytest.mark.parametrize(("wins", "direction"), [(True, "for"), (False, "against")])
def test_fans_and_rivals_are_flagged_where_honest_voters_have_tastes(wins: bool, direction: str) -> None:
    honest = simulate(replace(TASTES, votes=60_000)).votes
    found = examine(fans_of(honest, 4, 5, wins=wins))
    assert caught(found, honest.voters[:5], honest.models[4], direction) == 5
    assert len(found.flagged) - 5 <= 0.05 * 145
    assert 90 < found.taste < 200  # 100 assumed, widened by a quarter, on the scale of votes with a winner


def test_fans_are_flagged_who_hide_among_honest_votes() -> None:
    honest = simulate(replace(TASTES, taste=0)).votes
    found = examine(fans_of(honest, 4, 5, share=0.5))
    assert caught(found, honest.voters[:5], honest.models[4], "for") == 5
    assert len(found.flagged) - 5 <= 0.05 * 145


def test_honest_voters_with_tastes_are_not_flagged_by_this_test() -> None:
    """At most a quarter of the level each, over four arenas of 150 voters."""
    reasons = [
        voter.reason for seed in range(4) for voter in examine(simulate(replace(TASTES, seed=seed)).votes).voters
    ]
    assert reasons.count("one_model") <= 0.0125 * len(reasons)


def test_the_test_fails_where_tastes_are_not_allowed_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The allowance makes the difference: without it, honest voters are flagged."""
    monkeypatch.setattr("elo.quality.voters.partiality._LEAST_TASTE", 0.0)
    monkeypatch.setattr("elo.quality.voters.partiality._WIDER", 0.0)
    found = examine(simulate(TASTES).votes)
    assert [voter.reason for voter in found.voters].count("one_model") > 0.05 * 150


def test_leaving_the_flagged_out_finds_the_others() -> None:
    """Thirty fans lift the model so far that each is close to the ratings; without those found first, all are plain."""
    honest = simulate(replace(TASTES, taste=0, votes=9_000)).votes
    votes = fans_of(honest, 4, 30)
    decided = Decided.of(votes)
    nobody = np.zeros(len(votes.voters), dtype=np.bool_)
    at_first = partiality(votes, decided, nobody, most=30.0)
    assert votes.voter is not None
    found = examine(votes)
    assert caught(found, honest.voters[:30], honest.models[4], "for") == 30
    alone = partiality(votes, decided, np.isin(np.arange(150), np.arange(30)), most=30.0)
    fans = votes.voter < 30
    assert alone.evidence[fans].mean() > at_first.evidence[fans].mean()


def test_evidence_is_the_mean_of_all_bets() -> None:
    votes = simulate(Scenario(votes=400, models=4, voters=5, ties=0.3, seed=1)).votes
    assert votes.voter is not None
    decided = Decided.of(votes)
    found = partiality(votes, decided, np.zeros(5, dtype=np.bool_), most=30.0)
    for voter in range(5):
        last = {}
        for row in np.flatnonzero(found.voter == voter).tolist():
            last[int(found.model[row])] = found.bets.favours[row], found.bets.opposes[row]
        sums = sum(np.exp(favours) + np.exp(opposes) for favours, opposes in last.values())
        expected = (sums + 2 * (4 - len(last))) / 8
        assert np.exp(found.evidence[np.flatnonzero(votes.voter == voter)[-1]]) == pytest.approx(expected)
    tie = int(np.flatnonzero(votes.outcome >= Outcome.TIE)[0])
    earlier = np.flatnonzero(votes.voter[:tie] == votes.voter[tie])
    assert found.evidence[tie] == pytest.approx(found.evidence[earlier[-1]] if earlier.size else 0.0)


def test_the_leaning_counts_the_votes_on_that_model() -> None:
    honest = simulate(replace(TASTES, taste=0, votes=9_000)).votes
    votes = fans_of(honest, 4, 1)
    fan = next(voter for voter in examine(votes).voters if voter.voter == honest.voters[0])
    assert fan.leaning is not None
    assert fan.flagged_after is not None
    assert (fan.leaning.won, fan.leaning.decided) == (fan.flagged_after, fan.flagged_after)
    assert 0.1 < fan.leaning.expected < 0.9
