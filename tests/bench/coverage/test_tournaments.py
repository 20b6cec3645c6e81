import numpy as np
import pytest

from bench.coverage import tournaments
from bench.coverage.tournaments import KINDS, MODELS, RANK_KINDS, prepared, tournament
from elo.battles import Cells
from elo.fit.bradley_terry import fit


@pytest.mark.parametrize("kind", [*KINDS, *RANK_KINDS])
def test_a_tournament_is_reproducible_from_its_number(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tournaments, "N_VOTES", 400)
    one, same, other = (tournament(kind, number) for number in (0, 0, 1))
    assert list(one.votes) == list(same.votes) != list(other.votes)
    assert (one.truth == same.truth).all()
    assert one.votes.models == MODELS
    assert abs(one.truth.mean()) < 1e-12
    assert (one.votes.a != one.votes.b).all()


def test_models_are_as_far_apart_and_met_as_often_as_a_kind_says() -> None:
    for gap, kind in ((0, "equal models"), (15, "15 points apart"), (60, "60 points apart")):
        for n_votes in (200, 2_000, 20_000):
            played = RANK_KINDS[f"{kind}, {n_votes:,} votes"](np.random.default_rng(2))
            assert np.diff(played.truth) * 173.7178 == pytest.approx(np.full(19, gap), abs=1e-4)
            assert len(played.votes) == n_votes
    votes = RANK_KINDS["equal models, two newcomers"](np.random.default_rng(2)).votes
    battles = np.bincount(np.append(votes.a, votes.b), minlength=20)
    assert battles[18:].tolist() == [6, 6]
    assert battles[:18].min() > 150
    assert RANK_KINDS["equal models, 40 voters with tastes"](np.random.default_rng(2)).truth == pytest.approx(
        0, abs=1e-9
    )


@pytest.mark.parametrize("kind", ["uniform", "adaptive", "prepared", "tastes"])
def test_the_fit_of_many_votes_is_the_truth(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 300,000 votes, and enough prepared pairs or voters."""
    for name, value in (
        ("N_VOTES", 300_000),
        ("_REFIT_EVERY", 30_000),
        ("_N_PREPARED", 100_000),
        ("_N_VOTERS", 10_000),
    ):
        monkeypatch.setattr(tournaments, name, value)
    rng = np.random.default_rng(3)
    played = prepared(rng, 3) if kind == "prepared" else KINDS[kind](rng)
    found = fit(Cells.from_votes(played.votes).pairs(), prior=0).ratings
    assert found == pytest.approx(played.truth, abs=0.05)


def test_tastes_make_the_truth_flatter_than_the_ratings(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings = np.linspace(-1, 1, 20)
    assert 0.8 < np.ptp(tournaments._seen_by_all(ratings)) / 2 < 0.95
    monkeypatch.setattr(tournaments, "_TASTE", 1e-9)
    assert tournaments._seen_by_all(ratings) == pytest.approx(ratings, abs=1e-9)


def test_voters_of_a_prepared_pair_agree_more_than_by_chance() -> None:
    """Beta with concentration 5: a correlation of 1/6 between two votes that are not ties."""
    played = prepared(np.random.default_rng(4), 20)
    votes = played.votes
    assert votes.prepared is not None
    score = np.array([outcome.score for _, _, outcome in votes]).reshape(200, 20)
    expected = 1 / (1 + np.exp(played.truth[votes.b] - played.truth[votes.a])).reshape(200, 20)
    rest = score - expected
    pairs = (rest.sum(axis=1) ** 2 - (rest**2).sum(axis=1)) / (20 * 19)
    assert 0.1 < pairs.mean() / (rest**2).mean() < 0.35
