"""Votes or their counts -> a board's ratings, as `python -m elo recompute` makes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from elo import estimate
from elo.battles import Cells, Pairs, Votes
from elo.board.leaderboard import Leaderboard, board_from, rate, rate_online
from elo.board.matrices import Matrices
from elo.chance.poisson import DrawnCounts
from elo.estimate import Estimate, Spread
from elo.settings import Settings


@dataclass(frozen=True, slots=True)
class Rated:
    """A board with what it was made of. `fitted` and `spread` are None with method elo, and without votes."""

    leaderboard: Leaderboard
    average_win_rates: Mapping[str, float]
    """The mean of a model's win rates against each of the models that it met, with equal weights."""
    fitted: Estimate | None
    spread: Spread | None


def rated(
    data: Cells | Votes, settings: Settings, *, listed: Sequence[str] = (), kept: DrawnCounts | None = None
) -> Rated:
    """Rate the votes. `kept` saves time, as in `elo.estimate.spread`. Raises what that and `elo.estimate.fit` raise."""
    cells = Cells.from_votes(data) if isinstance(data, Votes) else data
    averages = _average_win_rates(cells.pairs())
    if settings.method == "elo":
        assert isinstance(data, Votes)
        return Rated(rate_online(data, settings, listed=listed), averages, None, None)
    if not cells.n_votes:
        return Rated(rate(cells, settings, listed=listed), averages, None, None)
    fitted = estimate.fit(data, settings)
    spread = estimate.spread(fitted, kept=kept)
    board = board_from(fitted, spread, listed=listed)
    return Rated(board, averages, replace(fitted, votes=None, weights=None, contextual=None), spread)  # kept in memory


def _average_win_rates(pairs: Pairs) -> Mapping[str, float]:
    averages = Matrices.of(pairs, np.zeros(pairs.n_models)).average_observed
    return dict(zip(pairs.models, averages.tolist(), strict=True))
