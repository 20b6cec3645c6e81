"""The paces are tried on simulated models: one writes `chars_per_s` from `ttft_s` on until its text is `n_chars` long.

What of the pair a classifier can tell is tried in `tests/bench/test_blind.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest

from arena.rounds.pacing import (
    BELOW,
    MAX_CHARS_PER_S,
    MIN_LAG_S,
    Arrived,
    EqualPace,
    FreePace,
    Pace,
    Paces,
    Released,
    RetryPace,
    TogetherPace,
)

TICK_S = 0.1
NOTHING = Released(0, 0, is_started=False)


@dataclass(frozen=True)
class Model:
    n_chars: int
    chars_per_s: float
    ttft_s: float = 0.0
    finish_s: float = 0.0
    """How long after its last character its finish arrives."""
    silent_s: tuple[float, float] = (0.0, 0.0)
    """From when on, after its first text, it writes nothing, and for how long."""

    def at(self, now_s: float) -> Arrived:
        since_s, for_s = self.silent_s
        writing_s = now_s - self.ttft_s - min(max(0.0, now_s - self.ttft_s - since_s), for_s)
        n_chars = min(self.n_chars, max(0, int(writing_s * self.chars_per_s + 1e-6)))
        whole_s = self.ttft_s + self.n_chars / self.chars_per_s + for_s
        return Arrived(n_chars, now_s + 1e-6 >= whole_s + self.finish_s)


def shown(a: Model, b: Model, make_pace: Callable[[], Pace] = EqualPace, for_s: float = 200.0) -> list[Released]:
    pace = make_pace()
    return [
        pace.release(tick * TICK_S, a.at(tick * TICK_S), b.at(tick * TICK_S)) for tick in range(int(for_s / TICK_S))
    ]


def begin_s(releases: list[Released]) -> float:
    return next(tick for tick, one in enumerate(releases) if one.a or one.b) * TICK_S


def end_s(releases: list[Released], side: str, n_chars: int) -> float:
    """When the text of a side is visibly complete."""
    return next(tick for tick, one in enumerate(releases) if one.is_started and getattr(one, side) >= n_chars) * TICK_S


def mirrored(releases: list[Released]) -> list[Released]:
    return [Released(one.b, one.a, one.is_started) for one in releases]


PAIRS = [
    (Model(90, 33), Model(300, 700, 1.0)),
    (Model(0, 1.0), Model(50, 20)),
    (Model(7, 10), Model(3, 90, 4.0)),
    (Model(400, 60, 0.04, 1.2), Model(900, 1500, 30.0)),
    (Model(400, 20, silent_s=(3.0, 6.0)), Model(200, 1500)),
]


@pytest.mark.parametrize("pace", [EqualPace, TogetherPace, RetryPace, FreePace])
@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_releases_never_shrink_never_pass_what_has_arrived_and_come_to_the_end(
    pace: Callable[[], Pace], a: Model, b: Model
) -> None:
    releases = shown(a, b, pace)
    for tick, (before, now) in enumerate(pairwise(releases), 1):
        assert before.a <= now.a <= a.at(tick * TICK_S).n_chars
        assert before.b <= now.b <= b.at(tick * TICK_S).n_chars
        assert now.is_started or not before.is_started
    assert releases[-1] == Released(a.n_chars, b.n_chars, is_started=True)


@pytest.mark.parametrize("pace", [EqualPace, TogetherPace])
@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_order_of_the_sides_changes_nothing(pace: Callable[[], Pace], a: Model, b: Model) -> None:
    assert shown(a, b, pace) == mirrored(shown(b, a, pace))


def test_nothing_is_shown_before_both_have_text_and_the_lag_is_over() -> None:
    releases = shown(Model(100, 1000), Model(100, 1000, ttft_s=3.0))
    assert begin_s(releases) == pytest.approx(3.0 + MIN_LAG_S, abs=3 * TICK_S)
    assert all(one == NOTHING for one in releases[:45])


def test_an_end_without_text_does_not_show_before_the_other_side_begins() -> None:
    pace = EqualPace()
    assert not pace.release(0.0, Arrived(0, True), Arrived(0, False)).is_started
    assert not pace.release(9.0, Arrived(0, True), Arrived(4, False)).is_started
    assert pace.release(9.0 + MIN_LAG_S, Arrived(0, True), Arrived(4, False)).is_started


def test_while_both_write_the_slow_and_the_fast_side_look_the_same() -> None:
    fast, slow = Model(400, 900, ttft_s=0.1), Model(400, 40, ttft_s=2.0)
    assert all(one.a == one.b for one in shown(fast, slow))


@pytest.mark.parametrize("late", [(0.04, 0.04), (0.04, 1.5), (1.5, 0.04), (0.04, 30.0), (30.0, 0.04)])
@pytest.mark.parametrize("finish", [(0.0, 0.0), (1.2, 0.0), (0.0, 1.2)])
@pytest.mark.parametrize("slow", [20.0, 60.0, 150.0])
def test_whether_the_slow_model_wrote_the_short_or_the_long_text_looks_the_same(
    slow: float, late: tuple[float, float], finish: tuple[float, float]
) -> None:
    """The same two texts on the same two sides; the models behind them are swapped. Within what falls between two
    looks at a model, the same is seen."""
    for pace in (EqualPace, TogetherPace):
        slow_is_short = shown(Model(120, slow, late[0], finish[0]), Model(700, 1500, late[1], finish[1]), pace)
        slow_is_long = shown(Model(120, 1500, late[1], finish[1]), Model(700, slow, late[0], finish[0]), pace)
        for one, other in zip(slow_is_short, slow_is_long, strict=True):
            assert abs(one.a - other.a) <= slow * TICK_S + 1
            assert abs(one.b - other.b) <= slow * TICK_S + 1
        assert end_s(slow_is_short, "a", 120) == pytest.approx(end_s(slow_is_long, "a", 120), abs=1.1 * TICK_S)
        assert end_s(slow_is_short, "b", 700) == pytest.approx(end_s(slow_is_long, "b", 700), abs=1.1 * TICK_S)


def test_the_pace_is_a_little_below_the_slower_side_and_does_not_jump() -> None:
    releases = shown(Model(600, 60), Model(2000, 1500))
    steps = [after.a - before.a for before, after in pairwise(releases[20:]) if after.a < 600]
    assert max(steps) - min(steps) <= 1
    assert sum(steps) / len(steps) == pytest.approx(60 * TICK_S / (1 + BELOW), rel=0.02)


def test_the_rest_of_the_longer_text_keeps_the_pace() -> None:
    for slow, fast in ((Model(300, 60), Model(1500, 1500)), (Model(1500, 60), Model(300, 1500))):
        short, long = sorted((slow, fast), key=lambda model: model.n_chars)
        releases = shown(short, long)
        tail = [after.b - before.b for before, after in pairwise(releases) if before.b > 300 and after.b < 1500]
        assert max(tail) - min(tail) <= 1
        assert sum(tail) / len(tail) == pytest.approx(60 * TICK_S / (1 + BELOW), rel=0.03)


def test_a_backlog_is_shown_at_the_pace_at_which_it_was_written() -> None:
    """The slow side wrote 600 characters in the 30 s in which the fast one was silent."""
    releases = shown(Model(600, 20), Model(600, 1500, ttft_s=30.0))
    assert begin_s(releases) == pytest.approx(30 + MIN_LAG_S, abs=3 * TICK_S)
    assert end_s(releases, "a", 600) == pytest.approx(30 + MIN_LAG_S + 600 * (1 + BELOW) / 20, rel=0.02)


def test_models_above_the_greatest_pace_look_alike() -> None:
    reference = shown(Model(500, 100_000), Model(700, 100_000))
    for speeds in ((400, 3000), (3000, 400)):
        assert shown(Model(500, speeds[0], 0.1), Model(700, speeds[1], 0.1))[1:] == reference[:-1]
    assert end_s(reference, "b", 700) == pytest.approx(MIN_LAG_S + 700 / MAX_CHARS_PER_S, abs=2 * TICK_S)


def test_a_text_too_short_to_measure_leaves_the_rest_to_the_greatest_pace() -> None:
    for short in (Model(0, 1.0), Model(5, 1000)):
        releases = shown(short, Model(300, 10_000))
        begun_s = max(short.ttft_s + short.n_chars / short.chars_per_s, TICK_S) + MIN_LAG_S
        assert end_s(releases, "b", 300) == pytest.approx(begun_s + 300 / MAX_CHARS_PER_S, abs=3 * TICK_S)


@pytest.mark.parametrize("pace", [EqualPace, TogetherPace])
@pytest.mark.parametrize("gap_s", [0.6, 2.0, 15.0])
def test_an_answer_of_a_few_characters_that_came_slowly_does_not_hold_up_a_long_one(
    pace: Callable[[], Pace], gap_s: float
) -> None:
    def few(now_s: float) -> Arrived:
        return Arrived((now_s >= 0.5) * 3 + (now_s >= 0.5 + gap_s), now_s >= 0.6 + gap_s)

    long, one_turn = Model(4000, 400), pace()
    shown_by_a_minute = [one_turn.release(t / 10, few(t / 10), long.at(t / 10)) for t in range(600)][-1]
    assert shown_by_a_minute == Released(4, 4000, is_started=True)


def test_the_greatest_pace_can_be_set() -> None:
    for pace in (EqualPace, TogetherPace, RetryPace):
        releases = shown(Model(500, 10_000), Model(500, 10_000), lambda: pace(50.0))  # noqa: B023
        assert end_s(releases, "a", 500) - begin_s(releases) == pytest.approx(10.0, abs=2 * TICK_S)


def test_gaps_shorter_than_the_lag_are_not_seen() -> None:
    releases = shown(Model(600, 60, silent_s=(4.0, 1.3)), Model(600, 1500))
    steps = [after.a - before.a for before, after in pairwise(releases[20:]) if after.a < 600]
    assert min(steps) >= 3


def test_after_a_stall_the_lag_grows_by_what_the_gap_needs() -> None:
    """The next stall of the same length is bridged."""
    text = [(0.0, 1), *((tick / 10, 6 * tick) for tick in range(1, 600))]

    def at(now_s: float) -> Arrived:
        writing_s = now_s - sum(min(max(0.0, now_s - since_s), 3.0) for since_s in (5.0, 40.0))
        return Arrived(max(n for time_s, n in text if time_s <= writing_s + 1e-6), False)

    pace, stalls = EqualPace(), list[float]()
    before = 0
    for tick in range(600):
        n_chars = pace.release(tick * TICK_S, at(tick * TICK_S), Arrived(10_000, True)).a
        if n_chars == before and n_chars:
            stalls.append(tick * TICK_S)
        before = n_chars
    assert stalls
    assert min(stalls) > 5.0
    assert max(stalls) < 9.0


def test_one_stall_of_half_a_minute_does_not_make_the_rest_slow() -> None:
    """A first token, then nothing (a cold cache, a busy machine), then all of it."""
    releases = shown(Model(60, 30, silent_s=(0.1, 30.0)), Model(60, 1500))
    assert begin_s(releases) == pytest.approx(31.0, abs=1.0)
    assert end_s(releases, "a", 60) < 31.0 + 11.0


def test_a_silent_side_is_waited_for_for_as_long_as_its_endpoint_lets_it() -> None:
    pace = EqualPace()
    for tick in range(3000):
        assert pace.release(tick * TICK_S, Arrived(60, True), Arrived(0, False)) == NOTHING
    pace = EqualPace()
    for tick in range(3000):
        last = pace.release(tick * TICK_S, Arrived(min(30, tick + 1), False), Arrived(5000, True))
    assert last == Released(30, 30, is_started=True)
    assert pace.release(301.0, Arrived(30, True), Arrived(5000, True)).b > 30  # its endpoint has given up


def test_what_has_been_measured_is_not_measured_again_when_the_shorter_text_has_ended() -> None:
    """The rest of the longer text arrives at once, or not at all: it is shown at the earlier pace."""
    for rest in (5000, 320):
        pace = EqualPace()
        for tick in range(150):
            now_s = tick * TICK_S
            n_chars = min(300, int(now_s * 60) + 1)
            released = pace.release(now_s, Arrived(n_chars, n_chars == 300), Arrived(n_chars + 20, False))
            if released.a == 300:
                break
        shown_b = [pace.release(now_s + k * TICK_S, Arrived(300, True), Arrived(rest, False)).b for k in range(1, 20)]
        assert max(after - before for before, after in pairwise(shown_b)) <= 6
        assert max(shown_b) == (320 if rest == 320 else shown_b[-1])


def test_together_shows_nothing_before_both_are_complete() -> None:
    for a, b in ((Model(300, 60, finish_s=1.2), Model(900, 1500)), (Model(300, 1500), Model(900, 60, 1.5))):
        releases = shown(a, b, TogetherPace)
        complete_s = next(s * TICK_S for s in range(2000) if all(m.at(s * TICK_S).is_complete for m in (a, b)))
        assert begin_s(releases) > complete_s
        steps = [after.b - before.b for before, after in pairwise(releases) if before.b and after.b < 900]
        assert set(steps) == {round(MAX_CHARS_PER_S * TICK_S)}


def test_together_the_wait_does_not_tell_which_of_two_texts_was_written_slowly() -> None:
    """15 s for 300 and 900 characters would show that the model of 20 characters per second wrote the short one."""
    slow_is_short = shown(Model(300, 20), Model(900, 1500), TogetherPace)
    slow_is_long = shown(Model(300, 1500), Model(900, 20), TogetherPace)
    assert begin_s(slow_is_short) == pytest.approx(begin_s(slow_is_long), abs=1.1 * TICK_S)
    assert begin_s(slow_is_long) == pytest.approx(900 * (1 + BELOW) / 20 + MIN_LAG_S, rel=0.02)


def test_a_retried_answer_is_shown_at_the_steady_pace_from_the_moment_at_which_it_is_complete() -> None:
    releases = shown(Model(400, 40, ttft_s=2.0), Model(200, 10_000), RetryPace)
    assert begin_s(releases) == pytest.approx(12.0, abs=2 * TICK_S)
    assert end_s(releases, "a", 400) == pytest.approx(12.0 + 400 / MAX_CHARS_PER_S, abs=2 * TICK_S)


def test_free_shows_everything_as_it_arrives() -> None:
    pace = FreePace()
    assert pace.release(0.0, Arrived(12, False), Arrived(0, False)) == Released(12, 0, is_started=True)
    assert pace.release(0.1, Arrived(99, True), Arrived(3, False)) == Released(99, 3, is_started=True)


def test_paces_have_the_names_of_the_settings() -> None:
    paces = Paces(max_chars_per_s=50.0)
    assert isinstance(paces.of("free")(), FreePace)
    for name, pace in (("equal", EqualPace), ("together", TogetherPace), ("of an older arena", EqualPace)):
        assert type(paces.of(name)()) is pace
    text = Model(500, 10_000)
    for make_pace in (paces.of("equal"), paces.of("together"), paces.retry):
        releases = shown(text, text, make_pace)
        assert end_s(releases, "a", 500) - begin_s(releases) == pytest.approx(10.0, abs=2 * TICK_S)
