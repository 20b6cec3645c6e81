import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from db.outcome import Outcome
from elo.battles import Cells, Floats, Pairs
from elo.board.leaderboard import board_from
from elo.board.planning import battles_to_separate, connectivity, expected_shrinkage, plan
from elo.board.plans import Plan, Separation
from elo.chance.differences import Differences, variance_of_difference
from elo.chance.intervals import intervals
from elo.chance.sandwich import sandwich
from elo.estimate import fit as fit_votes
from elo.estimate import spread
from elo.fit import ties
from elo.fit.bradley_terry import Fit, Likelihood, centred, fit
from elo.fit.components import components
from elo.settings import Settings
from tests.elo import reference

SCALE = Settings().points_per_logit
EVEN = 0.5


def apart_by(covariance: Floats, reach: float = 1.959964) -> Differences:
    """With the reach of a test of one pair, unless given."""
    errors = np.sqrt(variance_of_difference(covariance))
    return Differences(errors, np.full(errors.shape, reach))


def covariance_of(pairs: Pairs, found: Fit, *, prior: float = 0.0) -> Floats:
    return sandwich(Likelihood.of(pairs, prior=prior), pairs, found)


def expected_pairs(ratings: Floats, battles: Floats, *, tie: float = 0.3) -> Pairs:
    """The counts that battles (K, K; above the diagonal) have in the mean: the fit is the truth. A share `tie` of the
    rarer outcome's chance, from both sides, is ties."""
    a, b = np.nonzero(np.triu(battles, 1))
    p = 1 / (1 + np.exp(ratings[b] - ratings[a]))
    ties, n = tie * np.minimum(p, 1 - p) * 2, battles[a, b]
    names = tuple(f"model-{m}" for m in range(len(ratings)))
    return Pairs(names, a, b, won=n * (p - ties / 2), lost=n * (1 - p - ties / 2), tied=n * ties)


def drawn(rng: np.random.Generator, mean: Pairs, times: float | Floats = 1.0) -> Pairs:
    """One arena with such counts in the mean."""
    won, lost, tied = (rng.poisson(counts * times).astype(float) for counts in (mean.won, mean.lost, mean.tied))
    return Pairs(mean.models, mean.a, mean.b, won, lost, tied)


def together(one: Pairs, other: Pairs) -> Pairs:
    return Pairs(one.models, one.a, one.b, one.won + other.won, one.lost + other.lost, one.tied + other.tied)


def z_score(pairs: Pairs, better: int, worse: int) -> float:
    found = fit(pairs, prior=0)
    V = covariance_of(pairs, found)
    return float(
        (found.r[better] - found.r[worse]) / np.sqrt(V[better, better] + V[worse, worse] - 2 * V[better, worse])
    )


# --- expected_shrinkage


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_expected_shrinkage_is_what_one_more_battle_does_to_the_trace(prior: float) -> None:
    """Compared with the inverse of the information with one battle more, at the same ratings."""
    votes, _ = reference.random_votes(np.random.default_rng(1), n_votes=200, n_models=7)
    pairs = Cells.from_votes(votes).pairs()
    found = fit(pairs, prior=prior)
    p, q = Likelihood.of(pairs, prior=prior).chances(found.r[:, None])
    H = Likelihood.of(pairs, prior=prior).information(found.r[:, None], pairs.games[:, None], p, q)[0]
    if not prior:
        H += 1.0  # along the constant vector, which no difference sees
    before = np.trace(centred(np.linalg.inv(H)))
    gain = expected_shrinkage(found.inverse, found.r)
    assert (gain == gain.T).all()
    assert (np.diag(gain) == 0).all()
    for a in range(7):
        for b in range(a + 1, 7):
            e = np.eye(7)[a] - np.eye(7)[b]
            p_ab = 1 / (1 + math.exp(found.r[b] - found.r[a]))
            after = np.trace(centred(np.linalg.inv(H + p_ab * (1 - p_ab) * np.outer(e, e))))
            assert gain[a, b] == pytest.approx(before - after, rel=1e-7)


