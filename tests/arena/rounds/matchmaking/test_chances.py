import time

import numpy as np
import pytest

from arena.players.roster import Player
from arena.rounds.matchmaking import MAX_RATIO, Known, OneFamily, can_meet, known_from
from arena.rounds.matchmaking.chances import fewer_votes, pair_chances
from arena.settings import MatchmakingSettings, Policy
from elo.battles import Cells, Floats
from elo.simulate import Scenario, simulate
from tests.arena.rounds.matchmaking.board import known, player, players

POLICIES: tuple[Policy, ...] = ("uniform", "balanced", "adaptive")
UNEVEN = known({"ab": 900, "bc": 100, "ca": 40})


def chances(
    ready: list[Player], policy: Policy = "uniform", knows: Known = UNEVEN, **settings: object
) -> dict[str, float]:
    found = pair_chances(ready, MatchmakingSettings(policy=policy, **settings), knows)  # type: ignore[arg-type]
    n = len(ready)
    return {ready[i].name + ready[j].name: float(found[i, j]) for i in range(n) for j in range(i + 1, n)}


def test_weights_multiply() -> None:
    assert chances(players(a=2, b=1, c=1)) == pytest.approx({"ab": 0.4, "ac": 0.4, "bc": 0.2})


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("n", [2, 3, 50])
def test_the_chances_of_all_pairs_add_up_to_1_and_none_is_0(policy: Policy, n: int) -> None:
    ready = [player(f"m{i}") for i in range(n)]
    found = chances(ready, policy, known_from(Cells.from_votes(simulate(Scenario(models=max(n, 3))).votes)))
    assert len(found) == n * (n - 1) // 2
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) > 0


def test_balanced_prefers_models_with_fewer_votes_but_never_by_more_than_three() -> None:
    f = fewer_votes(np.array([0.0, 100.0, 10_000.0]))
    assert f == pytest.approx([0.2091, 0.1348, 0.0697], abs=1e-4)
    assert f.max() / f.min() == pytest.approx(MAX_RATIO)
    found = chances(players(a=1, b=1, c=1), "balanced")  # 940, 1000 and 140 votes
    ratio = (190 / 1050) ** -0.4
    assert found["ac"] / found["ab"] == pytest.approx(ratio)
    assert found["bc"] / found["ab"] == pytest.approx((190 / 990) ** -0.4)


def test_adaptive_asks_for_the_votes_that_teach_most_and_leaves_no_pair_out() -> None:
    found = chances(players(a=1, b=1, c=1), "adaptive", exploration=0.2)
    assert found["ac"] > found["bc"] > found["ab"], "c is known least, and has met a least"
    assert min(found.values()) >= 0.2 / 3
    assert chances(players(a=1, b=1, c=1), "adaptive", exploration=1.0) == pytest.approx(dict.fromkeys(found, 1 / 3))


@pytest.mark.parametrize("policy", POLICIES)
def test_weights_hold_under_every_policy(policy: Policy) -> None:
    plain, weighted = chances(players(a=1, b=1, c=1), policy), chances(players(a=2, b=1, c=1), policy)
    assert weighted["ab"] > plain["ab"]
    assert weighted["ac"] > plain["ac"]
    if policy != "adaptive":  # there two shares are weighted, each for itself
        assert weighted["ab"] / weighted["ac"] == pytest.approx(plain["ab"] / plain["ac"])


def test_a_new_model_is_boosted_until_it_has_its_votes() -> None:
    found = chances(players(a=1, b=1, new=1), new_model_boost=4.0, new_model_battles=100)
    assert found["anew"] / found["ab"] == pytest.approx(4)
    assert found["anew"] == pytest.approx(found["bnew"])
    known_c = chances(players(a=1, b=1, c=1), new_model_boost=4.0, new_model_battles=140)
    assert known_c == pytest.approx(dict.fromkeys(known_c, 1 / 3)), "140 votes are enough"
    everyone = chances(players(x=1, y=1, z=1), new_model_boost=4.0)
    assert everyone == pytest.approx(dict.fromkeys(everyone, 1 / 3)), "in a new arena nobody is newer than the others"


@pytest.mark.parametrize("policy", POLICIES)
def test_two_of_one_family_never_meet_where_the_settings_say_so(policy: Policy) -> None:
    ready = [
        player("a", family="Bird"),
        player("b", family=" bird"),
        player("c", family="Fish"),
        player("d"),
        player("e"),
    ]
    found = chances(ready, policy, same_family="never")
    assert found.pop("ab") == 0
    assert min(found.values()) > 0
    assert sum(found.values()) == pytest.approx(1)
    assert chances(ready, policy)["ab"] > 0


def test_one_family_alone_is_an_error_that_names_it() -> None:
    settings = MatchmakingSettings(same_family="never")
    ready = [player("a", family="Bird"), player("b", family="bird")]
    with pytest.raises(OneFamily, match="all 2 players that can be drawn are of the family 'Bird'"):
        pair_chances(ready, settings, Known())
    assert not can_meet(ready, settings)
    assert can_meet(ready, MatchmakingSettings())
    assert can_meet([*ready, player("c")], settings)
    assert not can_meet(ready[:1], MatchmakingSettings())


@pytest.mark.parametrize("policy", POLICIES)
def test_the_pair_before_is_left_out_if_there_is_another(policy: Policy) -> None:
    settings, three = MatchmakingSettings(policy=policy), players(a=1, b=1, c=1)

    def without(ready: list[Player]) -> Floats:
        return pair_chances(ready, settings, UNEVEN, other_than=("b", "a"))

    assert without(three)[0, 1] == 0
    assert without(three).sum() == pytest.approx(1)
    assert without(three[:2])[0, 1] == 1


def test_a_draw_among_50_models_takes_milliseconds() -> None:
    ready = [player(f"m{i}") for i in range(50)]
    knows = known_from(Cells.from_votes(simulate(Scenario(models=50, votes=20_000)).votes))
    settings = MatchmakingSettings(policy="adaptive", same_family="never")
    pair_chances(ready, settings, knows)
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        pair_chances(ready, settings, knows)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.005
