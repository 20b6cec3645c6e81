"""How few votes decide who is first: a small set of votes without which another model leads.

An interval shows how far chance may have moved a rating. It does not show whether a handful of votes decides the lead.
The set is found by influence and confirmed by a fit without it (Huang, Shen, Wei and Broderick 2025, arXiv:2508.11847):

1. Without a vote the leader's lead over a rival falls, to first order, by the vote's influence: what Newton's step
   along its score, the slope of its log-likelihood, takes from the lead. Votes of one pair with one outcome have the
   same influence. So cells are sorted, not votes, and the cost does not depend on the number of votes; those of the
   largest influence that make up the lead are the smallest set to first order.
2. Fit without these votes, take the influences there, and choose again, until the set stays the same. Then try with one
   vote fewer for as long as that succeeds.
3. Do so for the rivals that need the fewest votes, and keep the smallest set. The second in rating is often not the one
   (of one public file of 26,000 votes it takes 195, and for a model with fewer votes 179).

A set counts only if a fit of the other votes has another leader. So the number is an upper bound: without these votes
another model does lead, but a smaller set may exist. It takes 4 to 30 fits on real boards, a tenth of the time of 1,000
bootstrap rounds, and never more than 180.

    K models, M pairs that met; sets of votes are (3, M) counts, in the order won by a, lost, tied
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations_with_replacement
from math import comb

import numpy as np

from elo.battles import Floats, Index, Pairs
from elo.estimate import Estimate, one_thread
from elo.fit import bradley_terry, ties
from elo.fit.bradley_terry import ConvergenceError, Fit, NoMaximumError, sigma
from elo.fit.components import components
from elo.fit.ties import TieFit
from elo.fit.weights import is_weighted

_SORTED = 24  # challengers whose need is estimated
_SEARCHED = 8  # of these, those that are searched
_HOPES = (0.25, *[0.7] * 9)  # the smallest share of the votes that the n-th fit asks for that may prove enough later
_FITS = 80  # of all rivals together
_TRIED = 100  # fits to try all sets
_MOST_TRIED = 4  # votes in such a set
_AHEAD = 1e-9  # log-odds: smaller leads are rounding
_OUTCOMES = ("a", "b", "tie")


@dataclass(frozen=True, slots=True)
class Removed:
    """`count` votes of model_a against model_b, on any sides, with this outcome: a, b, or tie, which includes both-bad
    where that is a tie like any other."""

    model_a: str
    model_b: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class Fragility:
    """Without the `n_votes` votes in `removed`, `then` would lead instead of `leader`."""

    leader: str
    then: str
    n_votes: int
    removed: tuple[Removed, ...]
    """The cells with the most votes first."""

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"removed": [asdict(one) for one in self.removed]}


def fragility(fitted: Estimate) -> Fragility | None:
    """The smallest set found that changes the leader of the largest group of connected models.

    30 votes for lark against wren and 10 for wren: without 21 of the 30, wren would lead.

    None if no set was found, as with one model, or where without a prior the other votes have no likeliest ratings; and
    with weights, half-lives and covariates, where the votes of a cell differ in their influence.
    """
    if is_weighted(fitted.settings) or fitted.contextual is not None:
        return None
    with one_thread():
        return _smallest(_Votes.of(fitted))


@dataclass(frozen=True, slots=True, eq=False)
class _Votes:
    """The votes of a board's fit, and who leads by them."""

    pairs: Pairs
    counts: Index
    fit: Fit | TieFit
    prior: float
    tie_model: ties.Model | None
    leader: int
    rivals: Index

    @classmethod
    def of(cls, fitted: Estimate) -> "_Votes":
        pairs, settings = fitted.pairs, fitted.settings
        connected = np.flatnonzero(fitted.group == 1)
        # Equal ratings are in the order of names, as on the board.
        leader = int(connected[np.argmax(np.round(fitted.ratings[connected], 10))])
        return cls(
            pairs,
            np.stack([pairs.won, pairs.lost, pairs.tied]).astype(np.int64),
            fitted.fit,
            settings.prior,
            settings.ties if settings.ties in ("davidson", "rao-kupper") else None,
            leader,
            connected[connected != leader],
        )

    def without(self, removed: Index) -> "_Without | None":
        """A fit of the other votes; None if they have no likeliest ratings."""
        won, lost, tied = (self.counts - removed).astype(np.float64)
        is_left = won + lost + tied > 0
        columns = {"a": self.pairs.a, "b": self.pairs.b, "won": won, "lost": lost, "tied": tied}
        left = Pairs(self.pairs.models, **{name: column[is_left] for name, column in columns.items()})
        try:
            if self.tie_model is not None:
                return _Without(removed, left, ties.fit(left, self.tie_model, prior=self.prior))
            return _Without(removed, left, bradley_terry.fit(left, prior=self.prior))
        except (NoMaximumError, ConvergenceError):
            return None


