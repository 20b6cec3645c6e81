import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.slots import Slots, TakenSlot


def remembering(*memories: tuple[int, ...], n_rewindable: int = 100, n_slots: int | None = None) -> Slots:
    """Slots 0, 1, … that hold these ids, given back in this order."""
    slots = Slots(n_slots or len(memories), n_rewindable=n_rewindable)
    for slot in range(len(memories)):
        assert slots.take((1,)).slot == slot
    for slot, ids in enumerate(memories):
        slots.give_back(slot, ids)
    return slots


def test_the_next_turn_goes_on_where_the_last_one_ended() -> None:
    slots = remembering((1, 5, 6), (1, 7, 8, 9), (1, 2))
    assert slots.take((1, 7, 8, 9, 10)) == TakenSlot(1, 4)


def test_at_least_the_last_token_of_a_prompt_is_computed() -> None:
    assert remembering((1, 5, 6)).take((1, 5, 6)) == TakenSlot(0, 2)
    assert remembering((1, 5, 6, 7)).take((1, 5, 6)) == TakenSlot(0, 2)


def test_of_several_the_longest_agreement_is_taken() -> None:
    assert remembering((1, 5), (1, 5, 6, 7), (1, 5, 6)).take((1, 5, 6, 7, 8)) == TakenSlot(1, 4)


def test_a_text_that_went_another_way_is_cut_back_to_where_it_did() -> None:
    assert remembering((9, 9), (1, 5, 6, 7)).take((1, 5, 6, 8, 8)) == TakenSlot(1, 3)


def test_a_ring_that_has_come_round_is_of_use_as_a_whole_or_not_at_all() -> None:
    assert remembering((9, 9), (1, 5, 6, 7), n_rewindable=3).take((1, 5, 6, 8, 8)) == TakenSlot(0, 0)
    assert remembering((9, 9), (1, 5, 6, 7), n_rewindable=3).take((1, 5, 6, 7, 8)) == TakenSlot(1, 4)
    assert remembering((9, 9), (1, 5, 6), n_rewindable=3).take((1, 5, 8)) == TakenSlot(1, 2)


def test_without_agreement_the_slot_that_was_free_for_longest_goes() -> None:
    slots = remembering((1, 5), (1, 6), n_slots=3)
    assert [slots.take((7,)).slot for _ in range(3)] == [2, 0, 1]


def test_a_conversation_is_not_driven_out_for_a_common_beginning() -> None:
    slots = remembering((1, 2, 3, 4), (1, 2, 3, *range(20, 40)), n_slots=3)
    assert slots.take((1, 2, 3, *range(50, 60))) == TakenSlot(0, 3), "most of that one was the beginning"
    assert slots.take((1, 2, 3, *range(50, 60))) == TakenSlot(2, 0)


def test_a_slot_that_goes_in_any_case_keeps_the_common_beginning() -> None:
    assert remembering((1, 2, *range(20, 40))).take((1, 2, *range(50, 60))) == TakenSlot(0, 2)


def test_who_has_to_see_every_token_gets_an_empty_slot() -> None:
    assert remembering((1, 5, 6)).take((1, 5, 6, 7), may_keep=False) == TakenSlot(0, 0)


def test_slots_without_memory_and_broken_ones_start_afresh() -> None:
    slots = Slots(1)
    slots.take((1,))
    slots.give_back(0, (1, 5))
    assert slots.take((1, 5, 6)) == TakenSlot(0, 0)
    assert remembering(()).take((1, 5)) == TakenSlot(0, 0)


def test_fewer_slots_keep_those_in_use_and_the_latest_memories() -> None:
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
def test_what_is_kept_is_always_the_prompt_s_own_beginning(
    memories: list[tuple[int, ...]], prompt: tuple[int, ...], n_rewindable: int
) -> None:
    place = remembering(*memories, n_rewindable=n_rewindable).take(prompt)
    held = memories[place.slot]
    assert place.n_kept < len(prompt)
    assert held[: place.n_kept] == prompt[: place.n_kept]
    assert place.n_kept in (0, len(held)) or len(held) <= n_rewindable
