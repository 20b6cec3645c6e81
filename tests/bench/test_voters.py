import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench import voters
from bench.result_files import RESULTS
from bench.voters import BEHAVIOURS, LEVEL, USUAL, Caught, Honest, behaving, caught, honest, markdown, minority, tables
from db.outcome import Outcome
from elo.quality.shares import Share
from elo.simulate import simulate

SMALL = replace(USUAL, votes=6000, voters=60, models=6)


def test_the_committed_figures_meet_the_targets() -> None:
    content = json.loads((RESULTS / "voters.json").read_text())
    assert content["level"] == LEVEL
    assert len(content["honest"]) == len(voters.HONEST) + 1
    for row in content["honest"]:
        assert row["share"] <= LEVEL, row["name"]
        assert row["flagged"]["high"] <= LEVEL, row["name"]
    usual = {row["behaviour"]: row for row in content["caught"] if row["name"] == "usual"}
    assert usual.keys() == BEHAVIOURS.keys()
    assert usual["always left"]["nine_in_ten"] <= 15
    assert usual["always a tie"]["nine_in_ten"] <= 15


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


def test_tables_are_written_and_read(tmp_path: Path) -> None:
    rows = [Honest("quiet", Share.of(3, 300), 0.02, {"sides": 2, "ties": 1}, 99.6)]
    careless = [Caught("quiet", "always left", 50, 10, None, 12, 100.0)]
    text = tables(rows, careless)
    assert "| quiet | 300 | 100 | 1.0 % | 0.3 to 2.9 % | 2.0 % | 0.7 % | 0.3 % | 0.0 % |" in text
    assert "| always left | quiet | 50 | 10 | - | 12 in 100 votes |" in text
    assert markdown(RESULTS / "voters.json").startswith("| honest voters |")


def test_a_run_writes_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(voters, "HONEST", {"small": SMALL})
    monkeypatch.setattr(voters, "CAUGHT", {"small": SMALL})
    monkeypatch.setattr(voters, "USUAL", SMALL)
    path = tmp_path / "voters.json"
    assert voters.main(["--arenas", "1", "--output", str(path)]) == 0
    assert capsys.readouterr().out == markdown(path) + "\n"
    assert [row["name"] for row in json.loads(path.read_text())["honest"]] == [
        "small",
        "usual, and one in ten is careless",
    ]
