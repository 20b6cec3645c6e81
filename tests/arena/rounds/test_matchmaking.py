import random
from collections import Counter
from itertools import permutations

import pytest

from arena.players.roster import Player
from arena.rounds.matchmaking import TooFewPlayers, choose_pair


def players(**weights: float) -> list[Player]:
    return [Player(name, base_urls=("http://x/v1",), weight=weight) for name, weight in weights.items()]


@pytest.mark.parametrize("n_players", [0, 1])
def test_fewer_than_two_players_make_no_pair(n_players: int) -> None:
    with pytest.raises(TooFewPlayers, match=f"{n_players} players can be drawn; a battle needs 2") as caught:
        choose_pair(players(a=1.0)[:n_players], random.Random(0))
    assert caught.value.n_players == n_players


def test_the_two_are_never_the_same() -> None:
    rng = random.Random(1)
    drawn = [choose_pair(players(a=1, b=5, c=0.1), rng) for _ in range(500)]
    assert all(pair.model_a != pair.model_b for pair in drawn)


def test_two_players_meet_on_either_side_alike() -> None:
    rng = random.Random(2)
    drawn = Counter(choose_pair(players(a=3, b=1), rng).model_a for _ in range(4000))
    assert abs(drawn["a"] / 4000 - 0.5) < 0.03
    assert choose_pair(players(a=3, b=1), rng).probability == 0.5


@pytest.mark.parametrize(
    "weights", [{"a": 1, "b": 1, "c": 1, "d": 1}, {"a": 2, "b": 1, "c": 1}, {"a": 0.5, "b": 7, "c": 1}]
)
def test_pairs_are_drawn_with_the_stored_probability(weights: dict[str, float]) -> None:
    rng = random.Random(3)
    n_draws = 20_000
    drawn = [choose_pair(players(**weights), rng) for _ in range(n_draws)]
    stated = {(pair.model_a, pair.model_b): pair.probability for pair in drawn}
    counts = Counter((pair.model_a, pair.model_b) for pair in drawn)
    assert set(stated) == set(permutations(weights, 2))
    assert sum(stated.values()) == pytest.approx(1)
    for pair, probability in stated.items():
        error = (probability * (1 - probability) / n_draws) ** 0.5
        assert abs(counts[pair] / n_draws - probability) < 4.5 * error


def test_weights_multiply() -> None:
    rng = random.Random(4)
    stated = {
        frozenset((p.model_a, p.model_b)): p.probability
        for p in (choose_pair(players(a=2, b=1, c=1), rng) for _ in range(200))
    }
    assert stated[frozenset("ab")] == stated[frozenset("ac")] == pytest.approx(0.2)
    assert stated[frozenset("bc")] == pytest.approx(0.1)


def test_a_seed_gives_the_same_draws() -> None:
    def draws() -> list[object]:
        rng = random.Random(5)
        return [choose_pair(players(a=1, b=2, c=3), rng) for _ in range(20)]

    assert draws() == draws()
