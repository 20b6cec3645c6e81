import random

from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.sharing.turns import Candidate, Standing, Turn, next_turn


def candidate(
    used_s: float = 0.0,
    waited_s: float = 0.0,
    reading_s: float | None = None,
    decoding_s: float | None = None,
    *,
    is_reading: bool = False,
    is_streaming: bool = True,
) -> Candidate:
    return Candidate(Standing(used_s, waited_s, reading_s, decoding_s), is_reading, is_streaming)


def test_the_turn_goes_to_who_used_least() -> None:
    assert next_turn({"b": candidate(1.0), "a": candidate(1.0), "c": candidate(2.0)}) == Turn("a", reads=True)
    assert next_turn({"b": candidate(0.5), "a": candidate(1.0)}) == Turn("b", reads=True)


def test_answers_that_waited_for_a_piece_of_a_prompt_do_not_wait_for_a_second_one() -> None:
    reading = candidate(0.0, 0.5, 0.5, 0.01, is_reading=True, is_streaming=False)
    for waited_s, turn in ((0.5, Turn("streams", reads=False)), (0.02, Turn("reads", reads=True))):
        assert next_turn({"reads": reading, "streams": candidate(1.0, waited_s, decoding_s=0.02)}) == turn


def test_a_step_of_unknown_length_is_taken_for_a_long_one() -> None:
    new = candidate(0.0, 0.0, is_reading=True, is_streaming=False)
    long = candidate(2.0, 0.0, 0.5, 0.01, is_reading=True)
    assert next_turn({"long": long, "new": new, "streams": candidate(1.0, 0.1, decoding_s=0.02)}) == Turn(
        "streams", reads=False
    )


engines = st.lists(st.tuples(st.floats(0.001, 1.0), st.floats(1.0, 20.0), st.floats(0.0, 1.0)), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(engines=engines, jitter=st.sampled_from([1.0, 2.0]), seed=st.integers(0, 2**32))
def test_an_answer_waits_for_one_piece_of_a_prompt_at_most_and_nobody_starves(
    engines: list[tuple[float, float, float]], jitter: float, seed: int
) -> None:
    """Each engine streams all the time and reads prompts for a share of it; a step with a piece of a prompt takes
    longer by a factor, any step up to `jitter` times as long as the last one of its kind. Times are virtual."""
    rng = random.Random(seed)
    decoding = [decoding_s for decoding_s, _, _ in engines]
    reading = [decoding_s * factor for decoding_s, factor, _ in engines]
    standings = [Standing() for _ in engines]
    for now in range(600):
        candidates = {
            str(i): Candidate(standings[i], (now // 40 + i * 7) % 10 < 10 * share, is_streaming=True)
            for i, (_, _, share) in enumerate(engines)
        }
        turn = next_turn(candidates)
        i = int(turn.name)
        is_reading = turn.reads and candidates[turn.name].is_reading
        took_s = (reading[i] if is_reading else decoding[i]) * rng.uniform(1, jitter)
        if jitter == 1 and now > 5 * len(engines):
            assert standings[i].waited_s <= max(reading) + 2 * sum(decoding) + 1e-9
        for j, standing in enumerate(standings):
            standing.waited_s = 0.0 if i == j else standing.waited_s + took_s
        standings[i].used_s += took_s
        standings[i].reading_s, standings[i].decoding_s = (
            (took_s, standings[i].decoding_s) if is_reading else (standings[i].reading_s, took_s)
        )
    used = [standing.used_s for standing in standings]
    assert min(used) >= (sum(used) / len(used) - 2 * jitter * max(reading)) / 4