@dataclass(frozen=True, slots=True, eq=False)
class _Without:
    """A fit without some votes."""

    removed: Index
    pairs: Pairs
    """The other votes."""
    fit: Fit | TieFit

    @property
    def n(self) -> int:
        return int(self.removed.sum())

    def lead(self, votes: _Votes, rival: int) -> float:
        return float(self.fit.r[votes.leader] - self.fit.r[rival])

    def influence(self, votes: _Votes, rival: int) -> Floats:
        """(3, M): how much less the lead over the rival would be without one vote, to first order."""
        pairs = votes.pairs
        step = self.fit.inverse[votes.leader] - self.fit.inverse[rival]
        along = step[pairs.a] - step[pairs.b]
        if isinstance(self.fit, TieFit):
            at = self.fit.terms(pairs)
            moved: Floats = at.slope * along + at.tie_slope * step[-1]
            return moved
        p = sigma(self.fit.r[pairs.a] - self.fit.r[pairs.b])
        change: Floats = np.stack([1 - p, -p, 0.5 - p]) * along
        return change

    def next_leader(self, votes: _Votes) -> int | None:
        """Who leads now; None for the same model as before, and if the others are no longer connected."""
        group = components(self.pairs)
        rivals = votes.rivals[np.isin(votes.rivals, np.concatenate([self.pairs.a, self.pairs.b]))]
        if not len(rivals) or len(np.unique(group[rivals])) > 1:
            return None
        best = int(rivals[np.argmax(self.fit.r[rivals])])
        if not (group == group[votes.leader]).sum() > 1:
            return best  # the leader has no vote left
        is_connected = group[votes.leader] == group[best]
        return best if is_connected and self.lead(votes, best) < -_AHEAD else None


def _smallest(votes: _Votes) -> Fragility | None:
    start = _Without(np.zeros_like(votes.counts), votes.pairs, votes.fit)
    best: _Without | None = None
    fits = iter(range(_FITS))
    for rival in _nearest(votes, start):
        best = _search(votes, start, rival, best, fits)
    if best is None or best.n <= _MOST_TRIED + 1:
        best = _smaller(votes, best)
    return None if best is None else _described(votes, best)


def _smaller(votes: _Votes, best: _Without | None) -> _Without | None:
    """The smallest set of all, as far as trying all smaller ones takes few fits: in a table of some ten votes one vote
    moves ratings far, and influence, which describes small moves, is a poor guide."""
    n_cells, left = np.count_nonzero(votes.counts), _TRIED
    for n in range(1, _MOST_TRIED + 1 if best is None else best.n):
        left -= comb(n_cells + n - 1, n)
        if left < 0 or n > _MOST_TRIED:
            break
        for removed in _sets(votes.counts, n):
            if (found := votes.without(removed)) is not None and found.next_leader(votes) is not None:
                return found
    return best


def _sets(counts: Index, n: int) -> Iterator[Index]:
    """All sets of n votes, (3, M) each."""
    for chosen in combinations_with_replacement(np.flatnonzero(counts).tolist(), n):
        removed = np.bincount(chosen, minlength=counts.size).reshape(counts.shape)
        if (removed <= counts).all():
            yield removed


