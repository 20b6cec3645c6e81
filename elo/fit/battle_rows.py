"""Votes with covariates as rows in a fixed order.

Sums of floats depend on their order. Rows are sorted by pair and, within a pair, by content, so the same votes give the
same sums, bit for bit, in any order and on any sides.

    K models, N battles, M pairs that met, F covariates
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.battles import Floats, Index, Pairs, Votes, names
from elo.fit.covariates import Covariates

_SCORES = np.array([outcome.score for outcome in Outcome])
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True, eq=False)
class BattleRows:
    """Sorted by pair, and seen from the pair's first model."""

    pairs: Pairs
    start: Index
    """(M + 1,): the first row of each pair, and N."""
    x: Floats
    """(F, N)"""
    y: Floats
    """(N,): the first model's points."""
    weight: Floats | None
    vote: Index
    """(N,): the number of the row's vote."""
    is_new: NDArray[np.bool_]
    """(N,): whether the row differs from the one before."""

    @classmethod
    def of(
        cls,
        votes: Votes,
        models: tuple[str, ...],
        wanted: Covariates,
        weights: Floats | None,
    ) -> Self:
        """All votes; their covariates must be known. `weights` (N,), None: 1 each.

        Raises ValueError for a vote on a model that is not among the K `models`, which are sorted by name.
        """
        number = {model: m for m, model in enumerate(models)}
        place = np.array([number.get(model, -1) for model in votes.models], dtype=np.int64)
        a, b = place[votes.a], place[votes.b]
        if (unrated := np.unique(np.concatenate([votes.a[a < 0], votes.b[b < 0]]))).size:
            named = names(votes.models, unrated, most=2)
            raise ValueError(f"votes of {named}, which are not among the {len(models)} models to rate")
        sign = np.where(a < b, 1.0, -1.0)
        y = 0.5 + sign * (_SCORES[votes.outcome] - 0.5)
        columns = [y, *(column * sign for column in wanted.columns), *([] if weights is None else [weights])]
        # Different rows have different sums (except by accident), so the sums give the order.
        key = sum(np.sqrt(i + 2.0) * column for i, column in enumerate(columns))
        pair = np.minimum(a, b) * len(models) + np.maximum(a, b)
        order = np.argsort(key)
        order = order[np.argsort(_small(pair[order]), kind="stable")]
        pair, key = pair[order], key[order]
        is_pair = np.append(True, pair[1:] != pair[:-1])[: len(pair)]
        first = np.flatnonzero(is_pair)
        y, *ordered = (column[order] for column in columns)
        weight = None if weights is None else ordered.pop()
        return cls(
            _pairs(models, pair[first], first, y, weight),
            np.append(first, len(pair)),
            np.array(ordered).reshape(len(wanted.names), len(y)),
            y,
            weight,
            order,
            is_pair | np.append(True, key[1:] != key[:-1])[: len(pair)],
        )

    def clusters(self, code: Index) -> Index:
        """(N,): the cluster of each row. `code` has that of each vote, -1: a cluster by itself. Clusters are numbered
        by content, not by first appearance."""
        code = code[self.vote]
        alone = np.flatnonzero(code < 0)
        code[alone] = code.max(initial=-1) + 1 + np.arange(len(alone))
        _, code = np.unique(code, return_inverse=True)
        sketch = np.bincount(code, np.cumsum(self.is_new) * _GOLDEN % 1.0)
        number = np.empty(len(sketch), dtype=np.int64)
        number[np.argsort(sketch, kind="stable")] = np.arange(len(sketch))
        numbers: Index = number[code]
        return numbers


def _small(numbers: Index) -> NDArray[np.integer]:
    """The same numbers in two bytes if they fit, because those are sorted in one pass."""
    return numbers.astype(np.uint16) if numbers.max(initial=0) < 2**16 else numbers


def _pairs(models: tuple[str, ...], pair: Index, first: Index, y: Floats, weight: Floats | None) -> Pairs:
    def sums(value: float, of: Floats) -> Floats:
        total: Floats = np.add.reduceat(np.where(y == value, of, 0.0), first) if len(first) else np.zeros(0)
        return total

    a, b = np.divmod(pair, max(len(models), 1))
    one = np.ones(len(y)) if weight is None else weight
    pairs = Pairs(models, a, b, won=sums(1, one), lost=sums(0, one), tied=sums(0.5, one))
    if weight is None:
        return pairs
    return replace(pairs, won2=sums(1, one**2), lost2=sums(0, one**2), tied2=sums(0.5, one**2))
