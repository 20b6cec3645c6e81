import numpy as np
import pytest

from db.outcome import Outcome
from elo import Settings, Votes
from elo.online import State, expected_score, name_of, replay, settings_of, update
from tests.elo import reference

ELO = Settings(method="elo")


def test_worked_example_of_wikipedia() -> None:
    """A player of 1613 against 1609, 1477, 1388, 1586 and 1720 scores 0, 1/2, 1, 1, 0 with K = 32."""
    opponents = (1609, 1477, 1388, 1586, 1720)
    outcomes = (Outcome.B, Outcome.TIE, Outcome.A, Outcome.A, Outcome.B)
    expected = [expected_score(1613, opponent, ELO) for opponent in opponents]
    assert [round(value, 3) for value in expected] == [0.506, 0.686, 0.785, 0.539, 0.351]
    assert 1613 + 32 * (2.5 - sum(expected)) == pytest.approx(1601.27, abs=0.005)
    rating = 1613.0
    for opponent, outcome in zip(opponents, outcomes, strict=True):
        rating = update(rating, opponent, outcome, ELO).a
    assert rating == pytest.approx(1603.19, abs=0.005)


def test_what_one_side_gains_the_other_loses() -> None:
    for outcome in Outcome:
        after = update(1100.0, 900.0, outcome, ELO)
        assert after.a + after.b == pytest.approx(2000, abs=1e-9)


def test_swapping_the_sides_swaps_the_result() -> None:
    for outcome in Outcome:
        forth, back = update(1105.0, 930.0, outcome, ELO), update(930.0, 1105.0, outcome.swapped, ELO)
        assert forth == pytest.approx((back.b, back.a), abs=1e-9)


def test_an_update_unpacks_as_a_pair() -> None:
    after_a, after_b = update(1000.0, 1000.0, Outcome.A, ELO)
    assert (after_a, after_b) == (1016.0, 984.0)


def test_hopeless_odds_are_no_overflow() -> None:
    assert expected_score(-1e9, 1e9, ELO) == 0.0
    assert expected_score(1e9, -1e9, ELO) == 1.0


def test_replay_equals_update_after_update_bit_for_bit() -> None:
    votes = reference.load("llmfao_crowd").votes
    state: dict[str, float] = {}
    for model_a, model_b, outcome in votes:
        a, b = state.get(model_a, 1000.0), state.get(model_b, 1000.0)
        state[model_a], state[model_b] = update(a, b, outcome, ELO)
    assert {model: after.rating for model, after in replay(votes, ELO).items()} == state


@pytest.mark.parametrize(
    "settings", [ELO, Settings(method="elo", base=2.718281828459045, scale=173.7, k=0.3), Settings(method="elo", k=1e7)]
)
def test_replay_of_index_arrays_equals_update_after_update_bit_for_bit(settings: Settings) -> None:
    """K = 1e7 makes odds beyond any float, in both directions."""
    votes, _ = reference.random_votes(np.random.default_rng(3), n_votes=140_000, n_models=12, spread=2.0)
    ratings = dict.fromkeys(votes.models, settings.start)
    for model_a, model_b, outcome in votes:
        ratings[model_a], ratings[model_b] = update(ratings[model_a], ratings[model_b], outcome, settings)
    assert {model: state.rating for model, state in replay(votes, settings).items()} == ratings


def test_replay_of_rows_equals_replay_of_index_arrays() -> None:
    votes = reference.load("llmfao_crowd").votes
    assert replay(list(votes), ELO) == replay(votes, ELO)


def test_replay_leaves_out_models_without_a_vote() -> None:
    votes = Votes(("a", "never", "b"), np.array([0]), np.array([2]), np.array([Outcome.A]))
    assert replay(votes, ELO) == {"a": State(1016.0, 1), "b": State(984.0, 1)}


def test_replay_counts_games_and_keeps_the_sum() -> None:
    votes = [("a", "b", Outcome.A), ("b", "c", Outcome.BOTH_BAD), ("a", "b", Outcome.B)]
    states = replay(votes, Settings(method="elo", start=1500))
    assert {model: state.games for model, state in states.items()} == {"a": 2, "b": 3, "c": 1}
    assert sum(state.rating for state in states.values()) == pytest.approx(4500, abs=1e-9)
    assert replay([], ELO) == {}
    assert isinstance(states["a"], State)


@pytest.mark.parametrize("name", reference.NAMES)
@pytest.mark.parametrize("key", ["fastchat_compute_elo_online", "evalica_elo"])
def test_replay_equals_fastchat_and_evalica(name: str, key: str) -> None:
    data = reference.load(name)
    states = replay(data.votes, Settings(method="elo", k=4))
    ratings = {model: state.rating for model, state in states.items()}
    assert ratings == pytest.approx(data.results[key], abs=1e-9)


def test_a_model_against_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="vote 2: 'a' against itself"):
        replay([("a", "b", Outcome.A), ("a", "a", Outcome.TIE)], ELO)
    with pytest.raises(ValueError, match="vote 2: 'a' against itself"):
        replay(Votes(("a", "b"), np.array([0, 0]), np.array([1, 0]), np.array([0, 2])), ELO)


def test_order_alone_moves_the_public_votes_by_tens_of_points() -> None:
    """K = 4 on 26,000 votes, which is why online Elo orders no board."""
    votes, settings = reference.load("chatbot_arena_33k").votes, Settings(method="elo", k=4)
    forward, backward = replay(votes, settings), replay(votes.select(np.arange(len(votes))[::-1]), settings)
    assert max(abs(forward[model].rating - backward[model].rating) for model in forward) == pytest.approx(94, abs=1)


@pytest.mark.parametrize("settings", [Settings(), Settings(base=2.718281828459045, scale=173.7, k=0.1, start=-1e-9)])
def test_the_name_of_the_arithmetic_contains_its_settings(settings: Settings) -> None:
    assert settings_of(name_of(settings)) == settings


@pytest.mark.parametrize("name", ["", "elo k=32", "elo base=x scale=1 k=1 start=1", "elo base=0 scale=1 k=1 start=1"])
def test_a_name_of_another_arithmetic_has_no_settings(name: str) -> None:
    assert settings_of(name) is None
