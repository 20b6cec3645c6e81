import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from db.outcome import Outcome
from elo.battles import Cells
from elo.bradley_terry import Likelihood, centred
from elo.estimate import estimate
from elo.plan import Plan, plan
from elo.planning import battles_to_separate, connectivity
from elo.settings import Settings
from tests.elo import reference


def planned(cells: Cells, settings: Settings | None = None, *, chance: float = 0.8) -> Plan:
    settings = settings or Settings(bootstrap=50)
    return plan(estimate(cells, settings), settings, chance=chance)


def test_a_plan_is_what_planning_says_of_the_boards_errors() -> None:
    cells, settings = reference.load("simple").cells, Settings(bootstrap=50, level=0.9)
    found = estimate(cells, settings)
    assert found.bounds is not None
    made = plan(found, settings, chance=0.5)
    assert made.neighbours == battles_to_separate(
        found.pairs, found.fit, found.bounds.covariance, level=0.9, chance=0.5
    )
    assert made.connectivity == connectivity(found.counted)
    assert (made.n_votes, made.chance) == (16, 0.5)


def test_few_clusters_take_a_wider_gap() -> None:
    """Student's law, as the board's ranks by difference."""
    votes = reference.load("food").votes
    votes = replace(votes, voter=np.arange(30) % 10)
    settings = Settings(cluster="voter")
    made = plan(estimate(votes, settings), settings)
    assert made.reach == pytest.approx(2.262, abs=1e-3)
    assert (planned(reference.load("food").cells).reach) == pytest.approx(1.960, abs=1e-3)


@pytest.mark.parametrize("ties", ["half", "davidson", "rao-kupper"])
def test_a_lesson_is_what_one_more_battle_takes_off_the_variance(ties: str) -> None:
    """Compared with the inverse of the information with one battle more, for the model of ties at its parameter."""
    cells, settings = reference.load("food").cells, Settings(ties=ties, bootstrap=0)  # type: ignore[arg-type]
    found = estimate(cells, settings)
    lessons = plan(found, settings).lessons
    assert len(lessons) == 10
    assert [lesson.share for lesson in lessons] == sorted((lesson.share for lesson in lessons), reverse=True)
    K, r = 5, found.fit.r
    inverse = found.fit.inverse[:K, :K]
    place = {model: m for m, model in enumerate(found.counted.models)}
    for lesson in lessons:
        a, b = place[lesson.model_a], place[lesson.model_b]
        e, d, h = np.eye(K)[a] - np.eye(K)[b], np.array([r[a] - r[b]]), 1e-4
        if ties == "half":
            one = Likelihood.of(found.pairs, prior=0).chances(r[:, None])
            assert one[0].shape == (10, 1)
            information = float(np.exp(d[0]) / (1 + np.exp(d[0])) ** 2)
        else:
            chances, up, down = (found.fit.chances(d + step)[:, 0] for step in (0, h, -h))  # type: ignore[union-attr]
            information = float((chances * -(np.log(up) - 2 * np.log(chances) + np.log(down)) / h**2).sum())
        after: Any = np.linalg.inv(np.linalg.inv(inverse) + information * np.outer(e, e))
        share = 1 - np.trace(centred(after)) / np.trace(centred(inverse))
        assert lesson.share == pytest.approx(share, rel=1e-5)


def test_battles_that_may_end_in_an_ignored_tie_are_planned_for() -> None:
    """42 to 28 with 30 ties: 1.39 times as many decided battles take as many times all battles, 39.1 more."""
    counts = [("good", "poor", Outcome.A, 42), ("poor", "good", Outcome.A, 28), ("good", "poor", Outcome.TIE, 30)]
    settings = Settings(ties="ignore", prior=0, interval="sandwich")
    (row,) = planned(Cells.from_counts(counts), settings, chance=0.5).neighbours
    assert row.direct == row.arena_wide == 40
    (lesson,) = planned(Cells.from_counts(counts), settings).lessons
    assert lesson.share == pytest.approx(0.7 / 71, rel=1e-6)


def test_groups_of_a_plan_are_those_of_the_board() -> None:
    counts = [("x", "y", Outcome.A, 4), ("x", "y", Outcome.B, 4), ("u", "v", Outcome.A, 3), ("x", "u", Outcome.TIE, 9)]
    made = planned(Cells.from_counts(counts), Settings(ties="ignore", bootstrap=50)).connectivity
    assert made.groups == (("u", "v"), ("x", "y"))
    assert (made.n_met, made.n_pairs) == (3, 6)
    assert {(bridge.model_a, bridge.model_b, bridge.battles) for bridge in made.bridges} == {
        ("u", "v", 3),
        ("x", "y", 8),
    }


def test_without_intervals_no_neighbours_are_planned_for() -> None:
    made = planned(reference.load("simple").cells, Settings(bootstrap=0))
    assert made.neighbours == ()
    assert made.lessons


def test_the_json_tells_points_and_can_be_read_back() -> None:
    cells = Cells.from_counts([("x", "y", Outcome.A, 4), ("x", "y", Outcome.B, 4), ("y", "z", Outcome.A, 2)])
    made = planned(cells)
    told = json.loads(json.dumps(made.to_json(), allow_nan=False))
    first, second = made.neighbours
    assert told["neighbours"][0]["gap"] == pytest.approx(first.gap * 400 / math.log(10))
    assert told["neighbours"][1]["error"] == pytest.approx(second.error * 400 / math.log(10))
    assert told["neighbours"][1]["direct"] == second.direct
    assert told["groups"] == [["x", "y", "z"]]
    assert (told["pairs"], told["pairs_met"], told["votes"], told["chance"]) == (3, 2, 10, 0.8)
    assert told["bridges"][1] == {"model_a": "y", "model_b": "z", "battles": 2.0, "smaller_part": ["z"]}
    assert told["settings"]["bootstrap"] == 50
