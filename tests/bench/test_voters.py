import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.result_files import RESULTS
from bench.voters import __main__ as command
from bench.voters import arenas
from bench.voters.arenas import BEHAVIOURS, CROWDS, PUSHES, USUAL, Crowd, Push, Town, behaving, pushing, standing, town
from bench.voters.days import Pushed, Quiet, pushed, quiet
from bench.voters.measures import LEVEL, Caught, Fans, Honest, caught, fans, honest, minority
from bench.voters.tables import markdown, tables
from db.outcome import Outcome
from elo.battles import Votes
from elo.quality.shares import Share
from elo.simulate import simulate

SMALL = replace(USUAL, votes=6000, voters=60, models=6)


def test_the_committed_figures_meet_the_targets() -> None:
    content = json.loads((RESULTS / "voters.json").read_text())
    assert content["level"] == LEVEL
    assert content["machine"]["processor"]
    assert content["cpu_s"] < 1000
    assert len(content["honest"]) == len(arenas.HONEST) + 1
    for row in content["honest"]:
        assert row["share"] <= LEVEL, row["name"]
        assert row["flagged"]["high"] <= LEVEL, row["name"]
    usual = {row["behaviour"]: row for row in content["caught"] if row["name"] == "usual"}
    assert usual.keys() == BEHAVIOURS.keys()
    assert usual["always left"]["nine_in_ten"] <= 15
    assert usual["always a tie"]["nine_in_ten"] <= 15
    for row in content["fans"]:
        assert row["honest"]["hits"] <= LEVEL * row["honest"]["n"]
        if row["caught"]["behaviour"].startswith(("alone", "against")):
            assert row["caught"]["half"] <= 100, row
    assert {row["fans"] for row in content["fans"]} == {1, 5}
    for row in content["quiet"]:
        assert row["found"]["hits"] <= LEVEL * row["found"]["n"], row["name"]
    found = {row["name"]: row["found"] for row in content["pushed"]}
    assert found.keys() == CROWDS.keys()
    whole = found["200 visitors, 3 votes each, all its battles"]
    assert whole["hits"] == whole["n"] >= 10


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("always left", {Outcome.A}),
        ("always a tie", {Outcome.TIE}),
        ("random: one of four buttons", set(Outcome)),
    ],
)
def test_only_the_chosen_voters_change_behaviour(behaviour: str, expected: set[Outcome]) -> None:
    votes = simulate(SMALL).votes
    other = behaving(votes, np.array([3, 4]), BEHAVIOURS[behaviour], np.random.default_rng(0))
    assert votes.voter is not None
    chosen = np.isin(votes.voter, [3, 4])
    assert (other.outcome[~chosen] == votes.outcome[~chosen]).all()
    assert set(other.outcome[chosen].tolist()) == expected


def test_inverted_voters_swap_winners_and_keep_ties() -> None:
    codes = np.array([0, 1, 2, 3])
    inverted = BEHAVIOURS["inverted: the worse one wins"](codes, np.random.default_rng(0))
    assert inverted.tolist() == [1, 0, 2, 3]


def won(votes: Votes, model: int, chosen: np.ndarray) -> tuple[int, int]:
    """Of the chosen votes, those of the model that it won, and all of it."""
    is_a, is_b = chosen & (votes.a == model), chosen & (votes.b == model)
    wins = (is_a & (votes.outcome == Outcome.A)) | (is_b & (votes.outcome == Outcome.B))
    return int(wins.sum()), int((is_a | is_b).sum())


@pytest.mark.parametrize("push", PUSHES.values(), ids=PUSHES)
def test_fans_push_their_model_as_often_as_said(push: Push) -> None:
    votes = simulate(SMALL).votes
    assert votes.voter is not None
    other = pushing(votes, np.array([2, 5]), push, np.random.default_rng(0))
    honest_ones = votes.voter >= 2
    assert (other.outcome[honest_ones] == votes.outcome[honest_ones]).all()
    assert (other.a != other.b).all()
    for fan, model in enumerate((2, 5)):
        wins, battles = won(other, model, np.asarray(other.voter) == fan)
        n = int((votes.voter == fan).sum())
        assert battles / n == pytest.approx(push.battles + (1 - push.battles) / 3, abs=0.15)
        if push.pushed == push.battles == 1:
            assert wins == (battles if push.direction == "for" else 0)
        else:
            assert 0.4 < wins / battles < 0.95


