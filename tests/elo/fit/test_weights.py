import dataclasses
from typing import Any

import numpy as np
import pytest

from db.outcome import Outcome
from elo.battles import Cells, Floats, MissingDataError, Votes
from elo.estimate import fit as fit_votes
from elo.estimate import spread
from elo.fit.bradley_terry import fit
from elo.fit.weights import is_weighted, vote_weights, weighted_pairs
from elo.settings import Settings
from tests.elo import reference

SCALE = Settings().points_per_logit
DAY_S = 86_400.0


def some_votes(rng: np.random.Generator, n_votes: int = 400) -> Votes:
    votes, _ = reference.random_votes(rng, n_votes=n_votes, n_models=5)
    return dataclasses.replace(
        votes, time_s=rng.uniform(0, 90 * DAY_S, n_votes), draw_probability=rng.uniform(0.01, 0.2, n_votes)
    )


@pytest.mark.parametrize("name", reference.NAMES)
def test_ratings_by_inverse_pair_frequency_equal_arena_ranks(name: str) -> None:
    data = reference.load(name)
    expected = data.results["arena_rank_reweighted_sandwich"]["ratings"]
    found = fit(weighted_pairs(data.cells, None, Settings(weights="pair")), prior=0)
    middle = np.mean(list(expected.values()))
    ratings = dict(zip(data.cells.models, (middle + SCALE * found.ratings).tolist(), strict=True))
    assert ratings == pytest.approx(expected, abs=1e-3)


def test_pairs_of_many_votes_weigh_alike_and_rare_ones_are_not_blown_up() -> None:
    votes = [("a", "b", Outcome.A, 100), ("a", "c", Outcome.A, 300), ("b", "c", Outcome.A, 10)]
    pairs = weighted_pairs(Cells.from_counts(votes), None, Settings(weights="pair"))
    raw = np.array([1.0, 1.0, 0.2])
    assert pairs.games == pytest.approx(raw * 410 / raw.sum())
    assert pairs.games.sum() == pytest.approx(410)
    assert pairs.squares[0] == pytest.approx(pairs.won**2 / [100, 300, 10])


def test_a_draw_weighs_by_the_inverse_of_its_chance() -> None:
    votes = dataclasses.replace(
        Votes.from_rows([("a", "b", Outcome.A), ("a", "c", Outcome.TIE), ("b", "c", Outcome.B)]),
        draw_probability=np.array([0.1, 0.2, 0.4]),
    )
    assert vote_weights(votes, Settings(weights="draw")) == pytest.approx(np.array([4, 2, 1]) * 3 / 7)


def test_a_vote_fades_by_half_in_its_half_life_and_the_newest_weighs_one() -> None:
    votes = dataclasses.replace(
        Votes.from_rows([("a", "b", Outcome.A)] * 3), time_s=np.array([0.0, 30 * DAY_S, 60 * DAY_S])
    )
    assert vote_weights(votes, Settings(half_life_days=30)).tolist() == [0.25, 0.5, 1.0]
    both = dataclasses.replace(votes, draw_probability=np.full(3, 0.3))
    assert vote_weights(both, Settings(half_life_days=30, weights="draw")).tolist() == [0.25, 0.5, 1.0]


def test_a_vote_of_more_than_100_half_lives_is_none() -> None:
    """What 2^-1000 joins is not joined: models without another vote are a group of their own."""
    rows = [("a", "b", Outcome.A), ("b", "c", Outcome.TIE), ("a", "b", Outcome.B)] * 4
    days = np.array([1000.0, 0.0, 1000.0] * 4)
    votes = dataclasses.replace(Votes.from_rows(rows), time_s=days * 86_400)
    settings = Settings(half_life_days=1, bootstrap=0)
    assert vote_weights(votes, settings).tolist() == [1, 0, 1] * 4
    assert len(weighted_pairs(Cells.from_votes(votes), votes, settings).a) == 1
    assert vote_weights(votes, Settings(half_life_days=10)).tolist() == [1, 2.0**-100, 1] * 4
    features = {"tokens": np.random.default_rng(3).integers(1, 99, (12, 2)).astype(np.float64)}
    for changes in ({}, {"control": ("length",)}, {"cluster": "voter"}):
        one = dataclasses.replace(settings, **changes)
        found = fit_votes(dataclasses.replace(votes, features=features, voter=np.arange(12)), one)
        assert found.group.tolist() == [1, 1, 2]
        assert found.fit.r[2] == pytest.approx(0, abs=1e-12)
        bounds = spread(found).intervals
        assert bounds is not None
        assert np.isfinite(bounds.low).all()


