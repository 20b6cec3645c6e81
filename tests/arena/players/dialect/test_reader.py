"""Answers as servers send them, read chunk by chunk."""

from typing import Any

import pytest

from arena.players.dialect.reader import AnswerReader, chunk_of, count_of, error_in, finish_reason_of
from arena.players.events import Broken, Thought
from tests.fakes.chat_server import chunk

WORDS = ("The ", "answer ", "is ", "forty ", "two", ".")


def read(*chunks: dict[str, Any]) -> tuple[str, str, AnswerReader]:
    """Text, thought and the answer as read."""
    answer = AnswerReader()
    pieces = [piece for one in chunks for piece in answer.read(one)] + answer.end()
    text = "".join(piece.text for piece in pieces if not isinstance(piece, Thought))
    return text, "".join(piece.text for piece in pieces if isinstance(piece, Thought)), answer


def words(key: str = "delta", **more: Any) -> list[dict[str, Any]]:
    return [{"choices": [{"index": 0, key: {"content": word, **more}, "finish_reason": None}]} for word in WORDS]


@pytest.mark.parametrize(
    "chunks",
    [
        [*words(), chunk(None, "stop")],
        [*words(role="assistant", refusal=None, tool_calls=None), chunk("", "stop")],
        [*words("message"), {"choices": [{"message": {}, "finish_reason": "stop"}]}],
        [{"choices": [{"delta": {"content": word}}]} for word in WORDS] + [{"choices": [{"finishReason": "STOP"}]}],
        [chunk(word, "") for word in WORDS] + [chunk("", "stop")],
        [chunk(word, "null") for word in WORDS] + [chunk("", "eos")],
        [chunk([{"type": "text", "text": word}]) for word in WORDS] + [chunk([], "end_turn")],
        [chunk([word]) for word in WORDS] + [chunk(None, "stop")],
        [chunk({"type": "text", "text": word}) for word in WORDS] + [chunk(None, "stop")],
        [chunk([{"type": "output_text", "text": {"value": word}}]) for word in WORDS] + [chunk(None, "stop")],
        [chunk(None, refusal=word) for word in WORDS] + [chunk(None, "stop")],
        [{"choices": [{"index": 0, "text": word, "finish_reason": None}]} for word in WORDS] + [chunk(None, "stop")],
        [{"choices": {"index": 0, "delta": {"content": word}}} for word in WORDS] + [chunk(None, "stop")],
        [
            # Perplexity: each chunk has the answer so far beside the delta
            {"choices": [{"index": 0, "delta": {"content": word}, "message": {"content": "".join(WORDS[: n + 1])}}]}
            for n, word in enumerate(WORDS)
        ]
        + [{"choices": [{"delta": {}, "message": {"content": "".join(WORDS)}, "finish_reason": "stop"}]}],
        [
            {"choices": [{"index": 1, "delta": {"content": "another"}}, {"index": 0, "delta": {"content": word}}]}
            for word in WORDS
        ]
        + [{"choices": [{"index": 1, "finish_reason": "length", "delta": {}}]}, chunk(None, "stop")],
        [{"choices": [], "prompt_filter_results": [{}]}, {"choices": None}, {}, *words(), chunk(None, "stop")],
        [
            {
                "id": "x",
                "choices": [{"message": {"role": "assistant", "content": "".join(WORDS)}, "finish_reason": "stop"}],
            }
        ],
        [{"choices": [{"delta": None, "message": {"content": "".join(WORDS)}, "finish_reason": "stop"}]}],
        [chunk([{"type": "reference", "reference_ids": [1]}, {"type": "text", "text": "".join(WORDS)}], "stop")],
        [chunk([{"type": "image_url", "image_url": {"url": "x"}}]), *words(), chunk(None, "stop")],
    ],
)
def test_every_shape_of_a_delta_is_text(chunks: list[dict[str, Any]]) -> None:
    text, thought, answer = read(*chunks)
    assert (text, thought, answer.finish_reason) == ("".join(WORDS), "", "stop")


