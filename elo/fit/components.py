"""Groups of models with no battles between them, whose ratings cannot be compared."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from elo.battles import Index, Pairs


def components(pairs: Pairs) -> Index:
    """(K,): the group of each model, from 1: models with a path of battles between them are in one group.

    The largest group is 1; groups of equal size are in the order of their first model's name.
    """
    K = pairs.n_models
    links = csr_array((np.ones(len(pairs.a)), (pairs.a, pairs.b)), shape=(K, K))
    n_groups, label = connected_components(links, directed=False)
    size = np.bincount(label, minlength=n_groups)
    first = np.array([np.argmax(label == group) for group in range(n_groups)], dtype=np.int64)
    number = np.empty(n_groups, dtype=np.int64)
    number[np.lexsort((first, -size))] = np.arange(1, n_groups + 1)
    groups: Index = number[label]
    return groups
