import numpy as np
import pytest
from scipy.stats import poisson

from elo.chance import poisson as poisson_module
from elo.chance.poisson import DrawnCounts, Quantile, draw

COUNTS = np.array([0, 1, 3, 3, 40, 7])


def test_draws_are_the_poisson_quantiles_of_the_stream() -> None:
    """Round i, cell c: the quantile of word i W + c, with scipy's distribution in place of our tables."""
    u = np.random.Generator(np.random.Philox(key=7)).random((50, 8))[:, :6]
    drawn = np.concatenate([block for _, block in draw(COUNTS, 50, seed=7, block=16)], axis=1)[:, :50]
    assert (poisson.ppf(u, COUNTS) == drawn.T).all()


@pytest.mark.parametrize("block", [0, 1, 2, 7, 50, 1000])
def test_blocks_change_nothing(block: int) -> None:
    whole = next(draw(COUNTS, 50, seed=7, block=50))[1]
    firsts, blocks = zip(*draw(COUNTS, 50, seed=7, block=block), strict=True)
    assert (np.concatenate(blocks, axis=1)[:, :50] == whole).all()
    assert list(firsts) == list(range(0, 50, blocks[0].shape[1]))


def test_seeds_of_the_whole_range_give_their_own_draws() -> None:
    draws = [next(draw(np.full(50, 100), 2, seed=seed, block=2))[1] for seed in (0, 1, 2**64 - 1)]
    assert (draws[0] != draws[1]).mean() > 0.8
    assert (draws[1] != draws[2]).mean() > 0.8


def test_a_new_vote_leaves_the_draws_of_other_cells_alone() -> None:
    before, after = np.array([5, 0, 8, 2]), np.array([5, 1, 8, 2])
    (_, old), (_, new) = next(draw(before, 40, seed=0, block=40)), next(draw(after, 40, seed=0, block=40))
    assert (old[[0, 2, 3]] == new[[0, 2, 3]]).all()
    assert (new[1] >= old[1]).all()


def drawn(counts: np.ndarray, n_rounds: int, *, seed: int, block: int, kept: DrawnCounts | None = None) -> np.ndarray:
    return np.concatenate([rounds for _, rounds in draw(counts, n_rounds, seed=seed, block=block, kept=kept)], axis=1)


def test_kept_draws_equal_fresh_ones_whatever_changed() -> None:
    kept, rng = DrawnCounts(), np.random.default_rng(5)
    counts, n_rounds, seed = rng.poisson(30, 21), 300, 0
    for step in range(40):
        counts = counts.copy()
        match step % 8:
            case 5:
                counts = rng.poisson(30, rng.integers(1, 40))  # another pair has met
            case 6:
                n_rounds = int(rng.integers(2, 600))
            case 7:
                seed += 1
            case _:
                counts[rng.integers(0, len(counts), step % 8)] += rng.integers(-1, 2)
        counts = np.maximum(counts, 0)
        found = drawn(counts, n_rounds, seed=seed, block=70, kept=kept)[:, :n_rounds]
        assert (found == drawn(counts, n_rounds, seed=seed, block=n_rounds)).all()


def test_only_changed_cells_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[float] = []

    def made_of(mean: float) -> Quantile:
        made.append(mean)
        return of(mean)

    kept, of = DrawnCounts(), Quantile.of
    drawn(COUNTS, 50, seed=7, block=16, kept=kept)
    monkeypatch.setattr(Quantile, "of", made_of)
    drawn(COUNTS, 50, seed=7, block=16, kept=kept)
    assert made == []
    drawn(np.array([0, 1, 3, 4, 40, 6]), 50, seed=7, block=16, kept=kept)
    assert made == [4, 6]


def test_more_counts_than_fit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poisson_module, "MOST_KEPT", 6 * 50)
    kept = DrawnCounts()
    for counts, n_rounds in ((COUNTS, 51), (np.array([2**31 + 1]), 2)):
        assert (
            drawn(counts, n_rounds, seed=7, block=n_rounds, kept=kept)
            == drawn(counts, n_rounds, seed=7, block=n_rounds)
        ).all()
        assert kept._drawn.size == 0
    drawn(COUNTS, 50, seed=7, block=16, kept=kept)
    assert kept._drawn.nbytes == 6 * 50 * 4


@pytest.mark.parametrize("mean", [1, 2, 25, 1000, 10**6])
def test_a_table_is_the_distribution(mean: int) -> None:
    table = Quantile.of(mean)
    k = np.arange(table.least, table.least + len(table.cumulative))
    assert table.cumulative == pytest.approx(poisson.cdf(k, mean), abs=1e-9)
    assert poisson.cdf(table.least - 1, mean) < 1e-17
    assert poisson.sf(k[-1], mean) < 1e-17


@pytest.mark.parametrize("mean", [0, 1, 25, 10**6])
def test_the_guide_changes_no_quantile(mean: int) -> None:
    table = Quantile.of(mean)
    edges = np.concatenate([table.cumulative, np.arange(1024) / 1024])
    u = np.concatenate([[0.0], edges, np.nextafter(edges, 0), np.nextafter(edges, 1)])
    u = u[u < 1]
    assert (table(u) == table.least + np.searchsorted(table.cumulative, u, side="right")).all()