def _nearest(votes: _Votes, start: _Without) -> list[int]:
    """The rivals to search: those that need the fewest votes to first order, the fewest first."""
    own, r = start.fit.inverse, start.fit.r
    variance = own[votes.leader, votes.leader] + np.diag(own)[votes.rivals] - 2 * own[votes.leader, votes.rivals]
    # A vote moves a lead by its score times the lead's variance.
    order = np.argsort((r[votes.leader] - r[votes.rivals]) / variance, kind="stable")
    needs = []
    for rival in votes.rivals[order[:_SORTED]].tolist():
        influence = start.influence(votes, rival)
        needs.append((_needed(influence, votes.counts, start.lead(votes, rival)), rival))
    return [rival for _, rival in sorted(needs)[:_SEARCHED]]


def _search(votes: _Votes, start: _Without, rival: int, best: _Without | None, fits: Iterator[int]) -> _Without | None:
    """The smallest set that takes the first place from the leader, by influence on its lead over this rival: a smaller
    one than `best`, or `best`. Each fit takes one of `fits`."""
    at, own, tried = start, None, set()
    for share in _HOPES:
        influence = at.influence(votes, rival)
        n = _needed(influence, votes.counts, at.lead(votes, rival) + float((at.removed * influence).sum()))
        if best is not None and share * n > best.n:
            return best
        removed = _largest(influence, votes.counts, n)
        while (found := _fit(votes, removed, fits)) is None and n > at.n + 1:  # too many: fewer may leave a maximum
            n = (at.n + n) // 2
            removed = _largest(influence, votes.counts, n)
        if found is None or removed.tobytes() in tried:
            break
        tried.add(removed.tobytes())
        at = found
        if (own is None or at.n < own.n) and at.next_leader(votes) is not None:
            own = at
    if own is not None:
        own = _shrunk(votes, own, rival, fits)
    return own if best is None or (own is not None and own.n < best.n) else best


def _shrunk(votes: _Votes, own: _Without, rival: int, fits: Iterator[int]) -> _Without:
    """The same with fewer votes, for as long as that leaves the leader behind: one, then two, four, ... fewer."""
    step = 1
    while step and own.n > step:
        fewer = _fit(votes, _largest(own.influence(votes, rival), votes.counts, own.n - step), fits)
        if fewer is not None and fewer.next_leader(votes) is not None:
            own, step = fewer, 2 * step
        else:
            step //= 2
    return own


def _fit(votes: _Votes, removed: Index, fits: Iterator[int]) -> _Without | None:
    """None also where no more fits may be made."""
    return None if next(fits, None) is None else votes.without(removed)


def _needed(influence: Floats, counts: Index, lead: float) -> int:
    """How many votes of the largest influence make up the lead; all of any influence if they do not."""
    order, available = _by_influence(influence, counts)
    gained, n = np.cumsum(available * influence.ravel()[order]), np.cumsum(available)
    lead = max(lead, 0.0) + _AHEAD
    whole = int(np.searchsorted(gained, lead, side="left"))
    if whole == len(order):
        return int(n[-1])
    before, n_before = (gained[whole - 1], n[whole - 1]) if whole else (0.0, 0)
    return int(n_before + np.ceil((lead - before) / influence.ravel()[order[whole]]))


def _largest(influence: Floats, counts: Index, n: int) -> Index:
    """(3, M): the n votes of the largest influence."""
    order, available = _by_influence(influence, counts)
    taken = np.zeros(counts.size, dtype=np.int64)
    taken[order] = np.clip(n - (np.cumsum(available) - available), 0, available)
    return taken.reshape(counts.shape)


def _by_influence(influence: Floats, counts: Index) -> tuple[Index, Index]:
    """The cells in order, and the votes of each that shorten the lead."""
    order = np.argsort(-influence, axis=None, kind="stable")
    return order, np.where(influence > 0, counts, 0).ravel()[order]


def _described(votes: _Votes, found: _Without) -> Fragility:
    models, removed = votes.pairs.models, found.removed
    then = found.next_leader(votes)
    assert then is not None
    cells = [
        Removed(
            models[votes.pairs.a[pair]], models[votes.pairs.b[pair]], _OUTCOMES[outcome], int(removed[outcome, pair])
        )
        for outcome, pair in zip(*np.nonzero(removed), strict=True)
    ]
    cells.sort(key=lambda one: (-one.count, one.model_a, one.model_b, one.outcome))
    return Fragility(models[votes.leader], models[then], found.n, tuple(cells))
