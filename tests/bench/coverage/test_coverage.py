from pathlib import Path

import numpy as np
import pytest

from bench.coverage.__main__ import main, measure, tournament
from bench.coverage.judging import METHODS, SANDWICH, Method, Tally, judge, places_of_rounds
from bench.coverage.results import markdown, read, table, write
from bench.coverage.tournaments import KINDS
from elo.battles import Cells
from elo.chance.intervals import intervals
from elo.fit.bradley_terry import fit

CHEAP = {kind: (Method("sandwich", SANDWICH, "models"),) for kind in KINDS}


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, methods in CHEAP.items():
        monkeypatch.setitem(METHODS, kind, methods)


def test_every_kind_is_judged_by_its_methods() -> None:
    assert list(METHODS) == list(KINDS)
    targets = [method.target for methods in METHODS.values() for method in methods if method.target]
    assert len(targets) == 9
    assert set(targets) == {"models", "tournaments"}


def test_a_tournament_is_judged_by_what_its_intervals_contain() -> None:
    played = tournament("uniform", 3)
    pairs = Cells.from_votes(played.votes).pairs()
    fitted = fit(pairs, prior=1)
    bounds = intervals(pairs, fitted, SANDWICH)
    assert bounds is not None
    is_in = [low <= truth <= high for low, truth, high in zip(bounds.low, played.truth, bounds.high, strict=True)]
    apart = 0
    for a in range(20):
        for b in range(a):
            x = np.eye(20)[a] - np.eye(20)[b]
            apart += bool(abs(x @ (fitted.r - played.truth)) <= 1.959964 * np.sqrt(x @ bounds.covariance @ x))
    found = judge(played, SANDWICH)
    assert found.n == 1
    assert found.models == pytest.approx(sum(is_in) / 20)
    assert found.tournaments == all(is_in)
    assert found.differences == pytest.approx(apart / 190)
    assert 0.8 <= found.places <= 1
    assert found.width == pytest.approx(np.median(bounds.high - bounds.low) * 173.7178, rel=1e-6)


def test_places_of_rounds_exclude_equal_tails() -> None:
    rng = np.random.default_rng(3)
    rounds = np.round(rng.normal(np.arange(6) / 2, 1.0, (41, 6)), 1)  # rounded, so some places are shared
    best, worst = places_of_rounds(rounds, level=0.95)
    for m in range(6):
        places = sorted(1 + sum(other > row[m] for other in row) for row in rounds)
        # 41 rounds: the 2.5 % quantile is the second, the 97.5 % quantile the 40th.
        assert (best[m], worst[m]) == (places[1], places[39])
    best, worst = places_of_rounds(np.zeros((50, 4)), level=0.95)
    assert best.tolist() == worst.tolist() == [1, 1, 1, 1]


def test_tallies_add_up() -> None:
    total = Tally(1, 1.0, 1.0, 1, 0.9, 1.0, 90.0) + Tally(1, 0.5, 0.25, 0, 0.7, 0.5, 110.0)
    assert (total.n, total.share("models"), total.share("tournaments"), total.share("width")) == (2, 0.75, 0.5, 100)
    assert total.error() == pytest.approx(np.std([1.0, 0.5]) / np.sqrt(2))


@pytest.mark.usefixtures("cheap")
def test_interrupted_work_gives_the_same_results(tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole.json", tmp_path / "pieces.json"
    kinds = ["uniform", "prepared, 5 voters"]
    assert measure(whole, kinds, 4, float("inf"))
    assert not measure(pieces, kinds, 4, 0.0)
    assert measure(pieces, kinds[:1], 2, float("inf"))
    assert measure(pieces, kinds, 4, float("inf"))
    assert read(pieces) == read(whole)
    assert read(whole)["uniform"]["sandwich"].n == 4


def test_a_missing_file_has_no_tallies(tmp_path: Path) -> None:
    assert read(tmp_path / "none.json") == {}


def test_the_table_marks_targets_and_misses(tmp_path: Path) -> None:
    good, bad = Tally(1000, 950, 905, 950, 940, 980, 88_000), Tally(1000, 920, 850, 300, 900, 950, 60_000)
    write(tmp_path / "c.json", {"uniform": {"bootstrap": good, "sandwich": bad}})
    lines = table(read(tmp_path / "c.json")).splitlines()
    assert lines[2].startswith("| uniform: 1,000 | bootstrap | **95.0 % ± 0.2** | 95.0 % | 94.0 % | 98.0 % | 88 |")
    assert "**92.0 % ± 0.2 (missed)**" in lines[3]
    assert lines[4] == "| uniform | sandwich, all at once | not measured | | | | |"
    assert "numpy " in (page := markdown(tmp_path / "c.json"))
    assert page.endswith(table(read(tmp_path / "c.json")))


@pytest.mark.usefixtures("cheap")
def test_the_command_continues_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--kind", "uniform", "--tournaments", "2", "--output", str(tmp_path / "c.json")]
    assert main([*given, "--seconds", "0"]) == 0
    assert "not finished" in capsys.readouterr().out
    assert main(given) == 0
    assert "| uniform: 2 | sandwich |" in capsys.readouterr().out