def test_expected_shrinkage_of_the_docstrings_example() -> None:
    gain = expected_shrinkage(np.array([[1.0, -1.0], [-1.0, 1.0]]) / 100, np.zeros(2))
    assert gain[0, 1] == pytest.approx(0.02 - 0.02 / 1.01)


def test_the_newcomer_is_in_the_pair_that_teaches_most() -> None:
    battles = np.full((5, 5), 200.0)
    battles[:, 4] = 2
    pairs = expected_pairs(np.array([0.5, 0.2, 0.0, -0.2, -0.5]), battles)
    found = fit(pairs, prior=1)
    assert 4 in np.unravel_index(expected_shrinkage(found.inverse, found.r).argmax(), (5, 5))


def test_pairs_that_teach_most_leave_less_variance_than_pairs_alike() -> None:
    """600 battles of 8 models, a newcomer among them, each pair drawn by what it teaches, or all in turn."""
    r = np.random.default_rng(4).normal(0, 0.8, 8)
    p = 1 / (1 + np.exp(r[None, :] - r[:, None]))
    known = np.full((8, 8), 40.0)
    known[:, 7] = known[7, :] = 1
    pairs = [(a, b) for a in range(8) for b in range(a)]

    def variance(choose: str) -> float:
        H = np.eye(8) / 4
        for a, b in pairs:
            H += known[a, b] * p[a, b] * p[b, a] * np.outer(np.eye(8)[a] - np.eye(8)[b], np.eye(8)[a] - np.eye(8)[b])
        for i in range(600):
            a, b = pairs[i % len(pairs)]
            if choose == "most":
                inverse: Any = np.linalg.inv(H)
                a, b = divmod(int(expected_shrinkage(inverse, r).argmax()), 8)
            e = np.eye(8)[a] - np.eye(8)[b]
            H += p[a, b] * p[b, a] * np.outer(e, e)
        after: Any = np.linalg.inv(H)
        return float(np.trace(centred(after)))

    assert variance("most") < 0.9 * variance("in turn")


# --- battles_to_separate


def neighbours(pairs: Pairs, *, prior: float = 0.0, chance: float = EVEN) -> dict[tuple[str, str], Separation]:
    found = fit(pairs, prior=prior)
    planned = battles_to_separate(pairs, found, apart_by(covariance_of(pairs, found, prior=prior)), chance=chance)
    return {(row.better, row.worse): row for row in planned}


@pytest.mark.parametrize(
    ("gap", "chance", "battles"), [(10, 0.8, 6635), (20, 0.8, 1661), (20, 0.5, 813), (100, 0.8, 69)]
)
def test_from_nothing_two_models_need_the_battles_of_the_closed_form(gap: float, chance: float, battles: int) -> None:
    """25 battles are known, 30 % of them ties."""
    p = 1 / (1 + math.exp(-gap / SCALE))
    pairs = Pairs(
        ("good", "poor"), np.array([0]), np.array([1]), *(np.array([25 * n]) for n in (p - 0.15, 0.85 - p, 0.3))
    )
    found = fit(pairs, prior=0)
    for row in battles_to_separate(pairs, found, apart_by(covariance_of(pairs, found)), chance=chance):
        assert row.gap * SCALE == pytest.approx(gap)
        assert row.direct == row.arena_wide == pytest.approx(battles - 25, abs=1)


def test_the_33k_votes_need_7139_battles_of_ranks_7_and_8_or_262_000_in_all() -> None:
    pairs = reference.load("chatbot_arena_33k").cells.pairs()
    rows = list(neighbours(pairs, chance=EVEN).values())
    assert len(rows) == 19
    assert [row.better for row in rows][1:] == [row.worse for row in rows][:-1]
    assert rows[6].gap * SCALE == pytest.approx(6.5, abs=0.1)
    assert rows[6].direct == pytest.approx(7139, rel=0.1)
    assert rows[6].arena_wide == pytest.approx(262_000, rel=0.02)


