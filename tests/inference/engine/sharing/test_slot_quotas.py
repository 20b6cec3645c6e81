from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.sharing.slot_quotas import SlotUse, divide

MAX_SLOTS = 16


def idle(slot_bytes: int, quota: int, n_slots: int | None = None) -> SlotUse:
    return SlotUse(slot_bytes, quota, quota if n_slots is None else n_slots, 0, 0)


def busy(slot_bytes: int, quota: int, n_waiting: int, *, n_slots: int | None = None) -> SlotUse:
    n_slots = quota if n_slots is None else n_slots
    return SlotUse(slot_bytes, quota, n_slots, n_slots, n_waiting)


def pool(uses: dict[str, SlotUse]) -> int:
    return sum(one.quota * one.slot_bytes for one in uses.values())


def division(uses: dict[str, SlotUse]) -> dict[str, int]:
    return divide(uses, pool_bytes=pool(uses), max_slots=MAX_SLOTS)


def test_an_idle_model_lends_slots_and_keeps_half_of_its_quota() -> None:
    assert division({"a": busy(100, 6, 2), "b": idle(100, 6)}) == {"b": 4, "a": 8}
    assert division({"a": busy(100, 6, 9), "b": idle(100, 6)}) == {"b": 3, "a": 9}
    assert division({"a": busy(100, 1, 9), "b": idle(100, 1)}) == {}, "the only slot stays"


def test_givers_come_first_so_that_the_memory_is_never_exceeded() -> None:
    assert list(division({"a": busy(100, 6, 2), "b": idle(100, 6)})) == ["b", "a"]


def test_slots_of_different_sizes_are_counted_in_bytes() -> None:
    assert division({"small": busy(100, 6, 3), "large": idle(250, 6)}) == {"large": 4, "small": 9}
    assert division({"small": idle(100, 6), "large": busy(250, 6, 3)}) == {"small": 3, "large": 7}


def test_a_model_with_requests_lends_nothing_of_its_quota() -> None:
    assert division({"a": busy(100, 6, 5), "b": SlotUse(100, 6, 6, 1, 0)}) == {}
    assert division({"a": busy(100, 6, 5), "b": busy(100, 6, 5)}) == {}


def test_borrowed_slots_return_to_an_owner_with_waiting_requests_as_they_become_free() -> None:
    owner = busy(100, 6, 4, n_slots=3)
    assert division({"a": busy(100, 6, 5, n_slots=9), "b": owner}) == {}, "no answer is broken off"
    assert division({"a": SlotUse(100, 6, 9, 7, 5), "b": owner}) == {"a": 7, "b": 5}
    assert division({"a": idle(100, 6, 9), "b": owner}) == {"a": 6, "b": 6}, "up to its quota"


def test_no_model_gets_more_than_max_slots() -> None:
    assert division({"a": busy(100, 15, 9), "b": idle(100, 15)}) == {"b": 14, "a": 16}


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 300), min_size=2, max_size=4),
    quota=st.integers(1, 8),
    turns=st.lists(st.tuples(st.integers(0, 3), st.integers(-4, 8)), max_size=60),
)
def test_in_any_order_of_requests_the_memory_suffices_and_owners_get_their_quota(
    sizes: list[int], quota: int, turns: list[tuple[int, int]]
) -> None:
    uses = {str(i): idle(size, quota) for i, size in enumerate(sizes)}
    n_bytes = pool(uses)

    def settle() -> None:
        changes = divide(uses, pool_bytes=n_bytes, max_slots=MAX_SLOTS)
        for name, n_slots in changes.items():
            old = uses[name]
            assert old.n_running <= n_slots <= MAX_SLOTS
            assert n_slots >= (quota + 1) // 2
            uses[name] = SlotUse(old.slot_bytes, quota, n_slots, old.n_running, old.n_waiting)
            assert sum(one.n_slots * one.slot_bytes for one in uses.values()) <= n_bytes
        for name, one in uses.items():  # whoever waits takes the free slots
            n = min(one.n_waiting, one.n_free)
            uses[name] = SlotUse(one.slot_bytes, quota, one.n_slots, one.n_running + n, one.n_waiting - n)

    for which, change in turns:
        name = str(which % len(sizes))
        one = uses[name]
        n_running, n_waiting = (one.n_running, one.n_waiting + change) if change > 0 else (one.n_running, one.n_waiting)
        n_running = max(0, n_running + change) if change < 0 else n_running
        uses[name] = SlotUse(one.slot_bytes, quota, one.n_slots, n_running, n_waiting)
        settle()
    for name in uses:  # all but one fall silent; that one gets its quota however much it had lent
        for other, one in uses.items():
            if other != name:
                uses[other] = SlotUse(one.slot_bytes, quota, one.n_slots, 0, 0)
        one = uses[name]
        uses[name] = SlotUse(one.slot_bytes, quota, one.n_slots, one.n_running, one.n_waiting + quota)
        for _ in range(3):
            settle()
        assert uses[name].n_running >= quota
