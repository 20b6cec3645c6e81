from typing import Any

import numpy as np
import pytest

from elo.battles import Cells, Floats, Votes
from elo.fit.battle_rows import BattleRows
from elo.fit.covariates import covariates


def random_votes(rng: np.random.Generator, *, n_votes: int, n_models: int) -> Votes:
    a = rng.integers(0, n_models, n_votes)
    b = (a + rng.integers(1, n_models, n_votes)) % n_models
    models = tuple(f"model-{m:03}" for m in range(n_models))
    tokens = rng.integers(1, 9, (n_votes, 2)).astype(float)
    return Votes(models, a, b, rng.integers(0, 4, n_votes), features={"tokens": tokens})


def rows_of(votes: Votes, weights: Floats | None = None, control: Any = ("length",)) -> BattleRows:
    return BattleRows.of(votes, votes.models, covariates(votes, control), weights)


def content(rows: BattleRows) -> list[list[float]]:
    return [rows.start.tolist(), rows.x.tolist(), rows.y.tolist(), rows.is_new.tolist()]


@pytest.mark.parametrize("n_models", [4, 300])
def test_rows_lie_by_pair_and_are_the_votes(n_models: int) -> None:
    """With many models a pair's number takes more than two bytes."""
    votes = random_votes(np.random.default_rng(1), n_votes=900, n_models=n_models)
    rows = rows_of(votes, control=("length", "side"))
    pair = np.repeat(np.arange(len(rows.pairs.a)), np.diff(rows.start))
    assert sorted(rows.vote.tolist()) == list(range(900))
    assert votes.features is not None
    a, b = votes.features["tokens"].T
    for row, vote in enumerate(rows.vote.tolist()):
        sides = [int(votes.a[vote]), int(votes.b[vote])]
        sign = 1 if sides[0] < sides[1] else -1
        assert [rows.pairs.a[pair[row]], rows.pairs.b[pair[row]]] == sides[::sign]
        points = (1.0, 0.0, 0.5, 0.5)[votes.outcome[vote]]
        assert rows.y[row] == (points if sign == 1 else 1 - points)
        assert rows.x[0, row] == sign * (a[vote] - b[vote]) / (a[vote] + b[vote] + 1)
        assert rows.x[1, row] == sign


def test_pairs_are_those_of_the_counts() -> None:
    votes = random_votes(np.random.default_rng(2), n_votes=500, n_models=6)
    mine, counted = rows_of(votes).pairs, Cells.from_votes(votes).pairs()
    assert mine.won2 is None
    for name in ("a", "b", "won", "lost", "tied"):
        assert getattr(mine, name).tolist() == getattr(counted, name).tolist()


def test_pairs_of_weighted_votes_are_sums_of_weights_and_of_their_squares() -> None:
    votes = random_votes(np.random.default_rng(3), n_votes=500, n_models=3)
    weights = np.random.default_rng(4).uniform(0.1, 2, 500)
    pairs = rows_of(votes, weights).pairs
    first = (votes.a + votes.b == 1) & (np.where(votes.a < votes.b, votes.outcome == 0, votes.outcome == 1))
    assert pairs.won[0] == pytest.approx(weights[first].sum())
    assert pairs.squares[0][0] == pytest.approx((weights[first] ** 2).sum())
    assert pairs.games.sum() == pytest.approx(weights.sum())


def test_neither_the_order_of_votes_nor_their_sides_change_a_bit() -> None:
    rng = np.random.default_rng(5)
    votes = random_votes(rng, n_votes=2000, n_models=4)
    order = rng.permutation(2000)
    assert votes.features is not None
    turned = Votes(
        votes.models,
        votes.b[order],
        votes.a[order],
        np.array([1, 0, 2, 3])[votes.outcome[order]],
        features={"tokens": votes.features["tokens"][order, ::-1]},
    )
    assert content(rows_of(votes)) == content(rows_of(turned))


def test_rows_that_are_the_same_are_not_new() -> None:
    votes = Votes(("x", "y"), np.zeros(5, int), np.ones(5, int), np.array([0, 1, 0, 2, 3]))
    assert sorted(rows_of(votes, control=()).is_new.tolist()) == [False, False, True, True, True]


def test_clusters_are_numbered_by_what_is_in_them() -> None:
    rng = np.random.default_rng(6)
    votes = random_votes(rng, n_votes=600, n_models=4)
    code = rng.integers(-1, 30, 600)
    rows = rows_of(votes)
    found = rows.clusters(code)
    of_rows = code[rows.vote]
    assert len(np.unique(found)) == found.max() + 1 == len(np.unique(code[code >= 0])) + (code < 0).sum()
    for number in np.unique(found):
        assert len(np.unique(of_rows[found == number])) == 1
    renamed = np.where(code < 0, -1, rng.permutation(30)[code] + 7)
    assert (rows.clusters(renamed) == found).all()


def test_votes_of_a_model_that_is_not_rated_are_refused() -> None:
    votes = random_votes(np.random.default_rng(8), n_votes=90, n_models=5)
    message = r"^votes of 'model-002', 'model-003' and 1 more, which are not among the 2 models to rate$"
    with pytest.raises(ValueError, match=message):
        BattleRows.of(votes, ("model-000", "model-001"), covariates(votes, ()), None)


def test_no_votes_are_no_rows() -> None:
    rows = rows_of(Votes((), np.zeros(0, int), np.zeros(0, int), np.zeros(0, int)), control=())
    assert (len(rows.y), rows.start.tolist(), rows.x.shape) == (0, [0], (0, 0))
