"""The whole way from votes to ratings against plain definitions, and what must change nothing.

Here are the claims that join modules; each module's own tests hold what is its own.
"""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from db.outcome import Outcome
from elo import Cells, Settings, Votes, rate
from elo.battles import Floats, Pairs
from elo.board.matrices import Matrices
from elo.estimate import fit as fit_votes
from elo.estimate import spread
from elo.fit.bradley_terry import ConvergenceError, NoMaximumError
from elo.fit.ties import TieFit
from tests.elo import reference

POINTS = Settings().points_per_logit
HUNDREDTH = 0.01  # of a point on the Elo scale


def plain_ratings(votes: Votes, weight: Floats, ties: str, prior: float) -> Floats:
    """(K,) on the Elo scale, mean 0: scipy's minimum of the textbook likelihood, vote by vote."""
    K = len(votes.models)
    is_a, is_b, is_tied = votes.outcome == 0, votes.outcome == 1, votes.outcome >= 2

    def loss(x: Floats) -> float:
        r, t = x[:K], x[K]
        strength_a, strength_b = np.exp(r[votes.a]), np.exp(r[votes.b])
        if ties == "davidson":
            middle = np.exp(t) * np.sqrt(strength_a * strength_b)
            total = strength_a + strength_b + middle
            won, lost, tied = strength_a / total, strength_b / total, middle / total
        elif ties == "rao-kupper":
            theta = 1 + np.exp(t)
            won, lost = strength_a / (strength_a + theta * strength_b), strength_b / (theta * strength_a + strength_b)
            tied = (theta**2 - 1) * strength_a * strength_b
            tied = tied / ((strength_a + theta * strength_b) * (theta * strength_a + strength_b))
        else:
            won, lost = strength_a / (strength_a + strength_b), strength_b / (strength_a + strength_b)
            tied = np.sqrt(won * lost) if ties == "half" else np.ones(len(votes))
        log_p = np.where(is_a, np.log(won), np.where(is_b, np.log(lost), np.where(is_tied, np.log(tied), np.nan)))
        of_prior = prior * (np.log(1 / (1 + np.exp(-r))) + np.log(1 / (1 + np.exp(r)))).sum() / 2
        return -float((weight * log_p).sum() + of_prior)

    best = minimize(loss, np.zeros(K + 1), method="BFGS", options={"gtol": 1e-6, "maxiter": 2000}).x[:K]
    ratings: Floats = POINTS * (best - best.mean())
    return ratings


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ties", ["half", "ignore", "davidson", "rao-kupper"])
@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_random_tournaments_equal_a_plain_likelihood(seed: int, ties: Any, prior: float) -> None:
    rng = np.random.default_rng(seed)
    votes, _ = reference.random_votes(rng, n_votes=int(rng.integers(300, 900)), n_models=int(rng.integers(3, 9)))
    expected = plain_ratings(votes, np.ones(len(votes)), ties, prior)
    board = rate(votes, Settings(ties=ties, prior=prior, bootstrap=0))
    ratings = {row.model: row.rating - 1000 for row in board.rows}
    assert ratings == pytest.approx(dict(zip(votes.models, expected.tolist(), strict=True)), abs=HUNDREDTH)


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_random_tournaments_with_weights_equal_a_plain_likelihood(ties: Any) -> None:
    rng = np.random.default_rng(9)
    votes, _ = reference.random_votes(rng, n_votes=700, n_models=6)
    chance, days = rng.uniform(0.02, 0.5, 700), rng.uniform(0, 100, 700)
    weight = 700 / chance / (1 / chance).sum() * 0.5 ** ((days.max() - days) / 40)
    full = Votes(votes.models, votes.a, votes.b, votes.outcome, time_s=days * 86_400.0, draw_probability=chance)
    board = rate(full, Settings(ties=ties, weights="draw", half_life_days=40))
    ratings = {row.model: row.rating - 1000 for row in board.rows}
    expected = plain_ratings(votes, weight, ties, 1.0)
    assert ratings == pytest.approx(dict(zip(votes.models, expected.tolist(), strict=True)), abs=HUNDREDTH)


