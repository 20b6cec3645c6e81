"""The weight of each vote: by pair, by probability of the draw, by age.

A rating without weights is for the pairs as they were played. With weights 1 / frequency every pair counts as if it had
met as often as any other; with 1 / probability the ratings are those that uniform pairs would have given
(arXiv:2403.04132, section 4). Both make intervals wider; neither is the official board's.

    none   1
    pair   1 / max(n, 50) for n votes of the unordered pair: a pair with few votes does not dominate
    draw   1 / P(pair was drawn), per vote
    half_life_days h: times 2^(-age / h), age counted back from the newest vote; after 100 half-lives 0

The first three are scaled to a mean of 1, so that the prior keeps its weight against the votes. Age is not: fading
votes carry less information, and the prior regains its weight. Sums do not depend on the order of votes.

    K models, N votes, C cells
"""

from dataclasses import replace

import numpy as np

from elo.battles import Cells, Floats, MissingDataError, Pairs, Votes
from elo.settings import Settings

_LEAST_OF_PAIR = 50
_LEAST_CHANCE = 1e-100  # weights 1 / less, or their squares, are beyond any float
_DAY_S = 86_400.0
_MOST_HALF_LIVES = 100.0  # what is left after more is below rounding, and must not connect two models


def is_weighted(settings: Settings) -> bool:
    return settings.weights != "none" or settings.half_life_days is not None


def weighted_pairs(cells: Cells, votes: Votes | None, settings: Settings) -> Pairs:
    """The pairs with sums of weights instead of counts, and the sums of their squares; without pairs whose votes have
    all faded. `cells` count the `votes`, which may be None if weights are by pair alone.

    Two pairs of 100 and 300 votes, by pair: 2 and 2/3 a vote, so both weigh 200.
    Raises MissingDataError if the settings need a draw probability or a time that a vote does not have.
    """
    if not is_weighted(settings):
        return cells.pairs()
    if settings.weights == "pair" and settings.half_life_days is None:
        weight = _by_pair(cells)
        return cells.weighted(cells.count * weight, cells.count * weight**2)
    if votes is None:
        raise MissingDataError("these weights need the votes one by one, and only their counts were given")
    weight = vote_weights(votes, settings)
    cell = cells.of_votes(votes)
    order = np.lexsort((weight, cell))
    starts = np.searchsorted(cell[order], np.arange(len(cells.count)))
    ordered = weight[order]
    return _left(cells.weighted(np.add.reduceat(ordered, starts), np.add.reduceat(ordered**2, starts)))


def vote_weights(votes: Votes, settings: Settings) -> Floats:
    """(N,): the weight of each vote, 0 where it has faded. Raises as `weighted_pairs`."""
    weight = np.ones(len(votes))
    if settings.weights == "pair":
        cells = Cells.from_votes(votes)
        weight = _by_pair(cells)[cells.of_votes(votes)]
    elif settings.weights == "draw":
        chance = _known(votes.draw_probability, "draw_probability", "weights 'draw'", "use 'none' or 'pair'")
        if (wrong := np.flatnonzero((chance < _LEAST_CHANCE) | (chance > 1))).size:
            raise MissingDataError(
                f"vote {wrong[0] + 1}: draw_probability {chance[wrong[0]]:g} is not from {_LEAST_CHANCE:g} to 1; "
                "leave the vote out, or use weights 'none' or 'pair'"
            )
        weight = 1 / chance
        weight *= len(weight) / np.sort(weight).sum()
    if settings.half_life_days is not None:
        time_s = _known(votes.time_s, "time", "half_life_days", "rate without it")
        half_lives = (time_s.max(initial=-np.inf) - time_s) / (settings.half_life_days * _DAY_S)
        weight = np.where(half_lives > _MOST_HALF_LIVES, 0.0, weight * np.exp2(-half_lives))
    return weight


def _left(pairs: Pairs) -> Pairs:
    is_left = pairs.games > 0
    if is_left.all():
        return pairs
    names = ("a", "b", "won", "lost", "tied", "won2", "lost2", "tied2")
    return replace(pairs, **{name: getattr(pairs, name)[is_left] for name in names})


def _known(column: Floats | None, what: str, option: str, instead: str) -> Floats:
    if column is None:
        raise MissingDataError(f"{option} needs the {what} of every vote, and these votes have none; {instead}")
    if (missing := np.flatnonzero(~np.isfinite(column))).size:
        more = f" and {len(missing) - 1:,} more have" if len(missing) > 1 else " has"
        raise MissingDataError(
            f"vote {missing[0] + 1}{more} no {what}, and {option} needs it of every vote; leave such votes out, or "
            f"{instead}"
        )
    return column


def _by_pair(cells: Cells) -> Floats:
    """(C,): 1 / max(votes of the cell's pair, 50), scaled to a mean of 1 a vote."""
    _, row = np.unique(cells.a * len(cells.models) + cells.b, return_inverse=True)
    met = np.bincount(row, cells.count)[row]
    weight: Floats = 1 / np.maximum(met, _LEAST_OF_PAIR)
    weight *= cells.n_votes / (cells.count * weight).sum()
    return weight
