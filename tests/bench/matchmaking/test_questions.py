from pathlib import Path

import pytest

from bench.matchmaking import questions
from bench.matchmaking.__main__ import measure
from bench.matchmaking.questions import POLICIES, fairness, place_one
from bench.matchmaking.results import markdown
from bench.result_files import write


def test_the_boards_of_adaptive_place_a_new_model_in_a_fraction_of_the_battles() -> None:
    uniform, adaptive = (place_one(POLICIES[name], 2) for name in ("uniform", "adaptive"))
    assert (adaptive.battles < uniform.battles / 4).all()
    assert (adaptive.own <= adaptive.battles).all()


def test_intervals_of_uniform_draws_contain_the_truth_as_often_as_they_should() -> None:
    found = fairness(POLICIES["uniform"], 20)["alike"]
    assert 0.90 < found.covered.mean() < 0.99
    assert abs(found.slope.mean() - 1) < 0.05


def test_the_tables_have_a_row_for_each_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "REACH", 60.0)  # fewer votes
    monkeypatch.setattr(questions, "GAP", 200.0)
    monkeypatch.setattr(questions, "N_FAIR_VOTES", 200)
    n_arenas = {"place_all": 1, "place_one": 1, "fairness": 2}
    machine = {"processor": "P", "n_cores": 2, "isa": [], "versions": {"numpy": "1"}}
    write(tmp_path / "found.json", {"date": "2026-01-01T00:00:00", "machine": machine, **measure(n_arenas)})
    table = markdown(tmp_path / "found.json")
    assert table.count("| adaptive |") == 4
    assert "1.00 of uniform" in table