@pytest.mark.parametrize(("chance", "least", "most"), [(0.5, 0.42, 0.58), (0.8, 0.73, 0.87)])
@pytest.mark.parametrize("way", ["direct", "arena_wide"])
def test_the_planned_battles_separate_as_often_as_asked_for(way: str, chance: float, least: float, most: float) -> None:
    """Simulated: arenas drawn at the truth, then the planned battles; how often the gap is 1.96 errors wide."""
    ratings = np.array([0.6, 0.25, 0.1, -0.25, -0.7])
    mean = expected_pairs(ratings, np.full((5, 5), 60.0))
    plan = neighbours(mean, chance=chance)["model-1", "model-2"]
    rng = np.random.default_rng(8)
    if way == "direct":
        assert plan.direct is not None
        times: float | Floats = np.where((mean.a == 1) & (mean.b == 2), plan.direct / mean.games, 0.0)
    else:
        assert plan.arena_wide is not None
        times = plan.arena_wide / mean.games.sum()
    apart = [z_score(together(drawn(rng, mean), drawn(rng, mean, times)), 1, 2) > 1.959964 for _ in range(300)]
    assert least < np.mean(apart) < most


def test_neighbours_that_are_apart_need_no_battle() -> None:
    pairs = expected_pairs(np.array([1.0, 0.0]), np.full((2, 2), 500.0))
    (row,) = neighbours(pairs, chance=0.8).values()
    assert (row.direct, row.arena_wide) == (0, 0)
    assert row.gap > 2.8 * row.error


def test_neighbours_that_are_apart_by_luck_need_no_battle_either() -> None:
    """A gap of 2.4 errors: apart, if less than surely; the formula for a chance of 80 % would ask for 36 % more."""
    pairs = expected_pairs(np.array([0.5, 0.0]), np.full((2, 2), 70.0))
    (row,) = neighbours(pairs, chance=0.8).values()
    assert 1.96 < row.gap / row.error < 2.8
    assert (row.direct, row.arena_wide) == (0, 0)


def test_a_chance_that_there_is_anyway_takes_no_battle() -> None:
    pairs = expected_pairs(np.array([0.1, 0.0]), np.full((2, 2), 20.0))
    (likely,), (lucky,) = (neighbours(pairs, chance=chance).values() for chance in (0.5, 0.01))
    assert likely.direct is not None
    assert likely.direct > 100
    assert (lucky.direct, lucky.arena_wide) == (0, 0)


def test_equal_ratings_cannot_be_separated() -> None:
    pairs = Cells.from_counts([("x", "y", Outcome.A, 4), ("x", "y", Outcome.B, 4)]).pairs()
    (row,) = neighbours(pairs).values()
    assert (row.better, row.worse, row.gap, row.direct, row.arena_wide) == ("x", "y", 0.0, None, None)


def test_neighbours_are_of_one_component() -> None:
    counts = [("a", "b", Outcome.A, 3), ("b", "a", Outcome.A, 2), ("x", "y", Outcome.TIE, 4), ("z", "y", Outcome.A, 9)]
    found = neighbours(Cells.from_counts(counts).pairs(), prior=1)
    assert set(found) == {("a", "b"), ("z", "x"), ("x", "y")}


def test_a_clean_sweep_is_not_settled() -> None:
    """A 5-0 newcomer against an average field: the sandwich's error is 173 points, and its gap 430. The board's
    covariance knows of the short record."""
    field = [(x, y, Outcome.TIE, 200) for x in "abcd" for y in "abcd" if x < y]
    wins = [("new", x, Outcome.A, n) for x, n in zip("abcd", (2, 1, 1, 1), strict=True)]
    pairs = Cells.from_counts([*field, *wins]).pairs()
    found = fit(pairs, prior=1)
    bounds = intervals(pairs, found, Settings())
    assert bounds is not None
    of_sandwich = apart_by(covariance_of(pairs, found, prior=1))
    rows = [battles_to_separate(pairs, found, one)[0] for one in (bounds.differences, of_sandwich)]
    assert [row.better for row in rows] == ["new", "new"]
    assert rows[0].gap * SCALE == pytest.approx(430, abs=2)
    assert rows[0].error > 1.4 * rows[1].error
    assert rows[0].arena_wide is not None
    assert rows[0].arena_wide > 1000


