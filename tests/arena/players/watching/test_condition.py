"""How long a player is out, and how long its refusals wait for a trial, in numbers."""

from collections.abc import Callable

from arena.players.watching.condition import REFUSALS_BEFORE_TRIAL, Condition


def seconds_until(is_so: Callable[[float], bool], now: float) -> float:
    return next(second for second in range(10_000) if is_so(now + second))


def test_failures_in_a_row_double_the_time_out_to_160_s() -> None:
    condition = Condition()
    assert [condition.leave(0.0, needs_trial=False) for _ in range(6)] == [10, 20, 40, 80, 160, 160]


def test_trials_that_fail_in_a_row_double_the_time_out_to_640_s() -> None:
    condition = Condition()
    assert [condition.leave(0.0, needs_trial=number == 0) for number in range(8)] == [
        *[10, 20, 40, 80, 160, 320, 640, 640]
    ]
    assert condition.needs_trial
    condition.passed(1000.0)
    assert not condition.needs_trial
    assert condition.leave(1000.0, needs_trial=False) == 10


def test_a_server_that_stays_full_is_out_for_longer_until_an_answer_arrives() -> None:
    condition = Condition()
    now, out_s = 0.0, []
    for _ in range(8):
        condition.was_full(now)
        out_s.append(condition.out_until - now)
        now = condition.out_until
    assert out_s == [2, 4, 8, 16, 32, 64, 128, 128]
    condition.answered(now)
    condition.was_full(now)
    assert condition.out_until - now == 2


def test_a_full_server_does_not_shorten_the_time_of_one_that_is_out() -> None:
    condition = Condition()
    condition.leave(0.0, needs_trial=False)
    condition.was_full(1.0)
    assert condition.out_until == 10


def test_a_complete_answer_forgives_but_brings_no_refused_model_back() -> None:
    condition = Condition()
    condition.leave(0.0, needs_trial=False)
    condition.answered(1.0)
    assert not condition.is_away(1.0)
    condition.leave(2.0, needs_trial=True)
    condition.answered(3.0)
    assert condition.is_away(3.0)
    assert condition.wants_trial(3.0), "but it is a reason to try at once"


def test_refusals_wait_longer_and_longer_for_the_next_trial_until_it_is_quiet_for_as_long() -> None:
    condition = Condition()
    now, waits_s = 0.0, []
    for _ in range(9):
        condition.n_refusals = REFUSALS_BEFORE_TRIAL
        wait_s = seconds_until(condition.wants_trial, now)
        now += wait_s
        waits_s.append(wait_s)
        condition.passed(now)
    assert waits_s == [0, 60, 120, 240, 480, 960, 1920, 3840, 3840]
    now = condition.trusted_until + condition.trust_s
    condition.n_refusals = REFUSALS_BEFORE_TRIAL
    assert condition.wants_trial(now)
    condition.passed(now)
    assert condition.trusted_until - now == 60


def test_a_trial_for_another_reason_costs_no_trust() -> None:
    condition = Condition()
    condition.passed(5.0)
    condition.n_refusals = REFUSALS_BEFORE_TRIAL
    assert condition.wants_trial(5.0)
