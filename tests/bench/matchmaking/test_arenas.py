import numpy as np
import pytest

from arena.settings import MatchmakingSettings
from bench.matchmaking.arenas import POINTS, Arenas, fitted, points_around_mean, reach, sandwich, truths
from elo import estimate
from elo.battles import Votes
from elo.settings import Settings

N_MODELS = 5


def voted(settings: MatchmakingSettings) -> Arenas:
    arenas = Arenas(truths(3, N_MODELS), np.random.default_rng(1))
    for _ in range(4):
        arenas.vote(arenas.chances(settings), 50)
    return arenas


def test_a_batch_gives_the_ratings_and_intervals_of_the_library() -> None:
    arenas = voted(MatchmakingSettings(policy="adaptive"))
    for number in range(3):
        won, tied = arenas.won[number], arenas.tied[number]
        a, b, outcome = [], [], []
        for i, j in zip(*np.triu_indices(N_MODELS, 1), strict=True):
            for code, n in ((0, won[i, j]), (1, won[j, i]), (2, tied[i, j])):
                a += [i] * int(n)
                b += [j] * int(n)
                outcome += [code] * int(n)
        votes = Votes(tuple(f"m{i}" for i in range(N_MODELS)), np.array(a), np.array(b), np.array(outcome))
        settings = Settings(interval="sandwich", cluster="none")
        one = estimate.fit(votes, settings)
        bounds = estimate.spread(one).intervals
        assert bounds is not None
        assert points_around_mean(arenas.fit.r)[number] == pytest.approx(POINTS * one.ratings, abs=1e-6)
        half = POINTS * (bounds.high - bounds.low) / 2
        assert reach(arenas.covariance())[number] == pytest.approx(half, rel=1e-5)


def test_weights_by_probability_change_nothing_where_every_pair_is_drawn_alike() -> None:
    arenas = voted(MatchmakingSettings())
    mean = arenas.weighted[0].max() / arenas.won.max()
    (won, tied), squares = arenas.weighted / mean, arenas.squares / mean**2
    assert won == pytest.approx(arenas.won)
    assert tied == pytest.approx(arenas.tied)
    weighted = fitted(won, tied, np.zeros_like(arenas.fit.r))
    assert weighted.r == pytest.approx(arenas.fit.r, abs=1e-6)
    assert sandwich(squares[0], squares[1], weighted) == pytest.approx(arenas.covariance(), rel=1e-6)


def test_a_newcomer_can_be_left_out_of_the_draw() -> None:
    arenas = Arenas(truths(2, N_MODELS), np.random.default_rng(1))
    arenas.vote(arenas.chances(MatchmakingSettings(), N_MODELS - 1), 100)
    assert arenas.games[:, -1].sum() == 0
    assert arenas.games[:, :-1].sum() == 2 * 100 * 2
