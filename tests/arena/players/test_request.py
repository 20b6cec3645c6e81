import pytest

from arena.players.events import Message, Request
from arena.players.request import Adjustments, RequestOptions, body_of, optional_in, sent_of

SYSTEM, PROMPT = Message("system", "Be kind."), Message("user", "Hello?")
REQUEST = Request((SYSTEM, PROMPT), 0.7, 0.9, 64, 5)


def test_without_terms_a_body_is_what_was_asked_and_nothing_differs() -> None:
    body = body_of(REQUEST, "m", RequestOptions(), Adjustments())
    assert list(body) == ["model", "messages", "temperature", "top_p", "max_tokens", "seed", "stream", "stream_options"]
    assert sent_of(REQUEST, body) is None


def test_stream_options_are_omitted_with_the_stream() -> None:
    body = body_of(REQUEST, "m", RequestOptions(), Adjustments(frozenset({"stream"})))
    assert not {"stream", "stream_options"} & body.keys()
    assert sent_of(REQUEST, body) == {"temperature": 0.7, "top_p": 0.9, "max_tokens": 64, "seed": 5}


def test_a_system_text_without_a_user_message_stays_where_it_is() -> None:
    request = Request((SYSTEM,), 0.7, 0.9, 64, 5)
    body = body_of(request, "m", RequestOptions(), Adjustments(frozenset({"system"})))
    assert body["messages"] == [{"role": "system", "content": "Be kind."}]
    assert sent_of(request, body) is None


def test_terms_learn_one_parameter_at_a_time() -> None:
    adjustments = Adjustments().without("seed").without("max_tokens")
    assert adjustments == Adjustments(frozenset({"seed"}), {"max_tokens": "max_completion_tokens"})
    assert adjustments.without("seed") == adjustments
    names = optional_in(body_of(REQUEST, "m", RequestOptions(), adjustments), adjustments)
    assert names == {name: name for name in ("temperature", "top_p", "stream", "stream_options")}


def test_a_lesson_is_settled_by_lines_that_hold_what_is_set_already() -> None:
    before = RequestOptions(omit=("seed",), rename={"top_p": "p"}).adjustments()
    after = before.without("temperature").without("max_tokens")
    assert after.settled(before) == (
        'omit = ["temperature", "seed"]',
        'rename = { top_p = "p", max_tokens = "max_completion_tokens" }',
    )
    assert before.settled(before) == ()
    assert Adjustments(thinking_tokens=4096).settled(Adjustments()) == ("thinking_tokens = 4096",)


@pytest.mark.parametrize(
    ("adjustments", "max_tokens", "context", "after"),
    [
        (Adjustments(thinking_tokens=9), 64, 100, Adjustments()),
        (Adjustments(), 64, 100, Adjustments(max_tokens=50)),
        (Adjustments(), 64, 128, Adjustments()),
        (Adjustments(), 64, None, Adjustments()),
        (Adjustments(), 64, 1, Adjustments()),
        (Adjustments(max_tokens=50), 64, 100, Adjustments(max_tokens=50)),
    ],
)
def test_shorter_terms_are_for_contexts_that_are_small(
    adjustments: Adjustments, max_tokens: int, context: int | None, after: Adjustments
) -> None:
    assert adjustments.shorter(max_tokens, context) == after