@pytest.mark.parametrize("name", reference.NAMES)
def test_errors_by_inverse_pair_frequency_equal_arena_ranks(name: str) -> None:
    data = reference.load(name)
    expected = data.results["arena_rank_reweighted_sandwich"]["variances"]
    settings = Settings(weights="pair", prior=0, interval="sandwich", cluster="none")
    bounds = spread(fit_votes(data.cells, settings)).intervals
    assert bounds is not None
    errors = dict(zip(data.cells.models, (POINTS * np.sqrt(np.diag(bounds.covariance))).tolist(), strict=True))
    assert errors == pytest.approx({model: math.sqrt(variance) for model, variance in expected.items()}, rel=1e-3)


@pytest.mark.parametrize("name", ["llmfao_crowd", "chatbot_arena_33k"])  # on the others FastChat divides 0 by 0
def test_win_fractions_without_ties_equal_fastchats(name: str) -> None:
    data = reference.load(name)
    expected = data.results["fastchat_pairwise_win_fraction_no_ties"]
    found = fit_votes(data.cells, Settings(ties="ignore", bootstrap=0))
    matrices = Matrices.of(found.pairs, found.ratings).ordered(expected["order"])
    fractions = np.array(expected["matrix"], dtype=np.float64)
    np.fill_diagonal(fractions, np.nan)
    assert matrices.observed == pytest.approx(fractions, abs=1e-12, nan_ok=True)
    average = [expected["average"][model] for model in matrices.models]
    assert matrices.average_observed == pytest.approx(average, abs=1e-12)


VOTE = st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.sampled_from(Outcome)).filter(
    lambda vote: vote[0] != vote[1]
)
CHOICES = st.builds(
    Settings,
    ties=st.sampled_from(["half", "ignore", "davidson", "rao-kupper"]),
    prior=st.sampled_from([0.0, 0.5, 1.0]),
    weights=st.sampled_from(["none", "pair"]),
    gauge=st.sampled_from(["mean", "battles"]),
    bootstrap=st.just(16),
)


def board_or_error(data: Votes | Cells, choice: Settings) -> str:
    try:
        return json.dumps(rate(data, choice).to_json())
    except (NoMaximumError, ConvergenceError) as error:
        return f"{type(error).__name__}: {error}"


@settings(deadline=None, max_examples=40)
@given(st.lists(VOTE, min_size=1, max_size=30), st.randoms(use_true_random=False), CHOICES)
def test_order_sides_and_parts_change_no_bit_of_a_board_or_an_error(
    votes: list[tuple[str, str, Outcome]], random: Any, choice: Settings
) -> None:
    expected = board_or_error(Votes.from_rows(votes), choice)
    assert "Convergence" not in expected
    turned = [(b, a, o.swapped) if i % 2 else (a, b, o) for i, (a, b, o) in enumerate(votes)]
    random.shuffle(turned)
    assert board_or_error(Votes.from_rows(turned), choice) == expected
    parts = turned[len(turned) // 3 :] + turned[: len(turned) // 3]
    assert board_or_error(Cells.from_counts([(*vote, 1) for vote in parts]), choice) == expected


@settings(deadline=None, max_examples=30)
@given(st.lists(VOTE, min_size=1, max_size=30), st.sampled_from(["half", "davidson", "rao-kupper"]))
def test_predicted_points_of_the_likeliest_ratings_meet_those_scored(
    votes: list[tuple[str, str, Outcome]], ties: Any
) -> None:
    """At a maximum every model has scored what it was expected to (Rao-Kupper's counts a tie as a win for both)."""
    try:
        found = fit_votes(Votes.from_rows(votes), Settings(ties=ties, prior=0, bootstrap=0))
    except NoMaximumError:
        return
    pairs: Pairs = found.pairs
    expected = found.expected_score(found.ratings[pairs.a] - found.ratings[pairs.b])
    if ties == "rao-kupper" and isinstance(found.fit, TieFit):
        return
    excess = np.zeros(pairs.n_models)
    np.add.at(excess, pairs.a, pairs.points - pairs.games * expected)
    np.add.at(excess, pairs.b, -(pairs.points - pairs.games * expected))
    assert excess == pytest.approx(np.zeros(pairs.n_models), abs=1e-7)