def test_towns_have_their_visitors_and_crowds() -> None:
    scene = Town(days=5, visitors=20)
    plain, with_crowd = town(scene, 1), town(scene, 1, Crowd(30, 2, day=3), model=4)
    assert len(with_crowd) - len(plain) == 60
    assert with_crowd.voter is not None
    assert with_crowd.time_s is not None
    crowd = with_crowd.voter >= len(plain.voters)
    assert won(with_crowd, 4, crowd) == (60, 60)
    assert set(np.floor(with_crowd.time_s[crowd] / 86_400).tolist()) == {20_003.0}
    every_day = town(scene, 1, Crowd(3, 2, battles=0.0, day=None), model=4)
    assert every_day.voter is not None
    crowd = every_day.voter >= len(plain.voters)
    assert int(crowd.sum()) == 5 * 3 * 2
    assert won(every_day, 4, crowd)[0] == 0


def test_standing_is_the_share_of_wins() -> None:
    votes = Votes(("x", "y", "z"), np.array([0, 0, 1]), np.array([1, 1, 0]), np.array([0, 2, 0]))
    assert standing(votes).tolist() == [0.5, 0.5, 0.0]


def test_honest_careless_and_minority_voters_are_counted_separately() -> None:
    """Of 60 voters, 8 are careless in the first arena, 6 in the minority, and 3 in the last."""
    found = honest("x", SMALL, 2, careless=True)
    assert found.flagged.n == 2 * (60 - 8)
    assert found.worst >= (found.flagged.share or 0)
    assert minority("x", SMALL, 2).flagged.n == 2 * 6
    left = caught("x", "always left", SMALL, 2)
    assert (left.n, left.never) == (6, 0)
    assert left.half is not None
    assert left.half <= 15


def test_fans_are_counted_apart_from_honest_voters() -> None:
    """Two models with five fans each, or three with one each, in two arenas."""
    scenario = replace(SMALL, votes=12_000, taste=0)
    five, one = (fans("x", next(iter(PUSHES)), scenario, 2, together=n) for n in (5, 1))
    assert (five.caught.n, five.honest.n) == (2 * 10, 2 * 50)
    assert (one.caught.n, one.honest.n) == (2 * 3, 2 * 57)
    assert five.caught.never == one.caught.never == 0


def test_days_are_counted_by_arena() -> None:
    scene = Town(days=25, visitors=20)
    assert quiet("x", scene, 2).found == Share.of(0, 2)
    assert pushed("200 visitors, 3 votes each, all its battles", scene, 2).found == Share.of(2, 2)
    assert pushed("5 visitors on each of 30 days, 3 votes each", scene, 2).found.n == 2


def test_tables_are_written_and_read() -> None:
    rows = [Honest("quiet", Share.of(3, 300), 0.02, {"sides": 2, "one_model": 1}, 99.6)]
    careless = Caught("quiet", "always left", 50, 10, None, 12, 100.0)
    text = tables(
        rows,
        [careless],
        [Fans(5, careless, Share.of(1, 200))],
        [Quiet("still", Share.of(1, 40))],
        [Pushed("loud", Share.of(19, 20), 3)],
    )
    assert "| quiet | 300 | 100 | 1.0 % | 0.3 to 2.9 % | 2.0 % | 0.7 % | 0.0 % | 0.0 % | 0.3 % |" in text
    assert "| always left | quiet | 50 | 10 | - | 12 in 100 votes |" in text
    assert "| always left | 5 | quiet | 50 | 10 | - | 12 in 100 votes | 0.5 % |" in text
    assert "| still | 40 | 1 | 0.4 to 12.9 % |" in text
    assert "| loud | 20 | 19 | 3 |" in text
    assert markdown(RESULTS / "voters.json").startswith("| honest voters |")


def test_a_run_writes_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for kinds in ("HONEST", "CAUGHT", "PUSHED"):
        monkeypatch.setattr(arenas, kinds, {"small": SMALL})
    monkeypatch.setattr(arenas, "USUAL", SMALL)
    monkeypatch.setattr(arenas, "TOWNS", {"village": Town(days=4, visitors=5)})
    monkeypatch.setattr(command, "CROWDS", {name: CROWDS[name] for name in list(CROWDS)[-1:]})
    monkeypatch.setattr(command, "_TOWNS_PER_ARENA", 1)
    path = tmp_path / "voters.json"
    assert command.main(["--arenas", "1", "--output", str(path)]) == 0
    assert capsys.readouterr().out == markdown(path) + "\n"
    content = json.loads(path.read_text())
    assert [row["name"] for row in content["honest"]] == ["small", "usual, and one in ten is careless"]
    assert len(content["fans"]) == 2 * len(PUSHES)
    assert [row["name"] for row in content["quiet"]] == ["village"]
