import pytest

from inference.engine.request import ContextLengthError, Request, SamplingParams, Sequence, room


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"max_tokens": 0}, "max_tokens is 0; at least 1"),
        ({"max_tokens": 1, "temperature": -0.1}, "temperature is -0.1; a number from 0 to 2"),
        ({"max_tokens": 1, "temperature": 2.1}, "temperature is 2.1"),
        ({"max_tokens": 1, "temperature": float("nan")}, "temperature is nan"),
        ({"max_tokens": 1, "top_p": 0.0}, "top_p is 0.0; a number above 0 and up to 1"),
        ({"max_tokens": 1, "top_p": 1.1}, "top_p is 1.1"),
        ({"max_tokens": 1, "stop": ("a", "")}, "stop holds an empty string"),
    ],
)
def test_parameters_out_of_range_are_named(fields: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        SamplingParams(**fields)  # type: ignore[arg-type]


def test_an_answer_may_fill_what_the_prompt_leaves() -> None:
    assert room(10, None, 100) == 90
    assert room(10, 90, 100) == 90
    assert room(10, 5, 100) == 5


def test_what_does_not_fit_is_refused_with_both_numbers() -> None:
    with pytest.raises(
        ContextLengthError, match=r"holds 100 tokens; the prompt has 10 and max_tokens asks for 91: .* at most 90"
    ):
        room(10, 91, 100)
    with pytest.raises(
        ContextLengthError, match="holds 100 tokens and the prompt has 100, which leaves none to answer"
    ):
        room(100, None, 100)


def test_tokens_run_from_the_prompt_into_the_output() -> None:
    sequence = Sequence(Request("a", (1, 2, 3), SamplingParams(max_tokens=9)), output=[7, 8, 9])
    assert [sequence.tokens(start, 3) for start in range(4)] == [(1, 2, 3), (2, 3, 7), (3, 7, 8), (7, 8, 9)]
    assert sequence.tokens(5, 1) == (9,)
    sequence.n_cached = 5
    assert (sequence.n_due, sequence.is_decoding) == (1, True)
