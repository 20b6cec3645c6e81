from __future__ import annotations

import pytest

from arena.players.events import Message, Request
from arena.players.request import Bound, Manner, Terms, body_of, optional_in, sent_of

SYSTEM, PROMPT = Message("system", "Be kind."), Message("user", "Hello?")
REQUEST = Request((SYSTEM, PROMPT), 0.7, 0.9, 64, 5)


def test_without_terms_a_body_is_what_was_asked_and_nothing_differs() -> None:
    body = body_of(REQUEST, "m", Manner(), Terms())
    assert list(body) == ["model", "messages", "temperature", "top_p", "max_tokens", "seed", "stream", "stream_options"]
    assert sent_of(REQUEST, body) is None


def test_stream_options_go_with_the_stream() -> None:
    body = body_of(REQUEST, "m", Manner(), Terms(frozenset({"stream"})))
    assert not {"stream", "stream_options"} & body.keys()
    assert sent_of(REQUEST, body) == {"temperature": 0.7, "top_p": 0.9, "max_tokens": 64, "seed": 5}


def test_a_system_text_without_a_user_message_stays_where_it_is() -> None:
    request = Request((SYSTEM,), 0.7, 0.9, 64, 5)
    body = body_of(request, "m", Manner(), Terms(frozenset({"system"})))
    assert body["messages"] == [{"role": "system", "content": "Be kind."}]
    assert sent_of(request, body) is None


def test_terms_learn_one_parameter_at_a_time() -> None:
    terms = Terms().without("seed").without("max_tokens")
    assert terms == Terms(frozenset({"seed"}), {"max_tokens": "max_completion_tokens"})
    assert terms.without("seed") == terms
    names = optional_in(body_of(REQUEST, "m", Manner(), terms), terms)
    assert names == {name: name for name in ("temperature", "top_p", "stream", "stream_options")}


def test_a_lesson_is_settled_by_lines_that_hold_what_is_set_already() -> None:
    before = Manner(omit=("seed",), rename={"top_p": "p"}).terms()
    after = before.without("temperature").without("max_tokens")
    assert after.settled(before) == (
        'omit = ["temperature", "seed"]',
        'rename = { top_p = "p", max_tokens = "max_completion_tokens" }',
    )
    assert before.settled(before) == ()
    assert Terms(thinking_tokens=4096).settled(Terms()) == ("thinking_tokens = 4096",)


@pytest.mark.parametrize(
    ("terms", "max_tokens", "context", "after"),
    [
        (Terms(thinking_tokens=9), 64, 100, Terms()),
        (Terms(), 64, 100, Terms(max_tokens=50)),
        (Terms(), 64, 128, Terms()),
        (Terms(), 64, None, Terms()),
        (Terms(), 64, 1, Terms()),
        (Terms(max_tokens=50), 64, 100, Terms(max_tokens=50)),
    ],
)
def test_shorter_terms_are_for_contexts_that_are_small(
    terms: Terms, max_tokens: int, context: int | None, after: Terms
) -> None:
    assert terms.shorter(max_tokens, context) == after


def test_a_bound_counts_small_pieces_as_tokens_and_large_ones_by_their_bytes() -> None:
    bound = Bound(5)
    assert [bound.cut(text) for text in ("x", "x" * 16, "x" * 17)] == ["x", "x" * 16, "x" * 12]
    assert bound.is_reached
    assert bound.cut("x") == ""


def test_a_bound_cuts_no_character_in_two() -> None:
    assert Bound(4).cut("한" * 30) == "한" * 5


def test_no_bound_cuts_nothing() -> None:
    bound = Bound(None)
    assert bound.cut("x" * 10_000) == "x" * 10_000
    assert bound.cut_whole("x" * 10_000, 99_999) == "x" * 10_000
    assert not bound.is_reached
