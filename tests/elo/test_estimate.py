import dataclasses
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from db.outcome import Outcome
from elo.battles import Cells, Floats, MissingDataError, Pairs, Votes
from elo.chance.intervals import Intervals
from elo.estimate import Estimate, Spread, fit, one_thread, spread
from elo.fit import bradley_terry
from elo.fit.bradley_terry import NoMaximumError
from elo.fit.ties import TieFit, chances
from elo.settings import Settings
from tests.elo import reference

DAY_S = 86_400.0
QUICK = Settings(bootstrap=100)


def full_votes(seed: int = 1, n_votes: int = 600) -> Votes:
    """Votes with every column, of 12 voters, half of them on 40 prepared pairs."""
    rng = np.random.default_rng(seed)
    votes, _ = reference.random_votes(rng, n_votes=n_votes, n_models=5)
    return dataclasses.replace(
        votes,
        voter=rng.integers(0, 12, n_votes),
        voters=tuple(f"voter-{i}" for i in range(12)),
        prepared=np.where(rng.random(n_votes) < 0.5, rng.integers(0, 40, n_votes), -1),
        time_s=rng.uniform(0, 90 * DAY_S, n_votes),
        draw_probability=rng.uniform(0.01, 0.2, n_votes),
        features={
            "tokens": rng.integers(1, 900, (n_votes, 2)).astype(np.float64),
            "seconds": rng.uniform(1, 9, (n_votes, 2)),
        },
    )


def shuffled_and_turned(votes: Votes, rng: np.random.Generator) -> Votes:
    swapped = np.array([outcome.swapped for outcome in Outcome])
    turn, order = rng.random(len(votes)) < 0.5, rng.permutation(len(votes))
    features = {
        name: np.where(turn[:, None], column[:, ::-1], column) for name, column in (votes.features or {}).items()
    }
    return dataclasses.replace(
        votes,
        a=np.where(turn, votes.b, votes.a),
        b=np.where(turn, votes.a, votes.b),
        outcome=np.where(turn, swapped[votes.outcome], votes.outcome),
        features=features,
    ).select(order)


def both(data: Cells | Votes, settings: Settings) -> tuple[Estimate, Spread]:
    fitted = fit(data, settings)
    return fitted, spread(fitted)


def intervals_of(data: Cells | Votes, settings: Settings) -> Intervals:
    bounds = both(data, settings)[1].intervals
    assert bounds is not None
    return bounds


def numbers(fitted: Estimate, bounds: Intervals | None) -> list[Floats]:
    assert bounds is not None
    return [fitted.ratings, bounds.low, bounds.high, bounds.covariance]


OPTIONS = [
    Settings(bootstrap=50),
    Settings(bootstrap=50, cluster="none"),
    Settings(bootstrap=50, cluster="voter", gauge="battles"),
    Settings(bootstrap=50, weights="draw", half_life_days=30, cluster="none"),
    Settings(bootstrap=50, weights="pair", cluster="voter"),
    Settings(bootstrap=50, ties="davidson", cluster="none"),
    Settings(bootstrap=50, ties="rao-kupper", cluster="pair", weights="draw"),
    Settings(bootstrap=50, ties="davidson", interval="bootstrap", cluster="none"),
    Settings(bootstrap=50, ties="ignore", half_life_days=10, cluster="none"),
    Settings(bootstrap=50, simultaneous=True, gauge="anchor", anchor=(("model-001", 1100.0),), cluster="none"),
    Settings(bootstrap=50, control=("length", "speed"), cluster="none"),
    Settings(bootstrap=50, control=("length",), ridge=2, cluster="voter", weights="pair"),
]


@pytest.mark.parametrize("settings", OPTIONS, ids=lambda settings: str(OPTIONS.index(settings)))
def test_order_and_sides_leave_every_fit_bit_equal(settings: Settings) -> None:
    votes = full_votes()
    before, known = both(votes, settings)
    after, known_after = both(shuffled_and_turned(votes, np.random.default_rng(3)), settings)
    for one, other in zip(numbers(before, known.intervals), numbers(after, known_after.intervals), strict=True):
        assert (one == other).all()
    assert (known.tie, known.coefficients) == (known_after.tie, known_after.coefficients)


