import pytest

from inference.engine.request import (
    ContextLengthError,
    Event,
    Request,
    RequestState,
    SamplingParams,
    TokenLogprob,
    room,
)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"max_tokens": 0}, "max_tokens is 0; at least 1"),
        ({"max_tokens": 1, "temperature": -0.1}, "temperature is -0.1; a number from 0 to 2"),
        ({"max_tokens": 1, "temperature": 2.1}, "temperature is 2.1"),
        ({"max_tokens": 1, "temperature": float("nan")}, "temperature is nan"),
        ({"max_tokens": 1, "top_p": 0.0}, "top_p is 0.0; a number above 0 and up to 1"),
        ({"max_tokens": 1, "top_p": 1.1}, "top_p is 1.1"),
        ({"max_tokens": 1, "stop": ("a", "")}, "stop has an empty string"),
        ({"max_tokens": -1, "prompt_logprobs": 0}, "max_tokens is -1; at least 0"),
        ({"max_tokens": 1, "top_k": -1}, "top_k is -1; at least 0"),
        ({"max_tokens": 1, "min_p": 1.1}, "min_p is 1.1; a number from 0 to 1"),
        ({"max_tokens": 1, "min_p": float("nan")}, "min_p is nan"),
        ({"max_tokens": 1, "repetition_penalty": 0.0}, "repetition_penalty is 0.0; a number above 0"),
        ({"max_tokens": 1, "repetition_penalty": float("inf")}, "repetition_penalty is inf"),
        ({"max_tokens": 1, "presence_penalty": 2.1}, "presence_penalty is 2.1; a number from -2 to 2"),
        ({"max_tokens": 1, "frequency_penalty": -2.1}, "frequency_penalty is -2.1; a number from -2 to 2"),
        ({"max_tokens": 1, "n_logprobs": 21}, "n_logprobs is 21; from 0 to 20"),
        ({"max_tokens": 1, "prompt_logprobs": -1}, "prompt_logprobs is -1; from 0 to 20"),
    ],
)
def test_parameters_out_of_range_are_named(fields: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        SamplingParams(**fields)  # type: ignore[arg-type]


def test_an_answer_may_fill_what_the_prompt_leaves() -> None:
    assert room(10, None, 100) == 90
    assert room(10, 90, 100) == 90
    assert room(10, 5, 100) == 5


def test_a_request_that_does_not_fit_is_refused_with_both_numbers() -> None:
    with pytest.raises(
        ContextLengthError, match=r"is 100 tokens; the prompt has 10 and max_tokens is 91: .* at most 90"
    ):
        room(10, 91, 100)
    with pytest.raises(
        ContextLengthError, match="is 100 tokens and the prompt has 100, which leaves none for an answer"
    ):
        room(100, None, 100)


def test_a_prompt_that_is_only_scored_may_fill_the_context() -> None:
    assert room(100, 0, 100) == 0
    assert SamplingParams(max_tokens=0, prompt_logprobs=0).max_tokens == 0
    with pytest.raises(ContextLengthError, match="is 100 tokens and the prompt has 101; shorten the prompt"):
        room(101, 0, 100)


def test_unread_events_are_merged() -> None:
    scores = (None, TokenLogprob(5, -0.5))
    first = Event("x", "a", 1, token_ids=(7,), logprobs=(TokenLogprob(7, -1.0),), prompt_logprobs=scores, n_reused=3)
    last = Event("x", "b", 2, "length", token_ids=(8,), logprobs=(TokenLogprob(8, -2.0),), n_reused=3)
    assert last.after(first) == Event(
        "x", "ab", 2, "length", None, (7, 8), (TokenLogprob(7, -1.0), TokenLogprob(8, -2.0)), scores, 3
    )
    assert first.after(None) is first


def test_tokens_run_from_the_prompt_into_the_output() -> None:
    state = RequestState(Request("a", (1, 2, 3), SamplingParams(max_tokens=9)), output=[7, 8, 9])
    assert [state.tokens(start, 3) for start in range(4)] == [(1, 2, 3), (2, 3, 7), (3, 7, 8), (7, 8, 9)]
    assert state.tokens(5, 1) == (9,)
    state.n_cached = 5
    assert state.n_due == 1