def test_without_any_doubt_no_battle_is_needed() -> None:
    pairs = Cells.from_counts([("x", "y", Outcome.A, 3), ("y", "x", Outcome.A, 1)]).pairs()
    (row,) = battles_to_separate(pairs, fit(pairs, prior=0), apart_by(np.zeros((2, 2))))
    assert (row.error, row.direct, row.arena_wide) == (0, 0, 0)


@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_under_a_model_of_ties_the_planned_battles_separate_as_often_too(model: ties.Model) -> None:
    ratings, tie = np.array([0.6, 0.15, -0.75]), 0.4
    a, b = np.array([0, 0, 1]), np.array([1, 2, 2])
    chances = 30 * ties.chances(model, ratings[a] - ratings[b], np.array(tie))
    mean = Pairs(("model-0", "model-1", "model-2"), a, b, *chances)
    truth = ties.fit(mean, model, prior=0)
    V = sandwich(Likelihood.of(mean, prior=0), mean, truth)
    plan, _ = battles_to_separate(mean, truth, apart_by(V), chance=0.8)
    assert (plan.better, plan.worse) == ("model-0", "model-1")
    assert plan.gap == pytest.approx(0.45, abs=1e-6)
    assert plan.direct is not None
    assert plan.direct > 20
    rng, times = np.random.default_rng(9), np.array([plan.direct / 30, 0, 0])
    apart = []
    for _ in range(200):
        arena = together(drawn(rng, mean), drawn(rng, mean, times))
        found = ties.fit(arena, model, prior=0)
        V = sandwich(Likelihood.of(arena, prior=0), arena, found)
        apart.append((found.r[0] - found.r[1]) / np.sqrt(V[0, 0] + V[1, 1] - 2 * V[0, 1]) > 1.959964)
    assert 0.71 < np.mean(apart) < 0.89


# --- connectivity


def test_connectivity_names_groups_and_bridges() -> None:
    """Two triangles joined by c-d, d's side with a pendant g; and a group apart."""
    edges = ["ab", "bc", "ca", "cd", "de", "ef", "fd", "fg", "yx"]
    found = connectivity(
        Cells.from_counts([(x, y, Outcome.TIE, i + 1) for i, (x, y) in enumerate(map(tuple, edges))]).pairs()
    )
    assert found.groups == (("a", "b", "c", "d", "e", "f", "g"), ("x", "y"))
    assert (found.n_met, found.n_pairs) == (9, 36)
    told = {(bridge.model_a, bridge.model_b): (bridge.battles, bridge.smaller_part) for bridge in found.bridges}
    assert told == {("c", "d"): (4, ("a", "b", "c")), ("f", "g"): (8, ("g",)), ("x", "y"): (9, ("x",))}


