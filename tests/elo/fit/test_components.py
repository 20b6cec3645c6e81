"""Models are in one group if a path of battles connects them."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from db.outcome import Outcome
from elo.battles import Cells
from elo.fit.components import components, connected, mutual


def test_components_are_numbered_by_size_then_name() -> None:
    edges = ["gh", "ab", "cd", "de", "ef"]
    pairs = Cells.from_counts([(edge[0], edge[1], Outcome.TIE, 1) for edge in edges]).pairs()
    assert dict(zip(pairs.models, components(pairs).tolist(), strict=True)) == {
        **dict.fromkeys("cdef", 1),
        **dict.fromkeys("ab", 2),
        **dict.fromkeys("gh", 3),
    }


@pytest.mark.parametrize("seed", range(200))
def test_groups_of_a_graph_are_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    a, b = rng.integers(0, n, (2, int(rng.integers(0, 2 * n))))
    links = csr_array((np.ones(len(a)), (a, b)), shape=(n, n))
    for found, strength in ((connected(a, b, n), "weak"), (mutual(a, b, n), "strong")):
        _, expected = connected_components(links, directed=True, connection=strength)
        assert ((found[:, None] == found) == (expected[:, None] == expected)).all()
    assert (connected(a, b, n) <= np.arange(n)).all()


@pytest.mark.parametrize("seed", range(60))
def test_groups_of_many_arrows_are_scipys(seed: int) -> None:
    """With and without a node that nothing leads to, or that leads nowhere."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    arrows = rng.random((n, n)) < rng.choice([0.05, 0.2, 0.7])
    if seed % 3:
        lonely = rng.integers(n)
        arrows[lonely if seed % 3 == 1 else slice(None), lonely if seed % 3 == 2 else slice(None)] = False
    rows, columns = np.nonzero(arrows)
    found = mutual(rows, columns, n)
    _, expected = connected_components(csr_array(arrows), directed=True, connection="strong")
    assert ((found[:, None] == found) == (expected[:, None] == expected)).all()


def test_a_long_chain_is_one_group() -> None:
    chain = np.random.default_rng(0).permutation(5000)
    assert (connected(chain[:-1], chain[1:], 5000) == 0).all()
