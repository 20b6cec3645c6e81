import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.slots import Slots, TakenSlot


def remembering(*memories: tuple[int, ...], n_rewindable: int = 100, n_slots: int | None = None) -> Slots:
    """Return slots 0, 1, … with these cached conversations, freed in this order."""
    slots = Slots(n_slots or len(memories), n_rewindable=n_rewindable)
    for slot in range(len(memories)):
        assert slots.take((1,)).slot == slot
    for slot, ids in enumerate(memories):
        slots.give_back(slot, ids)
    return slots


def test_the_next_turn_continues_the_cached_conversation() -> None:
    slots = remembering((1, 5, 6), (1, 7, 8, 9), (1, 2))
    assert slots.take((1, 7, 8, 9, 10)) == TakenSlot(1, 4)


def test_at_least_the_last_token_of_a_prompt_is_computed() -> None:
    assert remembering((1, 5, 6)).take((1, 5, 6)) == TakenSlot(0, 2)
    assert remembering((1, 5, 6, 7)).take((1, 5, 6)) == TakenSlot(0, 2)


def test_the_slot_with_the_longest_common_beginning_is_taken() -> None:
    assert remembering((1, 5), (1, 5, 6, 7), (1, 5, 6)).take((1, 5, 6, 7, 8)) == TakenSlot(1, 4)


def test_a_conversation_that_differs_later_is_cut_back_to_the_common_beginning() -> None:
    assert remembering((9, 9), (1, 5, 6, 7)).take((1, 5, 6, 8, 8)) == TakenSlot(1, 3)


def test_a_ring_that_wrapped_around_is_reused_in_full_or_not_at_all() -> None:
    assert remembering((9, 9), (1, 5, 6, 7), n_rewindable=3).take((1, 5, 6, 8, 8)) == TakenSlot(0, 0)
    assert remembering((9, 9), (1, 5, 6, 7), n_rewindable=3).take((1, 5, 6, 7, 8)) == TakenSlot(1, 4)
    assert remembering((9, 9), (1, 5, 6), n_rewindable=3).take((1, 5, 8)) == TakenSlot(1, 2)


def test_without_a_common_beginning_the_slot_freed_first_is_taken() -> None:
    slots = remembering((1, 5), (1, 6), n_slots=3)
    assert [slots.take((7,)).slot for _ in range(3)] == [2, 0, 1]


def test_a_short_common_beginning_does_not_evict_a_conversation() -> None:
    slots = remembering((1, 2, 3, 4), (1, 2, 3, *range(20, 40)), n_slots=3)
    assert slots.take((1, 2, 3, *range(50, 60))) == TakenSlot(0, 3), "most of that one was the beginning"
    assert slots.take((1, 2, 3, *range(50, 60))) == TakenSlot(2, 0)


def test_the_oldest_slot_keeps_even_a_short_common_beginning() -> None:
    assert remembering((1, 2, *range(20, 40))).take((1, 2, *range(50, 60))) == TakenSlot(0, 2)


def test_a_request_that_must_compute_every_token_keeps_nothing() -> None:
    assert remembering((1, 5, 6)).take((1, 5, 6, 7), may_keep=False) == TakenSlot(0, 0)


def test_slots_without_reuse_and_failed_ones_keep_nothing() -> None:
    slots = Slots(1)
    slots.take((1,))
    slots.give_back(0, (1, 5))
    assert slots.take((1, 5, 6)) == TakenSlot(0, 0)
    assert remembering(()).take((1, 5)) == TakenSlot(0, 0)


def test_fewer_slots_keep_those_in_use_and_the_latest_conversations() -> None:
    slots = remembering((1, 5), (1, 6), (1, 7), (1, 8))
    assert slots.take((1, 6, 2)).slot == 1
    assert slots.resize(2) == [1, 3]
    assert (slots.n_slots, slots.n_free) == (2, 1)
    assert slots.take((1, 8, 2)) == TakenSlot(1, 2)
    with pytest.raises(ValueError, match="2 slots are in use; they cannot become 1"):
        slots.resize(1)
    assert slots.resize(3) == [0, 1]
    assert slots.take((1, 8, 2)) == TakenSlot(2, 0)


@settings(max_examples=200, deadline=None)
@given(
    memories=st.lists(st.lists(st.integers(0, 2), max_size=9).map(tuple), min_size=1, max_size=5),
    prompt=st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple),
    n_rewindable=st.integers(1, 9),
)
def test_the_kept_tokens_are_always_the_beginning_of_the_prompt(
    memories: list[tuple[int, ...]], prompt: tuple[int, ...], n_rewindable: int
) -> None:
    place = remembering(*memories, n_rewindable=n_rewindable).take(prompt)
    held = memories[place.slot]
    assert place.n_kept < len(prompt)
    assert held[: place.n_kept] == prompt[: place.n_kept]
    assert place.n_kept in (0, len(held)) or len(held) <= n_rewindable