@pytest.mark.parametrize("settings", OPTIONS, ids=lambda settings: str(OPTIONS.index(settings)))
def test_renaming_leaves_ratings_and_intervals(settings: Settings) -> None:
    """Ratings within 1e-9, intervals of covariances within 1e-6; a bootstrap draws other numbers for other names."""
    votes, settings = full_votes(), dataclasses.replace(settings, bootstrap=400)
    renamed = dataclasses.replace(votes, models=tuple(f"z{9 - i}" for i in range(5)))
    if settings.anchor:
        settings = dataclasses.replace(settings, simultaneous=False)  # draws other numbers too
    other_settings = dataclasses.replace(settings, anchor=(("z8", 1100.0),)) if settings.anchor else settings
    before, after = fit(votes, settings), fit(renamed, other_settings)
    back = [after.counted.models.index(renamed.models[votes.models.index(model)]) for model in before.counted.models]
    assert after.ratings[back] == pytest.approx(before.ratings, abs=1e-9)
    bounds, bounds_after = spread(before).intervals, spread(after).intervals
    assert bounds is not None
    assert bounds_after is not None
    if "bootstrap" in bounds.kind:
        error = np.sqrt(np.diag(bounds.covariance))
        assert (np.abs(bounds_after.low[back] - bounds.low) <= error).all()
    else:
        assert bounds_after.low[back] == pytest.approx(bounds.low, abs=1e-6)
        assert bounds_after.high[back] == pytest.approx(bounds.high, abs=1e-6)


def test_the_side_coefficient_changes_its_sign_with_the_sides_and_nothing_else() -> None:
    votes = full_votes()
    swapped = np.array([outcome.swapped for outcome in Outcome])
    turned = dataclasses.replace(
        votes,
        a=votes.b,
        b=votes.a,
        outcome=swapped[votes.outcome],
        features={name: column[:, ::-1] for name, column in (votes.features or {}).items()},
    )
    settings = Settings(control=("length", "side"), cluster="none")
    (before, known), (after, known_after) = both(votes, settings), both(turned, settings)
    assert after.ratings == pytest.approx(before.ratings, abs=1e-9)
    values = {one.name: one.value for one in known.coefficients}
    assert {one.name: one.value for one in known_after.coefficients} == pytest.approx(
        {"tokens": values["tokens"], "side": -values["side"]}, abs=1e-9
    )


def test_ignored_ties_leave_the_fit_but_not_the_counts() -> None:
    data = reference.load("food")
    found = fit(data.cells, Settings(ties="ignore", bootstrap=100))
    pairs = data.cells.pairs()
    decided = dataclasses.replace(pairs, tied=np.zeros_like(pairs.tied))
    assert found.ratings == pytest.approx(bradley_terry.fit(decided, prior=1).ratings, abs=1e-12)
    assert found.counted.games.sum() == 30
    assert found.pairs.games.sum() == (pairs.won + pairs.lost).sum()


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_votes_for_neither_are_ties_or_left_out_as_chosen(ties: Any) -> None:
    cells = Cells.from_counts(
        [
            ("a", "b", Outcome.A, 5),
            ("b", "a", Outcome.A, 3),
            ("a", "b", Outcome.TIE, 2),
            ("a", "b", Outcome.BOTH_BAD, 9),
        ]
    )
    settings = Settings(ties=ties, both_bad="ignore", bootstrap=0)
    found = fit(cells, settings)
    assert (found.pairs.tied.tolist(), found.counted.tied.tolist()) == ([2], [11])
    as_ties = fit(cells, Settings(ties=ties, bootstrap=0))
    assert as_ties.pairs.tied.tolist() == [11]
    votes = Votes.from_rows(
        [("a", "b", Outcome.A)] * 5 + [("b", "a", Outcome.A)] * 3 + [("a", "b", Outcome.TIE)] * 2
        + [("b", "a", Outcome.BOTH_BAD)] * 9
    )  # fmt: skip
    assert (fit(votes, settings).ratings == found.ratings).all()


def test_both_bad_as_a_tie_or_dropped_moves_ratings_by_what_is_said() -> None:
    """Up to 57 points on the file of the docstring of `Settings.both_bad`."""
    cells = reference.load("chatbot_arena_33k").cells
    as_ties = fit(cells, Settings(prior=0, bootstrap=0)).ratings
    dropped = fit(cells, Settings(prior=0, bootstrap=0, both_bad="ignore")).ratings
    assert np.abs(as_ties - dropped).max() * Settings().points_per_logit == pytest.approx(57, abs=1)
    no_ties = fit(cells, Settings(prior=0, bootstrap=0, ties="ignore")).ratings
    assert np.abs(as_ties - no_ties).max() * Settings().points_per_logit == pytest.approx(92, abs=1)


