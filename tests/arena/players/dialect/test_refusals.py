"""How servers refuse: bodies in `refusals.json`, as reported of real servers or reworded, and the error for each."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from arena.players.dialect.refusals import TooLong, error_in_stream, error_of, parsed_error, too_long_of
from arena.players.events import Broken, Busy, EndpointError, Refused, Unreachable

PLACE = "models.example:8000"
SAID: dict[str, list[Any]] = json.loads(Path(__file__).with_name("refusals.json").read_text("utf-8"))


def cases(kind: str) -> list[Any]:
    return [pytest.param(case, id=case["server"]) for case in SAID[kind]]


def said(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}}


def read(status: int, body: Any) -> EndpointError:
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return error_of(status, raw, PLACE)


@pytest.mark.parametrize("case", cases("too_long"))
def test_a_prompt_that_is_too_long_is_recognised_with_its_limit(case: Any) -> None:
    error = read(case["status"], case["body"])
    assert isinstance(error, Refused), error
    assert (error.is_too_long, error.limit, error.is_filtered) == (True, case["limit"], False)


@pytest.mark.parametrize("case", SAID["too_long_in_other_words"], ids=lambda case: case["message"])
def test_other_words_for_too_long_are_recognised_too(case: Any) -> None:
    error = read(400, said(case["message"]))
    assert isinstance(error, Refused), error
    assert (error.is_too_long, error.limit) == (True, case["limit"])


@pytest.mark.parametrize("message", SAID["not_of_length"])
def test_refused_parameters_and_roles_are_not_taken_for_a_length(message: str) -> None:
    error = read(400, said(message))
    assert isinstance(error, Refused), error
    assert (error.is_too_long, error.is_filtered) == (False, False)
    assert "max_tokens" not in str(error)


@pytest.mark.parametrize("case", cases("max_tokens_too_large"))
def test_a_max_tokens_that_is_too_large_is_a_matter_of_settings(case: Any) -> None:
    """The prompt is not too long, and another prompt would be refused as well."""
    raw = json.dumps(case["body"]).encode()
    assert too_long_of(parsed_error(raw)) == TooLong(is_answer=True)
    error = error_of(case["status"], raw, PLACE)
    assert isinstance(error, Refused)
    assert (error.is_too_long, error.limit) == (False, None)
    assert "max_tokens is too large" in str(error)


@pytest.mark.parametrize("case", cases("filtered"))
def test_a_filtered_prompt_is_recognised(case: Any) -> None:
    error = read(case["status"], case["body"])
    assert isinstance(error, Refused), error
    assert (error.is_filtered, error.is_too_long, error.status) == (True, False, case["status"])
    assert error.code == "filtered", "an answer without text, not a broken side"


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("message", SAID["filtered_in_other_words"])
def test_other_words_for_a_filter_are_recognised_too(message: str, status: int) -> None:
    error = read(status, said(message))
    assert isinstance(error, Refused), error
    assert error.is_filtered


@pytest.mark.parametrize("status", [400, 403, 429])
@pytest.mark.parametrize("message", SAID["no_credit_in_other_words"])
def test_other_words_for_no_credit_are_recognised_too(message: str, status: int) -> None:
    error = read(status, said(message))
    assert isinstance(error, Unreachable), error
    assert not error.can_pass


@pytest.mark.parametrize("case", cases("no_credit"))
def test_no_credit_is_a_no_that_does_not_pass(case: Any) -> None:
    error = read(case["status"], case["body"])
    assert isinstance(error, Unreachable), error
    assert (error.can_pass, error.status) == (False, case["status"])
    assert "no credit" in str(error)


@pytest.mark.parametrize("case", cases("busy"))
def test_too_many_tokens_a_minute_is_busy_and_not_too_long(case: Any) -> None:
    error = read(case["status"], case["body"])
    assert isinstance(error, Busy), error
    assert error.status == case["status"]


@pytest.mark.parametrize("case", cases("nothing_special"))
def test_a_refusal_for_another_reason_is_neither_too_long_nor_filtered(case: Any) -> None:
    error = read(case["status"], case["body"])
    assert isinstance(error, Refused), error
    assert (error.is_too_long, error.limit, error.is_filtered) == (False, None, False)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"0", b'""', b"[" * 60_000, b'{"error": ' + b"9" * 60_000 + b"}", b"\xff\xfe{"],
    ids=["nothing", "null", "list", "object", "zero", "text", "deep", "a number of many digits", "no UTF-8"],
)
def test_an_empty_body_is_a_plain_error(body: bytes) -> None:
    error = read(400, body)
    assert isinstance(error, Refused)
    assert (error.is_too_long, error.limit, error.is_filtered) == (False, None, False)
    too_large = read(413, body)
    assert isinstance(too_large, Refused)
    assert (too_large.is_too_long, too_large.limit) == (True, None)
    assert isinstance(read(429, body), Busy)
    payment = read(402, body)
    assert isinstance(payment, Unreachable)
    assert not payment.can_pass
    assert isinstance(read(500, body), Unreachable)


@pytest.mark.parametrize("status", [401, 403, 404, 405, 409])
def test_a_no_to_the_model_does_not_pass(status: int) -> None:
    error = read(status, said("Incorrect API key provided"))
    assert isinstance(error, Unreachable)
    assert (error.can_pass, error.status) == (False, status)


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 529])
@pytest.mark.parametrize("message", ["The server had an error", "moderation service unavailable"])
def test_a_failure_of_the_server_can_pass(status: int, message: str) -> None:
    error = read(status, said(message))
    assert isinstance(error, Unreachable)
    assert (error.can_pass, error.status) == (True, status)


@pytest.mark.parametrize("status", [401, 404])
def test_wordings_count_only_where_servers_use_them(status: int) -> None:
    """A suspended account and a policy on data are not about the prompt, whatever words they use."""
    error = read(status, said("Your account was flagged for violating our content policy. prompt is too long"))
    assert isinstance(error, Unreachable)
    assert not error.can_pass


def test_an_account_that_was_flagged_is_not_a_filtered_prompt() -> None:
    error = read(403, said("Your account was flagged for violating our usage policies"))
    assert isinstance(error, Unreachable)
    assert not error.can_pass


def test_an_echo_of_the_request_is_not_evidence() -> None:
    echoed = "prompt is too long: context_length_exceeded, content_filter, insufficient_quota"
    for body in (
        {"detail": [{"loc": ["body", "user"], "msg": "extra fields not permitted", "input": echoed}]},
        {"error": {"message": "bad field", "request": {"messages": [{"content": echoed}]}}},
        {"error": json.dumps({"message": "bad field", "prompt": echoed})},
    ):
        error = read(400, body)
        assert isinstance(error, Refused)
        assert (error.is_too_long, error.is_filtered) == (False, False)


def test_messages_have_the_words_of_code_and_type_and_never_the_prose() -> None:
    secret = "sk-secret and the whole prompt"
    assert str(read(400, said(secret, code="context_length_exceeded"))) == (
        f"{PLACE}: status 400 invalid_request_error context_length_exceeded"
    )
    assert secret not in str(read(400, said(secret, code=secret)))
    assert secret not in str(read(400, secret))


def test_an_error_in_a_stream_is_read_by_its_words_and_its_code() -> None:
    too_long = error_in_stream("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.", PLACE)
    assert isinstance(too_long, Refused)
    assert (too_long.is_too_long, too_long.limit) == (True, 4096)
    filtered = error_in_stream({"code": "content_filter", "message": "…"}, PLACE)
    assert isinstance(filtered, Refused)
    assert filtered.is_filtered
    assert isinstance(error_in_stream({"code": 429, "message": "slow down"}, PLACE), Busy)
    key = error_in_stream({"code": 401, "message": "No auth credentials found"}, PLACE)
    assert isinstance(key, Unreachable)
    assert not key.can_pass
    assert isinstance(error_in_stream({"code": 502, "message": "Provider disconnected"}, PLACE), Broken)
    assert isinstance(
        error_in_stream({"message": "Worker local total request limit reached", "code": 502}, PLACE), Broken
    )
    assert isinstance(error_in_stream(True, PLACE), Broken)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "' + b"prompt " * 9_000 + b'"}',
        b'{"error": "' + b"exceed " * 9_000 + b'"}',
        b'{"error": "' + b"9 + " * 15_000 + b'"}',
        b'{"error": "' + b"max tokens " * 5_000 + b'"}',
        b'{"error": "' + b"context length of " * 3_000 + b'"}',
        (b'{"error":' * 5_000) + b"1" + b"}" * 5_000,
    ],
    ids=["prompt", "exceed", "sum", "max tokens", "context", "deep"],
)
def test_reading_an_error_takes_no_time_to_speak_of(body: bytes) -> None:
    """Patterns that could run for ever would block the event loop: 64 kB is what is read of an error."""
    started = time.process_time()
    read(400, body)
    assert time.process_time() - started < 2.0
