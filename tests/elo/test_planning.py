import math
from typing import Any

import numpy as np
import pytest

from db.outcome import Outcome
from elo import ties
from elo.battles import Cells, Floats, Pairs, components
from elo.bradley_terry import Fit, Likelihood, centred, fit
from elo.intervals import intervals, sandwich
from elo.planning import Separation, battles_to_separate, connectivity, expected_shrinkage
from elo.settings import Settings
from tests.elo import reference

SCALE = Settings().points_per_logit
EVEN = 0.5


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
    planned = battles_to_separate(pairs, found, covariance_of(pairs, found, prior=prior), chance=chance)
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
    for row in battles_to_separate(pairs, found, covariance_of(pairs, found), chance=chance):
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


def test_a_clean_sweep_is_not_told_to_be_settled() -> None:
    """A 5-0 newcomer against an average field: the sandwich's error is 173 points, and its gap 430. The board's
    covariance knows of the short record."""
    field = [(x, y, Outcome.TIE, 200) for x in "abcd" for y in "abcd" if x < y]
    wins = [("new", x, Outcome.A, n) for x, n in zip("abcd", (2, 1, 1, 1), strict=True)]
    pairs = Cells.from_counts([*field, *wins]).pairs()
    found = fit(pairs, prior=1)
    bounds = intervals(pairs, found, Settings())
    assert bounds is not None
    rows = [battles_to_separate(pairs, found, V)[0] for V in (bounds.covariance, covariance_of(pairs, found, prior=1))]
    assert [row.better for row in rows] == ["new", "new"]
    assert rows[0].gap * SCALE == pytest.approx(430, abs=2)
    assert rows[0].error > 1.4 * rows[1].error
    assert rows[0].arena_wide is not None
    assert rows[0].arena_wide > 1000


def test_without_any_doubt_no_battle_is_needed() -> None:
    pairs = Cells.from_counts([("x", "y", Outcome.A, 3), ("y", "x", Outcome.A, 1)]).pairs()
    (row,) = battles_to_separate(pairs, fit(pairs, prior=0), np.zeros((2, 2)))
    assert (row.error, row.direct, row.arena_wide) == (0, 0, 0)


@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_under_a_model_of_ties_the_planned_battles_separate_as_often_too(model: ties.Model) -> None:
    ratings, tie = np.array([0.6, 0.15, -0.75]), 0.4
    a, b = np.array([0, 0, 1]), np.array([1, 2, 2])
    chances = 30 * ties.chances(model, ratings[a] - ratings[b], np.array(tie))
    mean = Pairs(("model-0", "model-1", "model-2"), a, b, *chances)
    truth = ties.fit(mean, model, prior=0)
    plan, _ = battles_to_separate(mean, truth, sandwich(Likelihood.of(mean, prior=0), mean, truth), chance=0.8)
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
