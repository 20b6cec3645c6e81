"""First prompts that wait for the models."""

from arena.rules.limits import MAX_HELD
from arena.service.battles.held import HeldPrompts


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_prompt_waits_until_it_is_taken_and_is_taken_once() -> None:
    prompts = HeldPrompts(keep_s=60, clock=Clock())
    held = prompts.hold("ann", "Hi")
    assert prompts.of("ann") is held
    assert prompts.of("ben") is None
    assert prompts.take("ann") is held
    assert prompts.take("ann") is None
    assert prompts.of("ann") is None


def test_the_same_text_held_again_replaces_the_first_prompt() -> None:
    prompts = HeldPrompts(keep_s=60, clock=Clock())
    first = prompts.hold("ann", "Hi")
    second = prompts.hold("ann", "Hi")
    assert prompts.of("ann") is second
    assert first is not second
    assert first != second


def test_a_prompt_is_kept_for_a_minute_after_the_last_poll() -> None:
    clock = Clock()
    prompts = HeldPrompts(keep_s=60, clock=clock)
    prompts.hold("ann", "Hi")
    prompts.hold("ben", "Hi")
    clock.now_s = 59
    assert prompts.of("ann")
    clock.now_s = 118
    assert prompts.of("ann")
    assert prompts.of("ben") is None
    clock.now_s = 178
    assert prompts.of("ann") is None


def test_beyond_the_limit_the_prompt_polled_longest_ago_is_dropped() -> None:
    prompts = HeldPrompts(keep_s=60, clock=Clock())
    for number in range(MAX_HELD):
        prompts.hold(str(number), "Hi")
    assert prompts.of("0")
    prompts.hold("one more", "Hi")
    assert prompts.of("0")
    assert prompts.of("1") is None
