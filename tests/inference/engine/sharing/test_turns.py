import random

from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.sharing.turns import Candidate, EngineClock, Turn, next_turn


def candidate(
    used_s: float = 0.0,
    waited_s: float = 0.0,
    prefill_s: float | None = None,
    decode_s: float | None = None,
    *,
    is_prefilling: bool = False,
    is_streaming: bool = True,
) -> Candidate:
    return Candidate(EngineClock(used_s, waited_s, prefill_s, decode_s), is_prefilling, is_streaming)


def test_the_engine_that_used_the_least_time_goes_next() -> None:
    assert next_turn({"b": candidate(1.0), "a": candidate(1.0), "c": candidate(2.0)}) == Turn("a", prefills=True)
    assert next_turn({"b": candidate(0.5), "a": candidate(1.0)}) == Turn("b", prefills=True)


def test_answers_that_waited_for_one_chunk_of_a_prompt_do_not_wait_for_another() -> None:
    reading = candidate(0.0, 0.5, 0.5, 0.01, is_prefilling=True, is_streaming=False)
    for waited_s, turn in ((0.5, Turn("streams", prefills=False)), (0.02, Turn("prefills", prefills=True))):
        assert next_turn({"prefills": reading, "streams": candidate(1.0, waited_s, decode_s=0.02)}) == turn


def test_a_step_of_unknown_time_counts_as_a_long_one() -> None:
    new = candidate(0.0, 0.0, is_prefilling=True, is_streaming=False)
    long = candidate(2.0, 0.0, 0.5, 0.01, is_prefilling=True)
    assert next_turn({"long": long, "new": new, "streams": candidate(1.0, 0.1, decode_s=0.02)}) == Turn(
        "streams", prefills=False
    )


engines = st.lists(st.tuples(st.floats(0.001, 1.0), st.floats(1.0, 20.0), st.floats(0.0, 1.0)), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(engines=engines, jitter=st.sampled_from([1.0, 2.0]), seed=st.integers(0, 2**32))
def test_an_answer_waits_for_at_most_one_chunk_of_a_prompt_and_no_engine_starves(
    engines: list[tuple[float, float, float]], jitter: float, seed: int
) -> None:
    """Each engine always streams, and reads prompts part of the time. A step with a chunk of a prompt takes longer by a
    factor, and any step up to `jitter` times as long as the last one of its kind. Times are virtual.
    """
    rng = random.Random(seed)
    decoding = [decode_s for decode_s, _, _ in engines]
    reading = [decode_s * factor for decode_s, factor, _ in engines]
    clocks = [EngineClock() for _ in engines]
    for now in range(600):
        candidates = {
            str(i): Candidate(clocks[i], (now // 40 + i * 7) % 10 < 10 * share, is_streaming=True)
            for i, (_, _, share) in enumerate(engines)
        }
        turn = next_turn(candidates)
        i = int(turn.name)
        is_prefilling = turn.prefills and candidates[turn.name].is_prefilling
        took_s = (reading[i] if is_prefilling else decoding[i]) * rng.uniform(1, jitter)
        if jitter == 1 and now > 5 * len(engines):
            assert clocks[i].waited_s <= max(reading) + 2 * sum(decoding) + 1e-9
        for j, clock in enumerate(clocks):
            clock.waited_s = 0.0 if i == j else clock.waited_s + took_s
        clocks[i].used_s += took_s
        clocks[i].prefill_s, clocks[i].decode_s = (
            (took_s, clocks[i].decode_s) if is_prefilling else (clocks[i].prefill_s, took_s)
        )
    used = [clock.used_s for clock in clocks]
    assert min(used) >= (sum(used) / len(used) - 2 * jitter * max(reading)) / 4
