from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bench.coverage.__main__ import main, measure
from bench.coverage.judging import AUTO, METHODS, OF_RANKS, SANDWICH, Method, RankTally, Tally, judge, judge_ranks
from bench.coverage.results import Results, markdown, read, table, write
from bench.coverage.tournaments import KINDS, MODELS, RANK_KINDS, Tournament, tournament
from db.outcome import Outcome
from elo import Settings, rate
from elo.battles import Cells, Votes
from elo.chance.differences import Differences
from elo.chance.intervals import intervals
from elo.fit.bradley_terry import fit

CHEAP = {kind: (Method("sandwich", SANDWICH, "models"),) for kind in KINDS}
OF_200 = "equal models, 200 votes"


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, methods in CHEAP.items():
        monkeypatch.setitem(METHODS, kind, methods)


def test_every_kind_is_judged_by_its_methods() -> None:
    assert list(METHODS) == list(KINDS)
    targets = [method.target for methods in METHODS.values() for method in methods if method.target]
    assert {target: targets.count(target) for target in targets} == {"models": 7, "tournaments": 2}
    assert list(OF_RANKS) == list(RANK_KINDS)
    for what in ("equal models", "15 points apart", "60 points apart"):
        for n_votes in ("200", "2,000", "20,000"):
            assert [method.name for method in OF_RANKS[f"{what}, {n_votes} votes"]] == ["sandwich", "auto"]
    assert AUTO.settings == Settings(cluster="none")


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


def test_ranks_are_judged_as_the_board_has_them() -> None:
    played = tournament("uniform", 3)
    board = rate(played.votes, SANDWICH)
    better = [20 - row.rank_worst for row in board.rows]
    found = judge_ranks(played, SANDWICH)
    assert found.apart == pytest.approx(sum(better) / 190)
    assert sum(row.rank - 1 for row in board.rows) == sum(better) > 50


def board_of(*votes: tuple[str, str, Outcome, int]) -> Votes:
    """Of all twenty models, so that the truth has as many."""
    met = [(a, b, Outcome.TIE) for a, b in pairwise(MODELS)]
    return Votes.from_rows(met * 5 + [(a, b, outcome) for a, b, outcome, n in votes for _ in range(n)])


def test_a_false_better_and_a_span_that_is_too_short_are_counted() -> None:
    votes = board_of((MODELS[0], MODELS[1], Outcome.A, 400), (MODELS[1], MODELS[0], Outcome.A, 100))
    truth = np.zeros(20)
    wrong = judge_ranks(Tournament(votes, truth), SANDWICH)
    assert (wrong.n, wrong.false, wrong.spans, wrong.n_apart) == (1, 1, 0, 1)
    assert wrong.apart >= 1 / 190
    truth[0], truth[1] = 0.7, -0.7
    right = judge_ranks(Tournament(votes, truth), SANDWICH)
    assert (right.false, right.spans, right.apart) == (0, 1, wrong.apart)
    truth[0], truth[1] = -0.7, 0.7
    opposite = judge_ranks(Tournament(votes, truth), SANDWICH)
    assert (opposite.false, opposite.spans) == (1, 0)


def test_ratings_that_are_equal_up_to_rounding_are_equal() -> None:
    votes = board_of((MODELS[0], MODELS[1], Outcome.A, 400), (MODELS[1], MODELS[0], Outcome.A, 100))
    assert judge_ranks(Tournament(votes, np.linspace(1e-15, -1e-15, 20)), SANDWICH).false == 1


def test_models_without_a_vote_are_not_judged() -> None:
    votes = Votes.from_rows([(MODELS[3], MODELS[7], Outcome.A), (MODELS[7], MODELS[3], Outcome.A)] * 20)
    played = Tournament(votes, np.zeros(20))
    assert (judge(played, SANDWICH).models, judge(played, SANDWICH).tournaments) == (1, 1)
    assert judge_ranks(played, SANDWICH) == RankTally(n=1, spans=1, n_apart=1)


