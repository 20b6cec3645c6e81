import random
from math import sqrt

import pytest

from arena.rounds.common import Arrived, Common

TICK_S = 0.1


def even(chars_per_s: float, since_s: float = 0.0) -> list[int]:
    """Characters at each tick of a minute."""
    return [max(0, int((tick * TICK_S - since_s) * chars_per_s + 1e-6)) for tick in range(600)]


def read(a: list[int], b: list[int], n_ticks: int = 600) -> Common:
    common = Common()
    for tick in range(n_ticks):
        common.read(tick * TICK_S, Arrived(a[tick], False), Arrived(b[tick], False))
    return common


def test_nothing_is_common_before_both_have_text_or_have_ended_without() -> None:
    common = Common()
    assert not common.read(0.0, Arrived(9, True), Arrived(0, False))
    assert (common.now_s, common.n_chars) == (None, 0)
    common.read(4.0, Arrived(9, True), Arrived(0, True))
    assert (common.now_s, common.n_chars, common.chars_per_s) == (0.0, 0, None)


@pytest.mark.parametrize("delays", [(0.0, 0.0), (0.0, 20.0), (20.0, 0.0)])
def test_the_rate_is_the_slower_side_s_whoever_began_first(delays: tuple[float, float]) -> None:
    common = read(even(30, delays[0]), even(700, delays[1]))
    assert common.chars_per_s == pytest.approx(30, rel=0.01)
    assert common.n_chars == pytest.approx(30 * (59.9 - max(delays)), abs=4)
    assert common.now_s == pytest.approx(59.9 - max(delays), abs=0.11)


def test_a_head_start_is_read_later_by_the_difference() -> None:
    late, early = even(30, 20.0), even(30)
    common = Common()
    for tick in range(400):
        common.read(tick * TICK_S, Arrived(early[tick], False), Arrived(late[tick], False))
        assert abs(common.n_chars - late[tick]) <= 3


def test_text_that_one_side_alone_has_changes_nothing() -> None:
    slow = even(30)
    assert vars_of(read(slow, even(700))) == vars_of(read(slow, [min(n, 1800) for n in even(5000)]))


def vars_of(common: Common) -> tuple[object, ...]:
    return common.n_chars, common.chars_per_s, common.uncertainty, common.longest_gap_s


def test_a_text_that_came_at_once_is_too_short_to_be_measured() -> None:
    assert read([0, *[12] * 599], even(700)).chars_per_s is None
    assert read([0, 2, 4, 6, *[8] * 596], even(700)).chars_per_s is None
    assert read([0, 2, 4, 6, 8, 10, *[12] * 594], even(700)).chars_per_s == pytest.approx(20)


def test_silence_after_the_last_character_does_not_change_the_rate() -> None:
    """A model that has finished and has not said so is not slower than it was."""
    assert read([min(n, 300) for n in even(30)], even(700)).chars_per_s == pytest.approx(30, rel=0.01)


def test_even_text_has_no_uncertainty_and_bursts_have_that_of_a_renewal_process() -> None:
    assert read(even(30), even(700)).uncertainty == pytest.approx(0.0, abs=1e-6)
    rng = random.Random(0)
    uncertain, rates = [], []
    for _ in range(200):
        text, n_chars, next_s = [], 24, rng.expovariate(1 / 1.2)
        for tick in range(600):
            while next_s <= tick * TICK_S:
                n_chars, next_s = n_chars + 24, next_s + rng.expovariate(1 / 1.2)
            text.append(n_chars)
        common = read(text, even(5000))
        uncertain.append(common.uncertainty)
        rates.append(common.chars_per_s or 0.0)
    mean = sum(rates) / len(rates)
    spread = sqrt(sum((rate - mean) ** 2 for rate in rates) / len(rates)) / mean
    assert sum(uncertain) / len(uncertain) == pytest.approx(spread, rel=0.2)


def test_the_longest_gap_is_the_longest_wait_for_common_text() -> None:
    slow = [300 if 100 <= tick < 140 else n for tick, n in enumerate(even(30))]
    assert read(slow, even(700)).longest_gap_s == pytest.approx(4.0, abs=0.2)
