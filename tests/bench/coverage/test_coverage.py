from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bench.coverage.__main__ import main, measure, tournament
from bench.coverage.judging import METHODS, SANDWICH, Method, Tally, judge
from bench.coverage.results import markdown, read, table, write
from bench.coverage.tournaments import KINDS, MODELS, Tournament
from db.outcome import Outcome
from elo import rate
from elo.battles import Cells, Votes
from elo.chance.differences import Differences
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
    assert {target: targets.count(target) for target in targets} == {"models": 7, "tournaments": 2, "ranks": 25}
    nine = [f"{what}, {n} votes" for what in ("equal models", "15 points apart", "60 points apart")
            for n in ("200", "2,000", "20,000")]  # fmt: skip
    assert all([method.name for method in METHODS[kind]] == ["auto", "sandwich"] for kind in nine)


def test_a_tournament_is_judged_by_what_its_intervals_contain() -> None:
    played = tournament("uniform", 3)
    pairs = Cells.from_votes(played.votes).pairs()
    fitted = fit(pairs, prior=1)
    bounds = intervals(pairs, fitted, SANDWICH)
    assert bounds is not None
    is_in = [low <= truth <= high for low, truth, high in zip(bounds.low, played.truth, bounds.high, strict=True)]
    found = judge(played, SANDWICH)
    assert found.n == 1
    assert found.models == pytest.approx(sum(is_in) / 20)
    assert found.tournaments == all(is_in)
    assert found.width == pytest.approx(np.median(bounds.high - bounds.low) * 173.7178, rel=1e-6)
    board = rate(played.votes, SANDWICH)
    better = [20 - row.rank_worst for row in board.rows]
    assert found.apart == pytest.approx(sum(better) / 190)
    assert sum(row.rank - 1 for row in board.rows) == sum(better) > 50


def board_of(*votes: tuple[str, str, Outcome, int]) -> Votes:
    """Of all twenty models, so that the truth has as many."""
    met = [(a, b, Outcome.TIE) for a, b in pairwise(MODELS)]
    return Votes.from_rows(met * 5 + [(a, b, outcome) for a, b, outcome, n in votes for _ in range(n)])


def test_a_false_better_and_a_span_that_is_too_short_are_counted() -> None:
    votes = board_of((MODELS[0], MODELS[1], Outcome.A, 400), (MODELS[1], MODELS[0], Outcome.A, 100))
    truth = np.zeros(20)
    wrong = judge(Tournament(votes, truth), SANDWICH)
    assert (wrong.false, wrong.spans) == (1, 0)
    assert wrong.apart >= 1 / 190
    truth[0], truth[1] = 0.7, -0.7
    right = judge(Tournament(votes, truth), SANDWICH)
    assert (right.false, right.spans, right.apart) == (0, 1, wrong.apart)
    truth[0], truth[1] = -0.7, 0.7
    opposite = judge(Tournament(votes, truth), SANDWICH)
    assert (opposite.false, opposite.spans) == (1, 0)


def test_ratings_that_are_equal_up_to_rounding_are_equal() -> None:
    votes = board_of((MODELS[0], MODELS[1], Outcome.A, 400), (MODELS[1], MODELS[0], Outcome.A, 100))
    assert judge(Tournament(votes, np.linspace(1e-15, -1e-15, 20)), SANDWICH).false == 1


def test_models_without_a_vote_are_not_judged() -> None:
    votes = Votes.from_rows([(MODELS[3], MODELS[7], Outcome.A), (MODELS[7], MODELS[3], Outcome.A)] * 20)
    found = judge(Tournament(votes, np.zeros(20)), SANDWICH)
    assert (found.models, found.tournaments, found.false, found.spans, found.apart) == (1, 1, 0, 1, 0)


@pytest.mark.parametrize("kind", ["equal models, 200 votes", "equal models, 40 voters with tastes"])
def test_a_rule_for_one_pair_at_a_time_would_fail(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """1.96 errors: the rule that boards had before."""
    settings = METHODS[kind][-1].settings
    now = sum((judge(tournament(kind, i), settings) for i in range(30)), Tally())
    assert now.share("false") <= 0.2
    one = Differences.better
    monkeypatch.setattr(
        Differences, "better", lambda self, r, group: one(Differences(self.errors, 0 * self.reach + 1.96), r, group)
    )
    before = sum((judge(tournament(kind, i), settings) for i in range(30)), Tally())
    assert before.share("false") > 0.7


def test_tallies_add_up() -> None:
    total = Tally(1, 1.0, 1.0, 1, 0, 1, 0.3, 90.0) + Tally(1, 0.5, 0.25, 0, 1, 0, 0.1, 110.0)
    assert (total.n, total.share("models"), total.share("tournaments"), total.share("width")) == (2, 0.75, 0.5, 100)
    assert [total.share(what) for what in ("false", "spans", "apart")] == [0.5, 0.5, 0.2]
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
    good, bad = Tally(1000, 950, 905, 950, 64, 936, 400, 88_000), Tally(1000, 920, 850, 300, 65, 935, 500, 60_000)
    kind = "equal models, 200 votes"
    write(tmp_path / "c.json", {"uniform": {"bootstrap": good, "sandwich": bad}, kind: {"auto": good, "sandwich": bad}})
    lines = table(read(tmp_path / "c.json")).splitlines()
    row = "| uniform: 1,000 | bootstrap | **95.0 % ± 0.2** | 95.0 % | 6.4 % | 93.6 % | 40.0 % | 88 |"
    assert lines[2] == row
    assert "**92.0 % ± 0.2 (missed)**" in lines[3]
    assert lines[4] == "| uniform | sandwich, all at once | not measured | | | | | |"
    of_ranks = [line for line in lines if line.startswith(f"| {kind}: 1,000")]
    assert of_ranks[0].endswith("| **6.4 %** | **93.6 %** | 40.0 % | 88 |")
    assert of_ranks[1].endswith("| **6.5 % (missed)** | **93.5 % (missed)** | 50.0 % | 60 |")
    assert "numpy " in (page := markdown(tmp_path / "c.json"))
    assert page.endswith(table(read(tmp_path / "c.json")))


@pytest.mark.usefixtures("cheap")
def test_the_command_continues_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--kind", "uniform", "--tournaments", "2", "--output", str(tmp_path / "c.json")]
    assert main([*given, "--seconds", "0"]) == 0
    assert "not finished" in capsys.readouterr().out
    assert main(given) == 0
    assert "| uniform: 2 | sandwich |" in capsys.readouterr().out