@pytest.mark.parametrize("kind", [OF_200, "equal models, 40 voters with tastes"])
def test_a_rule_for_one_pair_at_a_time_would_fail(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """1.96 errors: the rule that boards had before."""
    settings = OF_RANKS[kind][0].settings
    now = sum((judge_ranks(tournament(kind, i), settings) for i in range(30)), RankTally())
    assert now.share("false") <= 0.2
    one = Differences.better
    monkeypatch.setattr(
        Differences, "better", lambda self, r, group: one(Differences(self.errors, 0 * self.reach + 1.96), r, group)
    )
    before = sum((judge_ranks(tournament(kind, i), settings) for i in range(30)), RankTally())
    assert before.share("false") > 0.7


@pytest.mark.parametrize("kind", [OF_200, "15 points apart, 200 votes", "60 points apart, 2,000 votes"])
def test_what_the_bootstrap_calls_better_the_sandwich_does_too(kind: str) -> None:
    """So a tournament without a false claim of the one has none of the other, and need not be drawn."""
    for number in range(3):
        played = tournament(kind, number)
        pairs = Cells.from_votes(played.votes).pairs()
        fitted = fit(pairs, prior=1)
        found = [intervals(pairs, fitted, settings) for settings in (SANDWICH, AUTO.settings)]
        of_sandwich, of_rounds = (bounds.differences for bounds in found if bounds is not None)
        assert (of_sandwich.errors == of_rounds.errors).all()
        assert (of_sandwich.reach <= of_rounds.reach).all()


def test_rounds_are_drawn_where_they_matter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bench.coverage.__main__._N_WHOLE", 2)
    claims = {0: 0, 1: 0, 2: 0, 3: 1, 4: 0}
    drawn = []

    def judged(played: Tournament, settings: Settings) -> RankTally:
        number = int(played.truth[0])
        if settings == AUTO.settings:
            drawn.append(number)
            return RankTally(n=1, spans=1, n_apart=1, apart=0.5)
        return RankTally(n=1, false=claims[number], spans=1 - claims[number], n_apart=1)

    monkeypatch.setattr("bench.coverage.__main__.judge_ranks", judged)
    votes = Votes.from_rows([("a", "b", Outcome.A)])
    monkeypatch.setattr("bench.coverage.__main__.tournament", lambda kind, n: Tournament(votes, np.full(20, n)))
    assert measure(tmp_path / "c.json", [OF_200], 5, float("inf"))
    assert drawn == [0, 1, 3]
    found = read(tmp_path / "c.json").ranks
    assert found[OF_200, "sandwich"] == RankTally(n=5, false=1, spans=4, n_apart=5)
    assert found[OF_200, "auto"] == RankTally(n=5, spans=5, n_apart=2, apart=1.0)


def test_tallies_add_up() -> None:
    total = Tally(1, 1.0, 1.0, 1, 90.0) + Tally(1, 0.5, 0.25, 0, 110.0)
    assert (total.n, total.share("models"), total.share("tournaments"), total.share("width")) == (2, 0.75, 0.5, 100)
    assert total.error() == pytest.approx(np.std([1.0, 0.5]) / np.sqrt(2))
    ranks = RankTally(1, 0, 1, 1, 0.3) + RankTally(1, 1, 0, 0, 0.0)
    assert (ranks.share("false"), ranks.share("spans"), ranks.n_apart, ranks.apart) == (0.5, 0.5, 1, 0.3)


@pytest.mark.usefixtures("cheap")
def test_interrupted_work_gives_the_same_results(tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole.json", tmp_path / "pieces.json"
    kinds = ["uniform", "equal models, 40 voters with tastes"]
    assert measure(whole, kinds, 4, float("inf"))
    assert not measure(pieces, kinds, 4, 0.0)
    assert measure(pieces, kinds[:1], 2, float("inf"))
    assert measure(pieces, kinds, 4, float("inf"))
    assert read(pieces) == read(whole)
    assert read(whole).intervals["uniform", "sandwich"].n == 4
    assert read(whole).ranks["equal models, 40 voters with tastes", "jackknife by voter"].n == 4


def test_a_missing_file_has_no_tallies(tmp_path: Path) -> None:
    assert read(tmp_path / "none.json") == Results()


def test_the_tables_mark_targets_and_misses(tmp_path: Path) -> None:
    results = Results()
    results.intervals["uniform", "bootstrap"] = Tally(1000, 950, 905, 950, 88_000)
    results.intervals["uniform", "sandwich"] = Tally(1000, 920, 850, 300, 60_000)
    results.ranks[OF_200, "auto"] = RankTally(1000, 64, 936, 100, 40)
    results.ranks[OF_200, "sandwich"] = RankTally(1000, 65, 935, 1000, 500)
    write(tmp_path / "c.json", results)
    lines = table(read(tmp_path / "c.json")).splitlines()
    assert lines[2] == "| uniform: 1,000 | bootstrap | **95.0 % ± 0.2** | 95.0 % | 88 |"
    assert "**92.0 % ± 0.2 (missed)**" in lines[3]
    assert lines[4] == "| uniform | sandwich, all at once | not measured | | |"
    assert f"| {OF_200}: 1,000 | auto | **6.4 %** | **93.6 %** | 40.0 % |" in lines
    assert f"| {OF_200}: 1,000 | sandwich | **6.5 % (missed)** | **93.5 % (missed)** | 50.0 % |" in lines
    assert "| equal models, 60 votes | auto | not measured | | |" in lines
    assert "numpy " in (page := markdown(tmp_path / "c.json"))
    assert page.endswith(table(read(tmp_path / "c.json")))


@pytest.mark.usefixtures("cheap")
def test_the_command_continues_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--kind", "uniform", "--tournaments", "2", "--output", str(tmp_path / "c.json")]
    assert main([*given, "--seconds", "0"]) == 0
    assert "not finished" in capsys.readouterr().out
    assert main(given) == 0
    assert "| uniform: 2 | sandwich |" in capsys.readouterr().out