def naive_sums(votes: Votes, weight: Floats) -> dict[tuple[str, str], list[float]]:
    """By hand: sums of weights of won, lost, tied, then of their squares, from the first name."""
    sums: dict[tuple[str, str], list[float]] = {}
    for (a, b, outcome), w in zip(votes, weight.tolist(), strict=True):
        key, seen = ((a, b), outcome) if a < b else ((b, a), outcome.swapped)
        column = min(int(seen), 2)
        row = sums.setdefault(key, [0.0] * 6)
        row[column] += w
        row[column + 3] += w * w
    return sums


@pytest.mark.parametrize("weights", ["none", "pair", "draw"])
def test_weighted_pairs_are_the_sums_by_hand(weights: str) -> None:
    votes = some_votes(np.random.default_rng(1))
    settings = Settings(weights=weights, half_life_days=20)  # type: ignore[arg-type]
    pairs = weighted_pairs(Cells.from_votes(votes), votes, settings)
    expected = naive_sums(votes, vote_weights(votes, settings))
    for i, (a, b) in enumerate(zip(pairs.a, pairs.b, strict=True)):
        squares = [column[i] for column in pairs.squares]
        assert [pairs.won[i], pairs.lost[i], pairs.tied[i], *squares] == pytest.approx(
            expected[pairs.models[a], pairs.models[b]]
        )


@pytest.mark.parametrize("settings", [Settings(weights="draw"), Settings(weights="pair", half_life_days=9)])
def test_order_and_sides_leave_the_sums_bit_equal(settings: Settings) -> None:
    rng = np.random.default_rng(2)
    votes = some_votes(rng)
    swapped = np.array([outcome.swapped for outcome in Outcome])
    turn, order = rng.random(400) < 0.5, rng.permutation(400)
    turned = dataclasses.replace(
        votes,
        a=np.where(turn, votes.b, votes.a),
        b=np.where(turn, votes.a, votes.b),
        outcome=np.where(turn, swapped[votes.outcome], votes.outcome),
    ).select(order)
    before = weighted_pairs(Cells.from_votes(votes), votes, settings)
    after = weighted_pairs(Cells.from_votes(turned), turned, settings)
    for name in ("won", "lost", "tied", "won2", "lost2", "tied2"):
        assert (getattr(before, name) == getattr(after, name)).all()


def test_without_weights_the_counts_stay_as_they_are() -> None:
    cells = reference.load("food").cells
    pairs = weighted_pairs(cells, None, Settings())
    assert not is_weighted(Settings())
    assert (pairs.won == cells.pairs().won).all()
    assert pairs.won2 is None
    assert pairs.squares[0] is pairs.won


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({}, Settings(weights="draw"), "weights 'draw' needs the draw_probability of every vote, and these votes have"),
        (
            {},
            Settings(half_life_days=3),
            "half_life_days needs the time of every vote, and these votes have none; rate without it",
        ),
        ({"time_s": [1, np.nan, np.nan]}, Settings(half_life_days=3), r"vote 2 and 1 more have no time"),
        (
            {"draw_probability": [1, 0.5, 0]},
            Settings(weights="draw"),
            "vote 3: draw_probability 0 is not from 1e-100",
        ),
        ({"time_s": [1, np.inf, -np.inf]}, Settings(half_life_days=3), r"vote 2 and 1 more have no time"),
        ({"draw_probability": [1, 1, 1e-320]}, Settings(weights="draw"), "vote 3: draw_probability 9.99989e-321 is no"),
        (
            {"draw_probability": [1, 1.5, 0]},
            Settings(weights="draw"),
            "vote 2: draw_probability 1.5 is not from",
        ),
    ],
)
def test_votes_that_do_not_say_what_they_weigh_are_refused(
    columns: dict[str, list[float]], settings: Settings, message: str
) -> None:
    arrays: dict[str, Any] = {name: np.array(column) for name, column in columns.items()}
    votes = dataclasses.replace(Votes.from_rows([("a", "b", Outcome.A)] * 3), **arrays)
    with pytest.raises(MissingDataError, match=message):
        vote_weights(votes, settings)


def test_counts_alone_cannot_be_weighted_by_vote() -> None:
    with pytest.raises(MissingDataError, match="need the votes one by one, and only their counts were given"):
        weighted_pairs(reference.load("food").cells, None, Settings(half_life_days=3))
