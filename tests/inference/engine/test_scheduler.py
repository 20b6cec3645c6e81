import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.request import Request, SamplingParams, Sequence
from inference.engine.scheduler import Scheduler
from inference.engine.slots import Slots

N_ROUNDS = 2000


def sequence(n_prompt: int, max_tokens: int = 3, name: str = "") -> Sequence:
    return Sequence(Request(name, (1,) * n_prompt, SamplingParams(max_tokens=max_tokens)))


def step(scheduler: Scheduler) -> list[tuple[Sequence, int, int]]:
    """One step as the engine does it, sampling token 0; returns (sequence, start, n) of each work."""
    scheduler.admit()
    plan = scheduler.plan()
    scheduler.advance(plan)
    for work in plan:
        if work.is_last:
            work.sequence.output.append(0)
            if len(work.sequence.output) == work.sequence.request.params.max_tokens:
                scheduler.remove(work.sequence)
    return [(work.sequence, work.start, work.n) for work in plan]


@settings(max_examples=200, deadline=None)
@given(
    n_slots=st.integers(1, 5),
    max_chunk=st.integers(1, 9),
    arrivals=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40), st.integers(1, 12)), max_size=25),
    aborts=st.dictionaries(st.integers(0, 60), st.integers(0, 24), max_size=10),
)
def test_whatever_comes_and_goes_every_request_ends_and_no_slot_leaks(
    n_slots: int, max_chunk: int, arrivals: list[tuple[int, int, int]], aborts: dict[int, int]
) -> None:
    slots = Slots(n_slots)
    scheduler = Scheduler(slots, max_chunk=max_chunk)
    sequences = [sequence(n_prompt, max_tokens) for _, n_prompt, max_tokens in arrivals]
    chunks: dict[int, list[tuple[int, int]]] = {id(one): [] for one in sequences}
    aborted = set()
    for now in range(N_ROUNDS):
        for one, (when, _, _) in zip(sequences, arrivals, strict=True):
            if when == now:
                scheduler.add(one)
        victim = aborts.get(now)
        if victim is not None and victim < len(sequences) and arrivals[victim][0] <= now:
            scheduler.remove(sequences[victim])
            aborted.add(id(sequences[victim]))
        did = step(scheduler)
        assert sum(n for _, _, n in did) <= n_slots + max_chunk, "the token budget"
        assert len({id(one) for one, _, _ in did}) == len(did), "one chunk a sequence"
        assert scheduler.n_running <= n_slots
        for one, start, n in did:
            chunks[id(one)].append((start, n))
        if now > 60 and not did:
            break
    else:
        pytest.fail("some request never ended")
    assert (scheduler.n_running, scheduler.n_waiting) == (0, 0)
    assert slots.n_free == n_slots
    for one in sequences:
        if id(one) in aborted:
            continue
        assert len(one.output) == one.request.params.max_tokens
        n_prompt = len(one.request.prompt)
        prompt = [(start, min(max_chunk, n_prompt - start)) for start in range(0, n_prompt, max_chunk)]
        decode = [(n_prompt + i, 1) for i in range(one.request.params.max_tokens - 1)]
        assert chunks[id(one)] == prompt + decode, "computed in the same pieces as alone"


def test_a_long_prompt_does_not_stop_the_answers_of_others() -> None:
    scheduler = Scheduler(Slots(2), max_chunk=4)
    short, long = sequence(2, max_tokens=9), sequence(40)
    scheduler.add(short)
    step(scheduler)
    scheduler.add(long)
    for _ in range(8):
        assert {id(one) for one, _, _ in step(scheduler)} == {id(short), id(long)}


def test_prompts_take_turns_and_a_short_one_fits_beside_a_long_one() -> None:
    scheduler = Scheduler(Slots(3), max_chunk=8)
    first, second, third = sequence(40), sequence(40), sequence(3)
    for one in (first, second, third):
        scheduler.add(one)
    assert step(scheduler) == [(first, 0, 8), (third, 0, 3)], "a budget of 11 tokens"
    assert step(scheduler) == [(third, 3, 1), (second, 0, 8)]
    assert step(scheduler) == [(third, 4, 1), (first, 8, 8)]


def test_slots_are_given_in_arrival_order_low_ones_first() -> None:
    scheduler = Scheduler(Slots(2), max_chunk=8)
    queue = [sequence(1, name=str(i)) for i in range(4)]
    for one in queue:
        scheduler.add(one)
    scheduler.admit()
    assert [one.slot for one in queue] == [0, 1, None, None]
    assert (scheduler.n_running, scheduler.n_waiting) == (2, 2)
    scheduler.remove(queue[1])
    scheduler.remove(queue[0])
    scheduler.admit()
    assert [one.slot for one in queue] == [None, None, 0, 1]


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="n_slots is 0 and max_chunk 4; at least 1"):
        Scheduler(Slots(0), max_chunk=4)
    with pytest.raises(ValueError, match="max_chunk 0"):
        Scheduler(Slots(1), max_chunk=0)