@pytest.mark.parametrize(
    "thoughts",
    [
        [chunk(None, reasoning_content="hm "), chunk(None, reasoning_content="hm")],
        [chunk("", reasoning="hm "), chunk("", reasoning="hm")],
        [chunk(None, reasoning="hm ", reasoning_content="hm "), chunk(None, reasoning="hm", reasoning_content="hm")],
        [chunk("", reasoning="hm hm", reasoning_details=[{"type": "reasoning.text", "text": "hm hm"}])],
        [chunk("", reasoning=None, reasoning_details=[{"type": "reasoning.summary", "summary": "hm hm"}])],
        [chunk(None, thinking="hm hm")],
        [chunk(None, reasoning_text="hm hm")],
        [chunk(None, thinking_blocks=[{"type": "thinking", "thinking": "hm hm", "signature": "x"}])],
        [chunk([{"type": "thinking", "thinking": [{"type": "text", "text": "hm hm"}]}])],
        [chunk([{"type": "thinking", "thinking": "hm hm"}])],
        [chunk([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm hm"}]}])],
        [chunk([{"text": "hm hm", "thought": True}])],
        [chunk("<think>hm"), chunk(" hm</thi"), chunk("nk>")],
    ],
)
def test_every_shape_of_a_thought_is_kept_apart(thoughts: list[dict[str, Any]]) -> None:
    text, thought, answer = read(*thoughts, *words(), chunk(None, "stop"))
    assert (text, thought) == ("".join(WORDS), "hm hm")
    assert answer.has_thought


def test_blank_thoughts_do_not_show_that_a_model_reasons() -> None:
    _, _, answer = read(chunk("<think>\n\n</think>\n\n"), *words(), chunk(None, "stop"))
    assert not answer.has_thought


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        *((none, None) for none in ("", "null", "None", " ", "FINISH_REASON_UNSPECIFIED")),
        (None, None),
        (3, None),
        ({}, None),
        *((stop, "stop") for stop in ("stop", "STOP", "eos", "eos_token", "end_turn", "stop_sequence", "COMPLETE")),
        *(
            (cut, "length")
            for cut in ("length", "MAX_TOKENS", "max_tokens", "model_length", "FINISH_REASON_MAX_TOKENS")
        ),
        *((cut, "content_filter") for cut in ("content_filter", "SAFETY", "sensitive", "RECITATION", "refusal")),
        *((bad, "error") for bad in ("error", "network_error", "abort", "insufficient_system_resource", "ERROR")),
        ("tool_calls", "tool_calls"),
        ("something new", "something new"),
        ("x" * 100_000, "x" * 40),
        ("a\0b", "a\ufffdb"),
    ],
)
def test_finish_reasons_are_read_in_openais_words(sent: Any, reason: str | None) -> None:
    assert finish_reason_of(sent) == reason


def test_a_finish_reason_that_arrives_too_early_ends_nothing() -> None:
    text, _, answer = read(chunk("The ", "stop"), chunk("answer.", "stop"))
    assert text == "The answer."
    assert answer.goes_on
    assert not read(chunk("The answer."), chunk("", "stop"), {"choices": [], "usage": {}})[2].goes_on


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 8}, (5, 8)),
        ({"prompt_tokens": 5, "completion_tokens": 8, "completion_tokens_details": {"reasoning_tokens": 3}}, (5, 5)),
        ({"prompt_tokens": 5, "completion_tokens": 8, "reasoning_tokens": 3}, (5, 5)),
        ({"completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 3}}, (None, 0)),
        ({"completion_tokens": 8, "completion_tokens_details": None}, (None, 8)),
        ({"prompt_tokens": 2**63, "completion_tokens": 10**400}, (None, None)),
        ({"prompt_tokens": -1, "completion_tokens": "8"}, (None, None)),
        ({"prompt_tokens": 2.5, "completion_tokens": True}, (None, None)),
    ],
)
def test_counts_are_of_the_answer_and_fit_a_database(usage: Any, counts: tuple[int | None, int | None]) -> None:
    answer = read(chunk("x", "stop"), {"choices": [], "usage": usage})[2]
    assert (answer.prompt_tokens, answer.completion_tokens) == counts
    assert count_of(2**63 - 1) == 2**63 - 1


def test_where_thoughts_are_counted_with_the_answer_its_own_count_is_not_known() -> None:
    usage = {"usage": {"prompt_tokens": 5, "completion_tokens": 80}}
    assert read(chunk(None, reasoning="hm"), chunk("x", "stop"), usage)[2].completion_tokens is None


def test_halves_of_a_surrogate_are_joined_in_each_channel_alone() -> None:
    text, thought, _ = read(
        chunk("a\ud83d"),
        chunk(None, reasoning="b\ud83d"),
        chunk("\ude00c"),
        chunk(None, reasoning="\ude00d"),
        chunk("\ud83d"),
    )
    assert (text, thought) == ("a😀c\ufffd", "b😀d")


@pytest.mark.parametrize("delta", [{"content": "x" * 600_000}, {"reasoning": "x" * 600_000}])
def test_an_answer_without_end_is_broken(delta: dict[str, Any]) -> None:
    answer = AnswerReader()
    answer.read({"choices": [{"delta": delta}]})
    with pytest.raises(Broken, match="more than 1,000,000 characters"):
        answer.read({"choices": [{"delta": delta}]})


@pytest.mark.parametrize("data", ["{not json}", "[1]", "3", "[" * 200_000, '{"a":' * 200_000, "9" * 5000, '"x"'])
def test_an_event_that_is_not_an_object_is_broken_at_any_depth(data: str) -> None:
    with pytest.raises(Broken):
        chunk_of(data, "host")


@pytest.mark.parametrize(
    "strange",
    [
        {"choices": "x"},
        {"choices": [None, 3]},
        {"choices": [{"index": 0, "delta": "text"}]},
        {"choices": [{"index": 0, "delta": {"content": 3}}]},
        {"choices": [{"index": [], "delta": {"content": "x"}}]},
        {"choices": [{"index": 0, "delta": {"content": [[["x"]]]}}]},
        {"choices": [{"index": 0, "delta": {"reasoning": {"text": {"text": {"text": {"text": {"text": "x"}}}}}}}]},
        {"choices": [], "usage": [1]},
        {"usage": {"completion_tokens_details": [1]}},
        {"system_fingerprint": 3},
    ],
)
def test_strange_chunks_add_nothing_and_raise_nothing(strange: dict[str, Any]) -> None:
    assert read(strange)[:2] == ("", "")


def test_a_fingerprint_is_kept_short() -> None:
    assert read({"system_fingerprint": "x" * 100_000})[2].fingerprint == "x" * 200


@pytest.mark.parametrize(
    "value",
    [
        {"error": {"message": "m"}},
        {"error": "overloaded", "choices": []},
        {"type": "error", "message": "overloaded"},
        {"object": "error", "message": "m"},
        {"message": "overloaded", "code": 503},
        {"detail": "overloaded"},
    ],
)
def test_an_error_in_place_of_a_chunk_is_seen(value: dict[str, Any]) -> None:
    assert error_in(value)


@pytest.mark.parametrize("value", [{}, {"error": None}, {"error": ""}, chunk("x"), {"choices": [], "message": "hello"}])
def test_other_chunks_are_not_errors(value: dict[str, Any]) -> None:
    assert error_in(value) is None