def test_models_that_only_tied_are_a_group_of_their_own_where_ties_are_ignored() -> None:
    cells = Cells.from_counts([("a", "b", Outcome.A, 5), ("b", "a", Outcome.A, 3), ("b", "c", Outcome.TIE, 4)])
    found = fit(cells, Settings(ties="ignore"))
    assert found.counted.models == ("a", "b", "c")
    assert found.fit.r[2] == 0
    assert found.group.tolist() == [1, 1, 2]
    with pytest.raises(NoMaximumError, match="no path of battles leads from 'c' to the other models"):
        fit(cells, Settings(ties="ignore", prior=0))


def test_nothing_but_ties_cannot_be_rated_without_them() -> None:
    cells = Cells.from_counts([("a", "b", Outcome.TIE, 5)])
    with pytest.raises(NoMaximumError, match="all votes on 'a', 'b' have outcomes that are left out; use ties"):
        fit(cells, Settings(ties="ignore"))


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_a_model_of_ties_reports_its_parameter_with_an_interval(ties: Any) -> None:
    data = reference.load("llmfao_crowd")
    found, known = both(data.cells, Settings(ties=ties, bootstrap=0))
    assert isinstance(found.fit, TieFit)
    assert known.tie is not None
    assert known.tie.name == ("log nu" if ties == "davidson" else "log theta")
    assert known.tie.value == found.fit.tie
    model_based = 2 * 1.96 * np.sqrt(found.fit.inverse[-1, -1])
    assert known.tie.high - known.tie.low == pytest.approx(model_based, rel=0.25)
    won, lost, tied = found.fit.chances(np.array([0.7]))
    assert found.expected_score(np.array([0.7])) == pytest.approx(won + tied / 2)
    assert (won + lost + tied) == pytest.approx(1)
    assert fit(data.cells, QUICK).expected_score(np.array([0.0])) == 0.5


