"""Groups of models with no battles between them, whose ratings cannot be compared."""

import numpy as np
from numpy.typing import NDArray

from elo.battles import Index, Pairs

_MOST_NODES = 1000
_MOST_ARROWS = 3


def components(pairs: Pairs) -> Index:
    """(K,): the group of each model, from 1: models with a path of battles between them are in one group.

    The largest group is 1; groups of equal size are in the order of their first model's name.
    """
    first = connected(pairs.a, pairs.b, pairs.n_models)
    firsts, size = np.unique(first, return_counts=True)
    number = np.empty(pairs.n_models, dtype=np.int64)
    number[firsts[np.lexsort((firsts, -size))]] = np.arange(1, len(firsts) + 1)
    groups: Index = number[first]
    return groups


def connected(a: Index, b: Index, n: int) -> Index:
    """(n,): for each node of a graph with edges from `a` to `b`, the first node that a path leads to."""
    first = np.arange(n)
    while True:
        least = np.minimum(first[a], first[b])
        if (least == first[a]).all() and (least == first[b]).all():
            return first
        # Both ends, and those that the two were joined to, take the lower one, until no edge connects two groups.
        for ends in (first[a], first[b]):
            np.minimum.at(first, ends, least)
        while (first != (further := first[first])).any():
            first = further


def mutual(rows: Index, columns: Index, n: int) -> Index:
    """(n,): the group, from 0, of each node of a graph with arrows from `rows` to `columns`. A path leads from every
    node of a group to every other."""
    if _are_mutual(rows, columns, n):
        return np.zeros(n, dtype=np.int64)
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    arrows = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    _, group = connected_components(arrows, directed=True, connection="strong")
    return np.asarray(group, dtype=np.int64)


def _are_mutual(rows: Index, columns: Index, n: int) -> bool:
    """Whether a path of at most a few arrows leads from node 0 to every other and back. It is found in less time than
    the groups, and without SciPy, where there are many arrows; False: unknown."""
    if not 0 < n <= _MOST_NODES:
        return False
    arrows = np.zeros((n, n), dtype=np.bool_)
    arrows.ravel()[rows * n + columns] = True
    return _reaches_all(arrows[0], arrows) and _reaches_all(arrows[:, 0], arrows.T)


def _reaches_all(reached: NDArray[np.bool_], arrows: NDArray[np.bool_]) -> bool:
    for _ in range(_MOST_ARROWS):
        if reached[1:].all():
            return True
        reached = reached | arrows[reached].any(axis=0)
    return False
