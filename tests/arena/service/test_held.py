"""First prompts that wait for the models."""

from arena.service.held import MAX_HELD, HeldPrompts


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


def test_the_same_text_held_again_is_another_prompt_in_place_of_the_first() -> None:
    prompts = HeldPrompts(keep_s=60, clock=Clock())
    first = prompts.hold("ann", "Hi")
    second = prompts.hold("ann", "Hi")
    assert prompts.of("ann") is second
    assert first is not second
    assert first != second


def test_a_prompt_lasts_while_a_page_asks_for_it_and_a_minute_more() -> None:
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


def test_when_too_many_wait_the_one_longest_unasked_for_goes() -> None:
    prompts = HeldPrompts(keep_s=60, clock=Clock())
    for number in range(MAX_HELD):
        prompts.hold(str(number), "Hi")
    assert prompts.of("0")
    prompts.hold("one more", "Hi")
    assert prompts.of("0")
    assert prompts.of("1") is None
