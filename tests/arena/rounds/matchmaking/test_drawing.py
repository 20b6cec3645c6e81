import random
from collections import Counter
from itertools import permutations

import pytest

from arena.rounds.matchmaking import Known, TooFewPlayers, draw
from arena.settings import MatchmakingSettings, Policy
from tests.arena.rounds.matchmaking.board import known, players

N_DRAWS = 10_000
UNEVEN = known({"ab": 900, "bc": 100, "ca": 40})


@pytest.mark.parametrize("n_players", [0, 1])
def test_fewer_than_two_players_make_no_pair(n_players: int) -> None:
    settings = MatchmakingSettings(control_share=0.5)  # a control battle needs two, too
    with pytest.raises(TooFewPlayers, match=f"{n_players} players can be drawn; a battle needs 2") as caught:
        draw(players(a=1.0)[:n_players], random.Random(0), settings=settings)
    assert caught.value.n_players == n_players


def test_two_players_meet_on_either_side_alike() -> None:
    rng = random.Random(2)
    drawn = Counter(draw(players(a=3, b=1), rng).model_a for _ in range(4000))
    assert abs(drawn["a"] / 4000 - 0.5) < 0.03
    assert draw(players(a=3, b=1), rng).probability == 0.5


@pytest.mark.parametrize(
    ("policy", "weights", "control_share"),
    [
        ("uniform", {"a": 0.5, "b": 7, "c": 1}, 0.0),
        ("balanced", {"a": 1, "b": 1, "c": 1, "d": 1}, 0.3),
        ("adaptive", {"a": 2, "b": 1, "c": 1}, 0.0),
    ],
)
def test_pairs_are_drawn_with_the_stored_probability(
    policy: Policy, weights: dict[str, float], control_share: float
) -> None:
    settings = MatchmakingSettings(
        policy=policy, exploration=0.5, control_share=control_share, new_model_boost=3.0, new_model_battles=500
    )
    rng = random.Random(3)
    drawn = [draw(players(**weights), rng, settings=settings, known=UNEVEN) for _ in range(N_DRAWS)]
    controls = [one for one in drawn if one.is_control]
    assert abs(len(controls) / N_DRAWS - control_share) < 0.02
    for kind, every in (
        ([one for one in drawn if not one.is_control], set(permutations(weights, 2))),
        (controls, {(name, name) for name in weights} if control_share else set()),
    ):
        stated = {(one.model_a, one.model_b): one.probability for one in kind}
        counts = Counter((one.model_a, one.model_b) for one in kind)
        assert set(stated) == every
        assert not every or sum(stated.values()) == pytest.approx(1)
        for pair, probability in stated.items():
            error = (probability * (1 - probability) / len(kind)) ** 0.5
            assert abs(counts[pair] / len(kind) - probability) < 4.5 * error
    assert {one.policy for one in drawn} == {policy}


def test_no_control_battle_is_drawn_where_it_would_be_known_for_one() -> None:
    rng, settings = random.Random(4), MatchmakingSettings(control_share=0.5)
    drawn = [draw(players(a=1, b=1), rng, settings=settings, has_controls=False) for _ in range(200)]
    assert not any(one.is_control for one in drawn)


def test_after_a_control_battle_another_model_is_its_own_opponent() -> None:
    rng, settings = random.Random(5), MatchmakingSettings(control_share=0.5)
    drawn = [draw(players(a=1, b=1), rng, settings=settings, other_than=("a", "a")) for _ in range(200)]
    assert {(one.model_a, one.model_b) for one in drawn} == {("a", "b"), ("b", "a"), ("b", "b")}


def test_a_seed_gives_the_same_draws() -> None:
    def draws() -> list[object]:
        rng = random.Random(5)
        settings = MatchmakingSettings(policy="adaptive", control_share=0.1)
        return [draw(players(a=1, b=2, c=3), rng, settings=settings, known=Known()) for _ in range(20)]

    assert draws() == draws()
