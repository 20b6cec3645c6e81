"""R simulated arenas of K models at once: draw pairs by the arena's own policy, let voters vote, fit, and measure how
well the ratings are known.

The voters are those of `elo.simulate`: 30 % of votes between equals are ties. An arena is fitted again after every
`step` votes, and the next ones are drawn with the chances of that board (`arena.rounds.matchmaking`). The fit and the
sandwich are those of the official board (ties as half wins, a prior of one virtual tie), in batches, because the
library fits one board at a time; a test compares the two. All in log-odds.
"""

from dataclasses import dataclass

import numpy as np

from arena.players.roster import Player
from arena.rounds.matchmaking import Known
from arena.rounds.matchmaking.chances import pair_chances
from arena.settings import MatchmakingSettings
from elo.battles import Floats
from elo.fit.bradley_terry import Fit, sigma
from elo.settings import Settings
from elo.simulate import Scenario, expected, simulate

POINTS = Settings().points_per_logit
PRIOR = Settings().prior
TIES = Scenario().ties
_Z = 1.959964


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """The fits of R boards, in log-odds: ratings `r` (R, K), with the average opponent at 0, and the inverse of minus
    the Hessian, `inverse` (R, K, K)."""

    r: Floats
    inverse: Floats


def truths(n_arenas: int, n_models: int, *, seed: int = 0) -> Floats:
    """(R, K): the true ratings of each arena in points, as `elo.simulate` draws them."""
    drawn = [simulate(Scenario(votes=1, models=n_models, seed=seed + number)).ratings for number in range(n_arenas)]
    return np.array(drawn)


class Arenas:
    """The votes of all arenas so far, and the last fit.

    `won` (R, K, K): how often the first beat the second; `tied`: ties, symmetric. `weighted` and `squares` are the same
    with a weight of 1 / probability, and its square, for each vote: (2, R, K, K) with won and tied. `fit` is what the
    next draw knows.
    """

    def __init__(self, truth: Floats, rng: np.random.Generator) -> None:
        self.truth = truth
        self._rng = rng
        n_arenas, n_models = truth.shape
        self._above = np.triu_indices(n_models, 1)
        self._first, self._second = self._above
        self.players = tuple(Player(f"model-{i:02}", base_urls=("http://x/v1",)) for i in range(n_models))
        self.won, self.tied = (np.zeros((n_arenas, n_models, n_models)) for _ in range(2))
        self.weighted, self.squares = (np.zeros((2, n_arenas, n_models, n_models)) for _ in range(2))
        self.fit = Fits(
            np.zeros((n_arenas, n_models)),
            np.broadcast_to(4 / PRIOR * np.eye(n_models), (n_arenas, n_models, n_models)).copy(),
        )

    @property
    def games(self) -> Floats:
        """(R, K, K): votes of each pair, symmetric."""
        games: Floats = self.won + self.won.transpose(0, 2, 1) + self.tied
        return games

    def chances(self, settings: MatchmakingSettings, n_models: int | None = None) -> Floats:
        """(R, M): the chance of each pair i < j of the first `n_models`, by the last fit."""
        players = self.players[:n_models]
        names = tuple(player.name for player in self.players)
        votes = self.games.sum(axis=2).astype(np.int64)
        found = np.zeros((len(self.truth), *self.won.shape[1:]))
        for arena, own in enumerate(found):
            known = Known(names, votes[arena], Fit(self.fit.r[arena], self.fit.inverse[arena]))
            own[: len(players), : len(players)] = pair_chances(players, settings, known)
        return found[:, self._first, self._second]

    def vote(self, chances: Floats, n_votes: int) -> None:
        """Let every arena draw and cast `n_votes` votes with these chances, and fit it again."""
        drawn = self._rng.multinomial(n_votes, chances)
        p, half_tie = expected(self.truth[:, self._first] - self.truth[:, self._second], TIES)
        shares = np.stack([p - half_tie, 1 - p - half_tie, 2 * half_tie], axis=-1)
        first, second, tied = np.moveaxis(self._rng.multinomial(drawn, shares), -1, 0).astype(np.float64)
        weight = np.divide(1.0, chances, out=np.zeros_like(chances), where=chances > 0)
        for power, (won_sum, tied_sum) in (
            (0, (self.won, self.tied)),
            (1, self.weighted),
            (2, self.squares),
        ):
            w = weight**power
            won_sum[:, self._first, self._second] += first * w
            won_sum[:, self._second, self._first] += second * w
            tied_sum[:, self._first, self._second] += tied * w
            tied_sum[:, self._second, self._first] += tied * w
        self.fit = fitted(self.won, self.tied, self.fit.r)

    def covariance(self) -> Floats:
        """(R, K, K): the sandwich covariance of the ratings with mean 0."""
        return sandwich(self.won, self.tied, self.fit)


def fitted(won: Floats, tied: Floats, r: Floats) -> Fits:
    """Fit the boards of R arenas from their votes by Newton's method, beginning at the ratings `r` (R, K).

    Raises ArithmeticError if 50 steps are not enough.
    """
    games = won + won.transpose(0, 2, 1) + tied
    points = won + tied / 2
    for _ in range(50):
        p = sigma(r[:, :, None] - r[:, None, :])
        own = sigma(r)
        gradient = (points - games * p).sum(axis=2) + PRIOR * (0.5 - own)
        h = games * p * (1 - p)
        hessian = -h
        at = np.arange(r.shape[1])
        hessian[:, at, at] = h.sum(axis=2) + PRIOR * own * (1 - own)
        inverse: Floats = np.linalg.inv(hessian).astype(np.float64)
        step = np.einsum("rij,rj->ri", inverse, gradient)
        largest = np.abs(step).max()
        r = r + step / max(1.0, largest)
        if largest < 1e-9:
            return Fits(r, inverse)
    raise ArithmeticError(f"a simulated board did not converge: the last step was {largest:.1e}")


def sandwich(won: Floats, tied: Floats, fit: Fits) -> Floats:
    """(R, K, K): inverse * scatter of the scores * inverse, of ratings with mean 0. With weights, `won` and `tied` are
    sums of their squares."""
    r, inverse = fit.r, fit.inverse
    p = sigma(r[:, :, None] - r[:, None, :])
    spread = won * (1 - p) ** 2 + won.transpose(0, 2, 1) * p**2 + tied * (0.5 - p) ** 2
    at = np.arange(r.shape[1])
    scatter = -spread
    scatter[:, at, at] = spread.sum(axis=2) + PRIOR * (0.5 - sigma(r)) ** 2
    covariance = inverse @ scatter @ inverse
    mean = np.eye(r.shape[1]) - 1 / r.shape[1]
    centred: Floats = mean @ covariance @ mean
    return centred


def reach(covariance: Floats) -> Floats:
    """(R, K): half the width of each 95 % interval, in points."""
    return _Z * POINTS * np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))


def points_around_mean(r: Floats) -> Floats:
    """(R, K): ratings in points with mean 0."""
    centred: Floats = POINTS * (r - r.mean(axis=1, keepdims=True))
    return centred
