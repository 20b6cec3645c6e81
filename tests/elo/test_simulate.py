"""Simulated votes have the ratings, the ties, the habits and the sides that the scenario says."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Cells, Settings, rate
from elo.simulate import Scenario, Simulation, simulate, write_votes
from elo.votes.votes_file import read_votes


def shares(found: Simulation) -> list[float]:
    counts = np.bincount(found.votes.outcome, minlength=4)
    return [float(share) for share in counts / counts.sum()]


def test_a_fit_finds_the_ratings() -> None:
    found = simulate(Scenario(votes=400_000, models=8, ties=0.6, seed=1))
    board = rate(Cells.from_votes(found.votes), Settings(bootstrap=0, prior=0))
    ratings = {row.model: row.rating for row in board.rows}
    truth = dict(zip(found.votes.models, found.ratings.tolist(), strict=True))
    assert ratings == pytest.approx(truth, abs=5)
    assert found.ratings.mean() == pytest.approx(1000)
    assert found.ratings.std() == pytest.approx(115)


def test_ratings_can_be_given() -> None:
    found = simulate(Scenario(votes=50_000, ratings=(("x", 1100.0), ("y", 900.0)), ties=0.0))
    wins = (found.votes.outcome == Outcome.A) == (found.votes.a == 0)
    assert found.votes.models == ("x", "y")
    assert wins.mean() == pytest.approx(1 / (1 + 10 ** (-200 / 400)), abs=0.01)


def test_equal_models_tie_as_often_as_said_and_sides_are_even() -> None:
    found = shares(simulate(Scenario(votes=100_000, spread=0.0, ties=0.4)))
    assert found == pytest.approx([0.3, 0.3, 0.2, 0.2], abs=0.006)


@pytest.mark.parametrize(("ties", "expected"), [(0.0, 0.0), (1.0, 1.0)])
def test_ties_go_from_none_to_all(ties: float, expected: float) -> None:
    found = shares(simulate(Scenario(votes=2000, spread=0.0, ties=ties, voters=5, tie_spread=1.0)))
    assert sum(found[2:]) == expected


def test_a_side_bias_is_points_for_the_left() -> None:
    found = shares(simulate(Scenario(votes=100_000, spread=0.0, ties=0.0, side_bias=40.0)))
    assert found[0] == pytest.approx(1 / (1 + 10 ** (-40 / 400)), abs=0.006)


def test_voters_have_habits_of_their_own() -> None:
    scenario = Scenario(votes=200_000, models=2, spread=0.0, voters=40, ties=0.4)

    def spread(scenario: Scenario, code: Outcome) -> float:
        votes = simulate(scenario).votes
        assert votes.voter is not None
        share = np.bincount(votes.voter, votes.outcome == code, 40) / np.bincount(votes.voter, minlength=40)
        return float(share.std())

    noise = spread(scenario, Outcome.A)
    assert spread(replace(scenario, side_spread=80.0), Outcome.A) > 5 * noise
    assert spread(replace(scenario, tie_spread=1.0), Outcome.TIE) > 5 * noise


def test_tastes_make_voters_differ_and_the_board_flatter() -> None:
    scenario = Scenario(votes=300_000, models=6, voters=300, taste=200.0, seed=2)
    found = simulate(scenario)
    board = rate(Cells.from_votes(found.votes), Settings(bootstrap=0))
    spread = np.std([row.rating for row in board.rows])
    assert 60 < spread < 105
    assert found.ratings.std() == pytest.approx(115)


def test_prepared_pairs_are_the_same_two_models_each_time() -> None:
    votes = simulate(Scenario(votes=5000, prepared=20, prepared_spread=300.0, ties=0.0)).votes
    assert votes.prepared is not None
    assert votes.voter is None
    met: dict[int, set[frozenset[int]]] = {}
    for number, a, b in zip(votes.prepared.tolist(), votes.a.tolist(), votes.b.tolist(), strict=True):
        met.setdefault(number, set()).add(frozenset((a, b)))
    assert {len(pairs) for pairs in met.values()} == {1}
    assert len(met) == 20
    swapped = votes.a > votes.b
    assert 0.4 < swapped.mean() < 0.6


def test_the_same_seed_gives_the_same_votes_and_more_votes_keep_the_models() -> None:
    one, same = (simulate(Scenario(votes=500, voters=9, taste=50.0, seed=7)) for _ in range(2))
    assert (one.votes.outcome == same.votes.outcome).all()
    more, other = simulate(Scenario(votes=900, voters=9, seed=7)), simulate(Scenario(votes=500, seed=8))
    assert (more.ratings == one.ratings).all()
    assert (other.ratings != one.ratings).all()


def test_a_written_file_is_read_back_as_the_same_votes(tmp_path: Path) -> None:
    votes = simulate(Scenario(votes=300, models=3, voters=12, prepared=5, seed=1)).votes
    path = tmp_path / "votes.csv"
    told: list[int] = []
    with path.open("w", newline="", encoding="utf-8") as file:
        write_votes(votes, file, progress=told.append)
    read = read_votes([path]).votes
    assert list(read) == list(votes)
    assert told == [300]
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert list(rows[0]) == ["model_a", "model_b", "winner", "visitor", "prepared_id"]
    assert {row["visitor"] for row in rows} == set(votes.voters)
    assert len({row["prepared_id"] for row in rows}) == 5


def test_blocks_of_writing_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    votes = simulate(Scenario(votes=300)).votes
    whole, parts = io.StringIO(), io.StringIO()
    write_votes(votes, whole)
    monkeypatch.setattr("elo.simulate._CHUNK", 7)
    write_votes(votes, parts)
    assert whole.getvalue() == parts.getvalue()
    assert whole.getvalue().startswith("model_a,model_b,winner\nmodel-")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"votes": 0}, "votes 0 is not 1 to 100,000,000"),
        ({"votes": 1.5}, "votes 1.5 is not a whole number"),
        ({"models": 1}, "models 1 is not 2 to 10,000"),
        ({"spread": -1.0}, "spread -1.0 is not 0 to 1,000,000 points"),
        ({"spread": 1e308}, "spread 1e+308 is not 0 to 1,000,000 points"),
        ({"side_bias": -1e7}, "side_bias -10000000.0 is not within 1,000,000 points of 0"),
        ({"spread": float("nan")}, "spread nan is not a finite number"),
        ({"ratings": (("x", 1.0),)}, "is not two or more models, each named once"),
        ({"ratings": (("x", 1.0), ("x", 2.0))}, "is not two or more models, each named once"),
        ({"ratings": (("x", 1.0), ("y", float("inf")))}, "is not within 1,000,000 points of 0"),
        ({"ratings": (("x\n", 1.0), ("y", 1.0))}, "is not of valid model names"),
        ({"ratings": ((" ", 1.0), ("y", 1.0))}, "is not of valid model names"),
        ({"voters": 10**6, "models": 51}, "voters 1000000 is not 50,000,000 or less, times models"),
        ({"ties": 1.1}, "ties 1.1 is not a share from 0 to 1"),
        ({"voters": -1}, "voters -1 is not 0 to 1,000,000"),
        ({"voters": 2, "taste": -1.0}, "taste -1.0 is not 0 to 1,000,000 points"),
        ({"voters": 2, "tie_spread": -1.0}, "tie_spread -1.0 is not 0 to 100"),
        ({"voters": 2, "side_spread": -1.0}, "side_spread -1.0 is not 0 to 1,000,000 points"),
        ({"prepared": -1}, "prepared -1 is not 0 to 100,000,000 pairs"),
        ({"prepared": 2, "prepared_spread": -1.0}, "prepared_spread -1.0 is not 0 to 1,000,000 points"),
        ({"seed": -1}, "seed -1 is not a whole number from 0"),
        ({"taste": 50.0}, "taste 50 needs voters; give voters too"),
        ({"tie_spread": 1.0}, "tie_spread 1 needs voters"),
        ({"side_spread": 9.0}, "side_spread 9 needs voters"),
        ({"prepared_spread": 9.0}, "prepared_spread 9 needs prepared pairs; give prepared too"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as error:
        Scenario(**wrong)
    assert message in str(error.value)
