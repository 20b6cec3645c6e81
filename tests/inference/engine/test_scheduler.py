from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.request import Request, RequestState, SamplingParams
from inference.engine.scheduler import Scheduler, chunk_size
from inference.engine.slots import Slots

N_ROUNDS = 2000


def sequence(n_prompt: int, max_tokens: int = 3, name: str = "") -> RequestState:
    return RequestState(Request(name, (1,) * n_prompt, SamplingParams(max_tokens=max_tokens)))


def step(scheduler: Scheduler) -> list[tuple[RequestState, int, int]]:
    """Take one step as the engine does, sampling token 0, and return (request, start, n) of each work."""
    scheduler.admit()
    plan = scheduler.plan()
    scheduler.advance(plan)
    for work in plan:
        if work.is_last:
            work.state.output.append(0)
            if len(work.state.output) == work.state.request.params.max_tokens:
                scheduler.remove(work.state)
    return [(work.state, work.start, work.n) for work in plan]


@settings(max_examples=200, deadline=None)
@given(
    n_slots=st.integers(1, 5),
    max_chunk=st.integers(1, 9),
    beyond=st.one_of(st.none(), st.integers(1, 12)),
    arrivals=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40), st.integers(1, 12)), max_size=25),
    aborts=st.dictionaries(st.integers(0, 60), st.integers(0, 24), max_size=10),
    remembers=st.booleans(),
)
def test_in_any_order_of_arrivals_and_aborts_every_request_ends_and_no_slot_leaks(
    n_slots: int,
    max_chunk: int,
    beyond: int | None,
    arrivals: list[tuple[int, int, int]],
    aborts: dict[int, int],
    remembers: bool,
) -> None:
    """`beyond` is the budget beyond a chunk of a prompt. All prompts are alike, so much is reused where slots may."""
    slots = Slots(n_slots, n_rewindable=30 if remembers else None)
    budget = None if beyond is None else max_chunk + beyond
    scheduler = Scheduler(slots, max_chunk=max_chunk, budget=budget)
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
        n_before = scheduler.n_decoding
        did = step(scheduler)
        assert sum(n for _, _, n in did) <= scheduler.budget, "the token budget"
        assert len({id(one) for one, _, _ in did}) == len(did), "one chunk a sequence"
        assert sum(one.n_cached >= len(one.request.prompt) for one, _, _ in did) >= n_before, "every answer goes on"
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
        n_prompt, first = len(one.request.prompt), one.n_reused
        assert first < n_prompt
        assert remembers or first == 0
        bounds = [first, *(at for at in range(0, n_prompt, max_chunk) if at > first), n_prompt]
        prompt = [(start, stop - start) for start, stop in pairwise(bounds)]
        decode = [(n_prompt + i, 1) for i in range(one.request.params.max_tokens - 1)]
        assert chunks[id(one)] == prompt + decode, "computed in the same pieces as alone"


def test_slots_are_given_in_the_order_of_arrival() -> None:
    scheduler = Scheduler(Slots(2), max_chunk=4)
    queue = [sequence(3 + i % 2 * 9, max_tokens=1 + i % 3, name=str(i)) for i in range(12)]
    begun: list[str] = []
    for one in queue:
        scheduler.add(one)
    while scheduler.n_running + scheduler.n_waiting:
        begun += [one.request.request_id for one in scheduler.admit()]
        step(scheduler)
    assert begun == [str(i) for i in range(12)]


def test_a_prompt_of_4000_tokens_beside_8_answers_adds_one_chunk_to_each_step() -> None:
    scheduler = Scheduler(Slots(9), max_chunk=256)
    answers = [sequence(5, max_tokens=99) for _ in range(8)]
    for one in answers:
        scheduler.add(one)
    step(scheduler)
    long = sequence(4000)
    scheduler.add(long)
    while not long.output:
        did = step(scheduler)
        assert [n for one, _, n in did if one is not long] == [1] * 8
        assert sum(n for _, _, n in did) <= 8 + 256
    assert len(answers[0].output) == 1 + 16


def test_a_step_without_prefill_only_advances_answers() -> None:
    scheduler = Scheduler(Slots(2), max_chunk=4)
    short, long = sequence(2), sequence(9)
    scheduler.add(short)
    step(scheduler)
    scheduler.add(long)
    assert scheduler.is_prefilling
    scheduler.admit()
    assert [work.state for work in scheduler.plan(prefills=False)] == [short]
    assert [work.state for work in scheduler.plan()] == [short, long]


def test_a_small_budget_bounds_how_many_run_at_once() -> None:
    scheduler = Scheduler(Slots(5), max_chunk=4, budget=6)
    for _ in range(5):
        scheduler.add(sequence(1))
    scheduler.admit()
    assert (scheduler.n_running, scheduler.n_waiting, scheduler.is_prefilling) == (2, 3, True)


def test_a_budget_without_room_for_an_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="the budget is 4 tokens a step and max_chunk 4; a budget of at least 5"):
        Scheduler(Slots(1), max_chunk=4, budget=4)


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


def test_a_budget_is_half_for_prompts_and_half_for_answers() -> None:
    assert [chunk_size(budget, n_parameters=10**6) for budget in (None, 2, 64, 1024)] == [512, 1, 32, 512]
    assert [chunk_size(budget, n_parameters=10**9) for budget in (None, 2, 64, 1024)] == [256, 1, 32, 512]
    assert [chunk_size(budget, n_parameters=10**6, is_on_gpu=True) for budget in (None, 64)] == [2048, 32]