@pytest.mark.parametrize(("ties", "t"), [("davidson", 0.0), ("rao-kupper", 0.5)])
def test_intervals_under_a_model_of_ties_cover_its_truth(ties: Any, t: float) -> None:
    """100 tournaments of 8 models and 600 votes drawn from the model itself; 600 of them cover 95.1 and 95.4 %."""
    covers, covers_tie = [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        r = rng.normal(0, 0.7, 8)
        r -= r.mean()
        a = rng.integers(0, 8, 600)
        b = (a + rng.integers(1, 8, 600)) % 8
        won, lost, _ = chances(ties, r[a] - r[b], np.array(t))
        u = rng.random(600)
        outcome = np.where(u < won, 0, np.where(u < won + lost, 1, 2))
        _, found = both(Votes(tuple("abcdefgh"), a, b, outcome), Settings(ties=ties, bootstrap=0))
        assert found.intervals is not None
        assert found.tie is not None
        covers += list((found.intervals.low <= r) & (r <= found.intervals.high))
        covers_tie.append(found.tie.low <= t <= found.tie.high)
    assert 0.93 <= np.mean(covers) <= 0.97
    assert 0.88 <= np.mean(covers_tie) <= 1.0


def test_the_interval_of_theta_stays_above_one() -> None:
    """30 votes with two ties: eta = 0.157 with a standard error of 0.11."""
    tie = both(reference.load("food").cells, Settings(ties="rao-kupper", prior=0))[1].tie
    assert tie is not None
    assert 0 < tie.low < tie.value < tie.high
    assert tie.low * tie.high == pytest.approx(tie.value**2)


def test_without_a_tie_a_model_of_ties_is_bradley_terry() -> None:
    cells = Cells.from_counts([("a", "b", Outcome.A, 5), ("b", "a", Outcome.A, 3)])
    found, known = both(cells, Settings(ties="davidson", bootstrap=100))
    assert known.tie is None
    assert (found.ratings == fit(cells, QUICK).ratings).all()


def test_votes_on_prepared_pairs_are_clustered_by_themselves_and_live_ones_are_not() -> None:
    votes = full_votes()
    found = intervals_of(votes, Settings())
    assert set(found.kind) == {"jackknife"}
    assert votes.prepared is not None
    n_clusters = len(np.unique(votes.prepared[votes.prepared >= 0])) + (votes.prepared < 0).sum()
    assert found.n_clusters == n_clusters
    live = intervals_of(dataclasses.replace(votes, prepared=None), QUICK)
    assert set(live.kind) == {"bootstrap"}


def test_weights_know_what_the_fit_would_be_without_them() -> None:
    votes = full_votes()
    for settings in (Settings(half_life_days=5), Settings(half_life_days=5, control=("length",))):
        found = fit(votes, settings)
        alike = fit(votes, dataclasses.replace(settings, half_life_days=None))
        assert found.plain == pytest.approx(alike.ratings, abs=1e-9)
        assert alike.plain is None
        assert np.abs(found.ratings - alike.ratings).max() > 0.05


def test_whole_weights_are_that_many_votes() -> None:
    """Against the same votes written down as often as they weigh: one half-life is two votes for one."""
    rng = np.random.default_rng(5)
    votes, _ = reference.random_votes(rng, n_votes=500, n_models=4)
    is_new = rng.random(500) < 0.5
    aged = dataclasses.replace(votes, time_s=np.where(is_new, 30 * DAY_S, 0.0))
    twice = votes.select(np.concatenate([np.arange(500), np.flatnonzero(is_new)]))
    settings = Settings(half_life_days=30, prior=0, cluster="none", ties="davidson")
    plain = Settings(prior=0, ties="davidson", bootstrap=0)
    assert fit(aged, settings).ratings == pytest.approx(fit(twice, plain).ratings, abs=1e-9)


def test_votes_left_out_for_want_of_a_feature_are_counted() -> None:
    votes = full_votes()
    tokens = np.array((votes.features or {})["tokens"])
    tokens[:17, 1] = np.nan
    missing = dataclasses.replace(votes, features={"tokens": tokens})
    for cluster in ("none", "pair"):
        settings = Settings(control=("length",), cluster=cluster, weights="pair")
        found, known = both(missing, settings)
        assert found.contextual is not None
        assert found.contextual.n_left_out == 17
        assert found.counted.games.sum() == 600
        assert [one.name for one in known.coefficients] == ["tokens"]


def test_counts_are_refused_where_votes_are_needed() -> None:
    with pytest.raises(MissingDataError, match="these settings need the votes one by one"):
        fit(reference.load("food").cells, Settings(cluster="voter"))


def test_pairs_of_an_estimate_are_what_was_fitted() -> None:
    cells = reference.load("llmfao_crowd").cells
    found = fit(cells, Settings(weights="pair"))
    assert isinstance(found.pairs, Pairs)
    assert found.pairs.games.sum() == pytest.approx(8931)
    assert found.pairs.won2 is not None
    assert found.counted.won2 is None


MANY_MODELS = """
import hashlib, json
from elo.board.leaderboard import rate
from elo.settings import Settings
from elo.simulate import Scenario, simulate

votes = simulate(Scenario(votes=20_000, models=150, voters=30, seed=3)).votes
for options in ({"bootstrap": 20}, {"interval": "sandwich"}, {"cluster": "voter"}, {"control": ("side",)}):
    board = rate(votes, Settings(**options))
    print(hashlib.sha256(json.dumps(board.to_json()).encode()).hexdigest())
"""


def blas_threads() -> set[Any]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_boards_of_many_models_have_the_same_bits_on_one_thread_and_on_two() -> None:
    def boards(n_threads: str) -> str:
        environment = os.environ | {"OPENBLAS_NUM_THREADS": n_threads, "OMP_NUM_THREADS": n_threads}
        command = [sys.executable, "-c", MANY_MODELS]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=120).stdout

    one = boards("1")
    assert len(set(one.split())) == 4
    assert boards("2") == one


def test_the_number_of_threads_is_restored_also_after_an_error() -> None:
    def fail() -> None:
        with one_thread():
            seen.append(blas_threads())
            raise RuntimeError

    seen: list[set[Any]] = []
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with pytest.raises(RuntimeError):
            fail()
        assert blas_threads() == before
    assert seen == [{1}]
