"""The pace is tried on simulated models: one writes `chars_per_s` from `ttft_s` on until its text is `n_chars` long."""

from dataclasses import dataclass
from itertools import pairwise

import pytest

from arena.rounds.pacing import (
    MAX_CHARS_PER_S,
    MAX_HOLD_S,
    MIN_TAIL_CHARS_PER_S,
    Arrived,
    EqualPace,
    FreePace,
    Released,
)

TICK_S = 0.1


@dataclass(frozen=True)
class Model:
    n_chars: int
    chars_per_s: float
    ttft_s: float = 0.0

    def at(self, now_s: float) -> Arrived:
        n_chars = min(self.n_chars, max(0, int((now_s - self.ttft_s) * self.chars_per_s + 1e-9)))
        return Arrived(n_chars, n_chars == self.n_chars and now_s >= self.ttft_s)


def shown(a: Model, b: Model, n_ticks: int = 2000) -> list[Released]:
    pace = EqualPace()
    return [pace.release(tick * TICK_S, a.at(tick * TICK_S), b.at(tick * TICK_S)) for tick in range(n_ticks)]


def end_s(releases: list[Released], side: str, n_chars: int) -> float:
    """When the side is seen to have ended."""
    return next(tick for tick, one in enumerate(releases) if one.is_started and getattr(one, side) >= n_chars) * TICK_S


def mirrored(releases: list[Released]) -> list[Released]:
    return [Released(one.b, one.a, one.is_started) for one in releases]


def test_nothing_is_shown_before_both_have_text() -> None:
    releases = shown(Model(100, 1000), Model(100, 1000, ttft_s=3.0))
    assert all(one == Released(0, 0, is_started=False) for one in releases[:30])
    assert releases[35].a == releases[35].b > 0


def test_an_end_without_text_does_not_show_before_the_other_side_begins() -> None:
    pace = EqualPace()
    assert not pace.release(0.0, Arrived(0, True), Arrived(0, False)).is_started
    assert pace.release(0.1, Arrived(0, True), Arrived(4, False)).is_started


def test_while_both_write_the_slow_and_the_fast_side_look_the_same() -> None:
    fast, slow = Model(400, 900, ttft_s=0.1), Model(400, 40, ttft_s=2.0)
    releases = shown(fast, slow)
    assert all(one.a == one.b for one in releases)
    assert releases == mirrored(shown(slow, fast))


@pytest.mark.parametrize("speeds", [(900.0, 60.0), (60.0, 900.0)])
def test_the_end_of_the_shorter_text_does_not_tell_which_model_was_slow(speeds: tuple[float, float]) -> None:
    """A short and a long text, first written by a fast and a slow model, then the other way round: the same is seen
    within a tenth, which nobody can tell by eye."""
    short, long = Model(120, speeds[0]), Model(360, speeds[1])
    releases = shown(short, long)
    swapped = shown(Model(120, speeds[1]), Model(360, speeds[0]))
    assert end_s(releases, "a", 120) == pytest.approx(end_s(swapped, "a", 120), abs=2 * TICK_S)
    assert end_s(releases, "b", 360) == pytest.approx(end_s(swapped, "b", 360), rel=0.1)
    assert max(abs(x.b - y.b) for x, y in zip(releases, swapped, strict=True)) <= 36


def test_models_above_the_greatest_pace_look_alike() -> None:
    reference = shown(Model(500, 100_000), Model(700, 100_000))
    for speeds in ((400, 3000), (3000, 400)):
        releases = shown(Model(500, speeds[0]), Model(700, speeds[1]))
        worst = max(abs(x.b - y.b) for x, y in zip(releases, reference, strict=True))
        assert worst <= MAX_CHARS_PER_S * TICK_S


def test_the_cost_is_bounded_for_fast_models() -> None:
    releases = shown(Model(1000, 1e6), Model(1000, 1e6))
    assert end_s(releases, "a", 1000) == pytest.approx(1000 / MAX_CHARS_PER_S, abs=3 * TICK_S)


def test_the_rest_of_the_longer_text_never_crawls() -> None:
    """A slow model's short answer holds a fast model's long one back at MIN_TAIL_CHARS_PER_S at worst."""
    releases = shown(Model(20, 5), Model(320, 10_000), n_ticks=3000)
    assert end_s(releases, "a", 20) == pytest.approx(20 / 5, abs=3 * TICK_S)
    tail_s = end_s(releases, "b", 320) - end_s(releases, "a", 20)
    assert tail_s == pytest.approx(300 / MIN_TAIL_CHARS_PER_S, abs=3 * TICK_S)


def test_a_stalling_side_stalls_both() -> None:
    pace = EqualPace()
    for tick in range(50):
        last = pace.release(tick * TICK_S, Arrived(30, False), Arrived(5000, False))
    assert last == Released(30, 30, is_started=True)


def test_a_side_that_never_begins_holds_the_other_back_for_a_bounded_time() -> None:
    pace = EqualPace()
    for tick in range(1000):
        now_s = tick * TICK_S
        released = pace.release(now_s, Arrived(0 if now_s < 20 else 60, False), Arrived(0, False))
        assert released.is_started == (now_s >= 20 + MAX_HOLD_S)
    assert released == Released(60, 0, is_started=True)


def test_both_begin_late_together() -> None:
    """A cold start of both models is no silence: nobody waits for anybody yet."""
    releases = shown(Model(50, 50, ttft_s=40), Model(50, 50, ttft_s=43))
    assert not releases[425].is_started
    assert releases[440].a == releases[440].b > 0


def test_a_side_that_falls_silent_holds_the_other_back_for_a_bounded_time() -> None:
    pace = EqualPace()
    for tick in range(int(MAX_HOLD_S / TICK_S) + 60):
        released = pace.release(tick * TICK_S, Arrived(30, False), Arrived(90, tick > 10))
        assert released.a == min(30, released.b)
        assert released.b <= 30 or tick * TICK_S >= MAX_HOLD_S
    assert released == Released(30, 90, is_started=True)


def test_releases_never_shrink_and_never_pass_what_has_arrived() -> None:
    for a, b in (
        (Model(90, 33), Model(300, 700, 1.0)),
        (Model(0, 1.0), Model(50, 20)),
        (Model(7, 1), Model(3, 90, 4.0)),
    ):
        releases = shown(a, b)
        for tick, (before, now) in enumerate(pairwise(releases), 1):
            assert before.a <= now.a <= a.at(tick * TICK_S).n_chars
            assert before.b <= now.b <= b.at(tick * TICK_S).n_chars
        assert (releases[-1].a, releases[-1].b) == (a.n_chars, b.n_chars)


def test_an_empty_answer_lets_the_other_go_at_the_greatest_pace() -> None:
    releases = shown(Model(0, 1.0), Model(300, 10_000))
    assert end_s(releases, "b", 300) == pytest.approx(300 / MAX_CHARS_PER_S, abs=2 * TICK_S)


def test_free_shows_everything_as_it_comes() -> None:
    pace = FreePace()
    assert pace.release(0.0, Arrived(12, False), Arrived(0, False)) == Released(12, 0, is_started=True)
    assert pace.release(0.1, Arrived(99, True), Arrived(3, False)) == Released(99, 3, is_started=True)