def test_bridges_are_the_pairs_whose_loss_adds_a_group() -> None:
    rng = np.random.default_rng(3)
    for n_models, n_edges in [(12, 9), (12, 13), (12, 20), (40, 44), (80, 80)]:
        chosen = rng.choice(n_models * (n_models - 1) // 2, n_edges, replace=False)
        a, b = (side[chosen] for side in np.triu_indices(n_models, 1))
        counts = [(f"{i:02}", f"{j:02}", Outcome.A, 1) for i, j in zip(a.tolist(), b.tolist(), strict=True)]
        pairs = Cells.from_counts(counts).pairs()
        n_groups = components(pairs).max()
        expected = set()
        for left_out in range(len(pairs.a)):
            kept = np.arange(len(pairs.a)) != left_out
            rest = Pairs(pairs.models, *(x[kept] for x in (pairs.a, pairs.b, pairs.won, pairs.lost, pairs.tied)))
            if components(rest).max() > n_groups:
                expected.add((pairs.models[pairs.a[left_out]], pairs.models[pairs.b[left_out]]))
        assert {(bridge.model_a, bridge.model_b) for bridge in connectivity(pairs).bridges} == expected


def test_no_votes_are_no_groups_and_no_plan() -> None:
    nothing = Cells.from_counts([]).pairs()
    found = connectivity(nothing)
    assert (found.groups, found.n_pairs, found.n_met, found.bridges) == ((), 0, 0, ())


def planned(cells: Cells, settings: Settings | None = None, *, chance: float = 0.8) -> Plan:
    settings = settings or Settings(bootstrap=50)
    fitted = fit_votes(cells, settings)
    return plan(fitted, spread(fitted), chance=chance)


def test_a_plan_is_what_planning_says_of_the_boards_errors() -> None:
    cells, settings = reference.load("simple").cells, Settings(bootstrap=50, level=0.9)
    found = fit_votes(cells, settings)
    bounds = spread(found).intervals
    assert bounds is not None
    made = plan(found, spread(found), chance=0.5)
    assert made.neighbours == battles_to_separate(found.pairs, found.fit, bounds.differences, chance=0.5)
    assert made.connectivity == connectivity(found.counted)
    assert (made.n_votes, made.chance) == (16, 0.5)


def test_neighbours_are_separated_where_their_ranks_say_so() -> None:
    fitted = fit_votes(reference.load("chatbot_arena_33k").cells, Settings(bootstrap=200))
    found = spread(fitted)
    rows = {row.model: row for row in board_from(fitted, found).rows}
    separated = [row.direct == 0 for row in plan(fitted, found).neighbours]
    assert 0 < sum(separated) < 19
    assert found.intervals is not None
    is_better = found.intervals.differences.better(fitted.ratings, fitted.group)
    place = {model: m for m, model in enumerate(fitted.counted.models)}
    for row, is_separated in zip(plan(fitted, found).neighbours, separated, strict=True):
        assert is_better[place[row.better], place[row.worse]] == is_separated
        assert rows[row.worse].rank > 1 or not is_separated


def test_few_clusters_take_a_wider_gap_as_ranks_do() -> None:
    votes = reference.load("food").votes
    votes = replace(votes, voter=np.arange(30) % 10)
    settings = Settings(cluster="voter")
    fitted = fit_votes(votes, settings)
    made = plan(fitted, spread(fitted))
    assert made.reach > planned(reference.load("food").cells, Settings(interval="sandwich")).reach + 0.5
    assert planned(reference.load("food").cells, Settings(interval="sandwich")).reach == pytest.approx(2.72, abs=0.03)


@pytest.mark.parametrize("ties", ["half", "davidson", "rao-kupper"])
def test_a_lesson_is_what_one_more_battle_takes_off_the_variance(ties: str) -> None:
    """Compared with the inverse of the information with one battle more, for the model of ties at its parameter."""
    cells, settings = reference.load("food").cells, Settings(ties=ties, bootstrap=0)  # type: ignore[arg-type]
    found = fit_votes(cells, settings)
    lessons = plan(found, spread(found)).lessons
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
    """42 to 28 with 30 ties: 1.39 times as many decided battles take as many times all battles, 39.1 more, and 1.4
    more because the variance is divided by 1 - 1/70, the leverage of a vote."""
    counts = [("good", "poor", Outcome.A, 42), ("poor", "good", Outcome.A, 28), ("good", "poor", Outcome.TIE, 30)]
    settings = Settings(ties="ignore", prior=0, interval="sandwich")
    (row,) = planned(Cells.from_counts(counts), settings, chance=0.5).neighbours
    assert (row.direct, row.arena_wide) == (41, 42)
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


def test_the_json_has_points_and_reads_back() -> None:
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
