"""Endpoints as they are: one scripted server a vendor, and what the arena makes of it."""

import asyncio
import gzip
import json
import logging
import time
import zlib
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import pytest

from arena.players.endpoint import Endpoint, Patience, RequestOptions
from arena.players.events import (
    Broken,
    Busy,
    EndpointError,
    Filtered,
    Finish,
    Message,
    Refused,
    Request,
    Thought,
    TimedOut,
    Token,
    Unreachable,
)
from tests.arena.players.dialects import refusal, stream, strict, told
from tests.fakes.chat_server import DONE, Asked, ChatServer, Reply, chunk, event, whole

SYSTEM, PROMPT = Message("system", "Be kind."), Message("user", "How many rivers cross a town?")
REQUEST = Request((SYSTEM, PROMPT), 0.7, 0.9, 64, 12345)
PATIENCE = Patience(first_token_timeout_s=20.0, stall_timeout_s=20.0, retries=2, backoff_s=0.01)
ASKED = {
    "temperature": 0.7,
    "top_p": 0.9,
    "max_tokens": 64,
    "seed": 12345,
    "stream": True,
    "stream_options": {"include_usage": True},
}
"""The parameters of REQUEST, as sent to a server that accepts all."""


@dataclass
class Heard:
    text: str = ""
    thought: str = ""
    finish: Finish | None = None
    error: EndpointError | None = None


async def hear(endpoint: Endpoint, request: Request = REQUEST) -> Heard:
    heard = Heard()
    try:
        async with aclosing(endpoint.stream(request)) as events:
            async for one in events:
                assert heard.finish is None, "Finish is the last event"
                if isinstance(one, Token):
                    heard.text += one.text
                elif isinstance(one, Thought):
                    heard.thought += one.text
                elif isinstance(one, Finish):
                    heard.finish = one
    except EndpointError as error:
        heard.error = error
    return heard


def ask(
    server: ChatServer,
    *requests: Request,
    patience: Patience = PATIENCE,
    options: RequestOptions | None = None,
    base_url: str | None = None,
) -> list[Heard]:
    """One endpoint is asked each of the requests, REQUEST if none is given."""

    async def main() -> list[Heard]:
        endpoint = Endpoint([base_url or server.base_url], "m", name="Player", options=options, patience=patience)
        try:
            return [await hear(endpoint, request) for request in requests or (REQUEST,)]
        finally:
            await endpoint.aclose()

    return asyncio.run(asyncio.wait_for(main(), 60))


def ask_one(reply: Callable[[Asked], Reply], **options: Any) -> Heard:
    with ChatServer(reply) as server:
        return ask(server, **options)[0]


# What a server accepts


@pytest.mark.parametrize("name", ["temperature", "top_p", "seed", "stream_options"])
def test_a_refused_parameter_is_left_out_from_then_on(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with ChatServer(strict(name)) as server, caplog.at_level(logging.WARNING):
        first, second = ask(server, REQUEST, REQUEST)
    assert [heard.text for heard in (first, second)] == ["Hello there."] * 2
    assert len(server.asked) == 3, "one refusal, then never again"
    without = {key: value for key, value in ASKED.items() if key != name}
    assert first.finish is not None
    assert first.finish.sent == without
    told_once = [record.message for record in caplog.records if "until the arena stops" in record.message]
    assert len(told_once) == 1
    assert "model 'Player'" in told_once[0]
    assert told_once[0].endswith(f'omit = ["{name}"]')


def test_an_endpoint_that_accepts_everything_is_sent_everything() -> None:
    heard = ask_one(strict())
    assert heard.finish is not None
    assert heard.finish.sent is None


def test_a_server_that_forbids_everything_is_asked_once_a_parameter() -> None:
    names = ("temperature", "top_p", "max_tokens", "seed", "stream_options", "stream")

    def reply(asked: Asked) -> Reply:
        refused = strict(*names)(asked)
        if refused.status == 200 and any(message["role"] == "system" for message in asked.body["messages"]):
            return refusal("System role not supported")
        return refused if refused.status != 200 else whole({"choices": [{"message": {"content": "Hello."}}]})

    with ChatServer(reply) as server:
        first, second = ask(server, REQUEST, REQUEST)
    assert (first.text, second.text, len(server.asked)) == ("Hello.", "Hello.", 9)
    assert server.bodies[-1] == {
        "model": "m",
        "messages": [{"role": "user", "content": "Be kind.\n\nHow many rivers cross a town?"}],
        "max_completion_tokens": 64,
    }
    assert first.finish is not None
    assert first.finish.sent == {"max_completion_tokens": 64, "system_role": "user"}


def test_a_server_that_names_the_same_parameter_for_ever_is_asked_once_without_it() -> None:
    with ChatServer(lambda asked: refusal("Unsupported parameter: 'seed'", param="seed")) as server:
        heard = ask(server)[0]
    assert isinstance(heard.error, Refused)
    assert len(server.asked) == 2


def test_max_tokens_is_renamed_and_never_left_out(caplog: pytest.LogCaptureFixture) -> None:
    with ChatServer(strict("max_tokens", "max_completion_tokens")) as server:
        heard = ask(server)[0]
    assert isinstance(heard.error, Refused)
    assert len(server.asked) == 2
    with ChatServer(strict("max_tokens")) as server, caplog.at_level(logging.WARNING):
        heard = ask(server)[0]
    assert heard.text == "Hello there."
    assert "max_tokens" not in server.bodies[1]
    assert server.bodies[1]["max_completion_tokens"] == 64
    assert 'rename = { max_tokens = "max_completion_tokens" }' in caplog.text


def test_of_temperature_and_top_p_that_exclude_each_other_top_p_goes() -> None:
    def reply(asked: Asked) -> Reply:
        if {"temperature", "top_p"} <= asked.body.keys():
            return refusal("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
        return told("Hello.")

    with ChatServer(reply) as server:
        assert ask(server)[0].text == "Hello."
    assert "temperature" in server.bodies[1]
    assert "top_p" not in server.bodies[1]


def test_the_system_text_goes_before_the_first_user_message() -> None:
    def reply(asked: Asked) -> Reply:
        if asked.body["messages"][0]["role"] == "system":
            return refusal("Conversation roles must alternate user/assistant/user/assistant/...", status=500)
        return told("Hello.")

    turns = Request((SYSTEM, PROMPT, Message("assistant", "Two."), Message("user", "Sure?")), 0.7, 0.9, 64, 1)
    with ChatServer(reply) as server:
        first, second = ask(server, turns, replace(turns, messages=turns.messages[1:]))
    assert server.bodies[1]["messages"] == [
        {"role": "user", "content": "Be kind.\n\nHow many rivers cross a town?"},
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": "Sure?"},
    ]
    assert first.finish is not None
    assert first.finish.sent == {**ASKED, "seed": 1, "system_role": "user"}
    assert second.finish is not None
    assert second.finish.sent is None, "without a system text nothing differs"


def test_a_lesson_is_kept_only_where_an_answer_came() -> None:
    """A server that refuses seed in words and the rest in silence has taught nothing."""

    def reply(asked: Asked) -> Reply:
        return refusal("Unsupported parameter: 'seed'") if "seed" in asked.body else refusal("no", status=403)

    with ChatServer(reply) as server:
        ask(server, REQUEST, REQUEST)
    assert ["seed" in body for body in server.bodies] == [True, False, True, False]


def test_a_prompt_that_a_server_echoes_teaches_nothing() -> None:
    request = replace(REQUEST, messages=(Message("user", "temperature is not supported"),))
    with ChatServer(lambda asked: refusal(f"Blocked: {asked.body['messages'][0]['content']}")) as server:
        heard = ask(server, request)[0]
    assert isinstance(heard.error, Refused)
    assert len(server.asked) == 1


def test_lessons_end_with_the_patience() -> None:
    def reply(asked: Asked) -> Reply:
        return replace(strict("temperature", "top_p", "seed")(asked), status=422)

    slow = [0.3]
    with ChatServer(lambda asked: replace(reply(asked), pieces=[*slow, *reply(asked).pieces])) as server:
        heard = ask(server, patience=replace(PATIENCE, first_token_timeout_s=0.5))[0]
    assert isinstance(heard.error, Refused | TimedOut)
    assert len(server.asked) <= 2


def test_each_address_has_its_own_lessons() -> None:
    async def main(urls: list[str]) -> list[Heard]:
        endpoint = Endpoint(urls, "m", patience=PATIENCE)
        heard = [await hear(endpoint) for _ in range(4)]
        await endpoint.aclose()
        return heard

    with ChatServer(strict("seed")) as picky, ChatServer(strict()) as easy:
        heard = asyncio.run(main([picky.base_url, easy.base_url]))
    assert [one.text for one in heard] == ["Hello there."] * 4
    assert ["seed" in body for body in picky.bodies] == [True, False, False]
    assert ["seed" in body for body in easy.bodies] == [True, True]


def test_an_error_in_the_stream_that_names_a_parameter_teaches_as_well() -> None:
    def reply(asked: Asked) -> Reply:
        if "seed" in asked.body:
            return stream({"error": {"code": 400, "message": "Unsupported parameter: 'seed'", "param": "seed"}})
        return told("Hello.")

    assert ask_one(reply).text == "Hello."


def test_the_table_of_a_model_decides_how_it_is_asked() -> None:
    options = RequestOptions(
        max_tokens=32,
        thinking_tokens=100,
        headers={"api-key": "sk", "x-title": "Arena"},
        query={"api-version": "2024-10-21"},
        extra_body={"reasoning_effort": "low"},
        omit=("temperature", "system"),
        rename={"max_tokens": "max_completion_tokens"},
    )
    with ChatServer(strict()) as server:
        heard = ask(server, options=options)[0]
    assert server.asked[0].path == "/v1/chat/completions?api-version=2024-10-21"
    assert server.asked[0].headers["api-key"] == "sk"
    assert server.asked[0].headers["x-title"] == "Arena"
    parameters = {
        "top_p": 0.9,
        "max_completion_tokens": 132,
        "seed": 12345,
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_effort": "low",
    }
    assert server.bodies[0] == {
        "model": "m",
        "messages": [{"role": "user", "content": "Be kind.\n\nHow many rivers cross a town?"}],
        **parameters,
    }
    assert heard.finish is not None
    assert heard.finish.sent == {**parameters, "system_role": "user"}


@pytest.mark.parametrize(("own", "asked"), [(16, 16), (1000, 64), (None, 64)])
def test_a_models_own_limit_only_lowers_the_arenas(own: int | None, asked: int) -> None:
    with ChatServer(strict()) as server:
        heard = ask(server, options=RequestOptions(max_tokens=own))[0]
    assert server.bodies[0]["max_tokens"] == asked
    assert heard.finish is not None
    assert heard.finish.sent == (None if asked == 64 else {**ASKED, "max_tokens": asked})


# How answers arrive

WHOLE = {"choices": [{"message": {"role": "assistant", "content": "Hello there."}, "finish_reason": "stop"}]}
USAGE = {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}


@pytest.mark.parametrize(
    "reply",
    [
        whole({**WHOLE, **USAGE}),
        whole(b"\xef\xbb\xbf\n " + json.dumps({**WHOLE, **USAGE}, indent=2).encode()),
        whole({**WHOLE, **USAGE}, headers={"content-type": "text/event-stream"}),
        Reply([gzip.compress(json.dumps({**WHOLE, **USAGE}).encode())], headers={"content-encoding": "gzip"}),
        Reply(
            [zlib.compress(b"data: " + json.dumps({**WHOLE, **USAGE}).encode())],
            headers={"content-encoding": "deflate"},
        ),
        stream(chunk("Hello "), chunk("there."), {**USAGE, "choices": []}),
        stream(chunk("Hello "), chunk("there.", "stop"), USAGE, done=False),
        stream(chunk("Hello "), chunk("there."), chunk("", "stop"), chunk("", "stop") | USAGE),
        replace(stream(chunk("Hello "), chunk("there.", "stop"), USAGE), status=201),
        Reply([*stream(chunk("Hello "), chunk("there.", "stop"), USAGE, done=False).pieces, b'data: "[DONE]"\n\n']),
        stream(b"", chunk("Hello "), b" ", chunk("there.", "stop"), USAGE),
    ],
    ids=[
        "whole",
        "BOM",
        "mislabelled",
        "gzip",
        "deflate",
        "[DONE] alone",
        "no [DONE]",
        "finish twice",
        "201",
        "odd end",
        "empty events",
    ],
)
def test_whole_answers_come_in_many_shapes_and_are_asked_for_once(reply: Reply) -> None:
    with ChatServer(lambda asked: reply) as server:
        heard = ask(server)[0]
    assert heard.error is None
    assert heard.finish is not None
    assert (heard.text, heard.finish.finish_reason) == ("Hello there.", "stop")
    assert (heard.finish.prompt_tokens, heard.finish.completion_tokens) == (7, 3)
    assert len(server.asked) == 1


def test_the_first_answer_of_a_new_address_is_held_back_for_a_second_at_most() -> None:
    with ChatServer(lambda asked: stream(chunk("Hello "), None)) as server:

        async def main() -> float:
            endpoint = Endpoint([server.base_url], "m", patience=PATIENCE)
            started = time.monotonic()
            async with aclosing(endpoint.stream(REQUEST)) as events:
                assert await anext(events) == Token("Hello ")
            held_s = time.monotonic() - started
            await endpoint.aclose()
            return held_s

        assert 0.9 <= asyncio.run(asyncio.wait_for(main(), 30)) < 20
        assert server.client_left.wait(60), "and then the stream goes on as ever"


@pytest.mark.parametrize(
    "reply",
    [
        stream(chunk("Hello "), chunk("there.", "content_filter")),
        stream(chunk("Hello "), chunk("there."), {"error": {"code": "content_filter", "message": "m"}}),
        stream(chunk("Hello there."), {"choices": [{"finishReason": "SAFETY"}]}),
    ],
)
def test_a_filter_after_some_text_cuts_the_answer(reply: Reply) -> None:
    heard = ask_one(lambda asked: reply)
    assert isinstance(heard.error, Filtered)
    assert heard.text == "Hello there."


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (stream(chunk(None, "content_filter")), "content_filter"),
        (stream(chunk("\n"), chunk(None, "content_filter")), "content_filter"),
        (stream(chunk(None, reasoning="hm"), chunk(None, "content_filter")), "content_filter"),
        (stream({"error": {"code": "content_filter", "message": "m"}}), "content_filter"),
        (stream(chunk("", role="assistant"), chunk(None, "stop")), "stop"),
        (stream(chunk(None, tool_calls=[{"index": 0}]), chunk(None, "tool_calls")), "tool_calls"),
        (stream(chunk(None, reasoning_content="hm"), chunk(None, "length")), "length"),
        (stream(chunk(None, reasoning_content="hm")), "stop"),
        (stream(chunk("<think>hm"), chunk(None, "length")), "length"),
        (whole({"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}), "stop"),
    ],
)
def test_an_answer_without_text_is_an_answer_and_asked_for_once(reply: Reply, reason: str) -> None:
    with ChatServer(lambda asked: reply) as server:
        heard = ask(server)[0]
    assert heard.error is None
    assert heard.finish is not None
    assert (heard.text.strip(), heard.finish.finish_reason, len(server.asked)) == ("", reason, 1)


def deep(n: int) -> bytes:
    return event(b'{"choices": ' + b"[" * n + b"]" * n + b"}")


def bomb(n_megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(n_megabytes)) + packer.flush()


GZIP = {"content-encoding": "gzip"}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (stream(chunk("Hello "), chunk(None, "error")), Broken),
        (stream(chunk("Hello "), {"error": {"code": 502, "message": "m"}, "choices": []}), Broken),
        (stream(chunk("Hello "), {"message": "overloaded", "code": 503}), Broken),
        (stream(chunk("Hello "), done=False), Broken),
        (stream({"error": {"code": 502, "message": "m"}}), Unreachable),
        (stream({"error": {"code": 401, "message": "m"}}), Unreachable),
        (stream({"type": "error", "message": "overloaded"}), EndpointError),
        (Reply([b"event: error\ndata: Internal Server Error\n\n"]), Broken),
        (stream(), Broken),
        (Reply([b"<!doctype html><html>Please sign in</html>"], headers={"content-type": "text/html"}), Broken),
        (Reply([event(chunk("Hello "))[:-1]] * 3 + [DONE[:-1]]), Broken),
        (whole(b'{"choices": [{"message": '), Broken),
        (whole({"choices": []}), Broken),
        (whole({"error": {"message": "m", "code": 429}}), Busy),
        (whole(b"[" * 100_000), Broken),
        (Reply([b" " * 1000] * 9000), Broken),
        (Reply([deep(100_000)]), Broken),
        (Reply([b"data: {}\n\n" * 10_000]), Broken),
        (Reply([b"data:\n" * 400_000]), Broken),
        (Reply([b"x" * 100_000] * 12), Broken),
        (Reply([b"\x1f\x8b garbage"], headers=GZIP), Broken),
        (Reply([bomb(100)], headers=GZIP), Broken),
        (Reply([gzip.compress(event(chunk("x" * 900_000)) * 2)], headers=GZIP), Broken),
        (Reply([b"x"], headers={"content-encoding": "br"}), Broken),
        (Reply([bomb(100)], status=500, headers=GZIP), Unreachable),
        (Reply([bomb(100)], status=400, headers=GZIP), Refused),
        (whole(b"[" * 60_000, status=400), Refused),
        (Reply(headers={"x-long": "x" * 200_000}), Broken),
    ],
)
def test_a_response_without_an_answer_fails_with_an_endpoint_error(reply: Reply, error: type[EndpointError]) -> None:
    heard = ask_one(lambda asked: reply, patience=replace(PATIENCE, retries=0))
    assert isinstance(heard.error, error)
    assert len(str(heard.error)) < 400


def test_absurd_numbers_do_not_fail_an_answer() -> None:
    usage = {"prompt_tokens": 10**30, "completion_tokens": 2**63}
    heard = ask_one(lambda asked: stream(chunk("Hello."), chunk(None, "x" * 100_000), {"choices": [], "usage": usage}))
    assert heard.finish is not None
    assert heard.finish.finish_reason == "x" * 40
    assert (heard.finish.prompt_tokens, heard.finish.completion_tokens) == (None, None)


def test_empty_deltas_do_not_extend_the_time_for_the_first_token() -> None:
    drip = [piece for _ in range(400) for piece in (chunk(""), 0.02)]
    heard = ask_one(lambda asked: stream(*drip), patience=replace(PATIENCE, first_token_timeout_s=0.6))
    assert isinstance(heard.error, TimedOut)
    assert "no first token within 0.6 s" in str(heard.error)


def test_empty_deltas_do_not_extend_the_time_between_two_pieces() -> None:
    drip = [piece for _ in range(400) for piece in (chunk(""), 0.02)]
    heard = ask_one(lambda asked: stream(chunk("Hello"), *drip), patience=replace(PATIENCE, stall_timeout_s=0.5))
    assert isinstance(heard.error, TimedOut)
    assert "silent for 0.5 s" in str(heard.error)
    assert heard.text == "Hello"


def test_a_flood_of_empty_deltas_blocks_no_loop() -> None:
    async def main(server: ChatServer) -> tuple[Heard, float]:
        endpoint = Endpoint([server.base_url], "m", patience=replace(PATIENCE, first_token_timeout_s=1.5, retries=0))
        longest = 0.0

        async def tick() -> None:
            nonlocal longest
            while True:
                before = time.thread_time()  # on a busy machine, others take time too
                await asyncio.sleep(0.01)
                longest = max(longest, time.thread_time() - before)

        ticking = asyncio.create_task(tick())
        heard = await hear(endpoint)
        ticking.cancel()
        await endpoint.aclose()
        return heard, longest

    flood = [event(chunk("")) * 700] * 2000
    with ChatServer(lambda asked: Reply(flood)) as server:
        heard, longest = asyncio.run(asyncio.wait_for(main(server), 60))
    assert isinstance(heard.error, EndpointError)
    assert longest < 1.0, "another task ran meanwhile"


# Reasoning

HM = chunk(None, reasoning_content="hm ")


@pytest.mark.parametrize(
    ("thinks", "thought"),
    [
        ((HM, HM), "hm hm "),
        ((chunk("<think>\nhm "), chunk("hm</th"), chunk("ink>\n\n")), "\nhm hm"),
        ((chunk("The user asks. "), chunk("I am Qwen, let me think. "), chunk("</think>\n\n")), None),
        ((chunk("The user asks.\n</think>\n\n"),), None),
    ],
    ids=["field", "tags", "only closed, in pieces", "only closed, at once"],
)
def test_thoughts_are_kept_apart_from_the_answer(thinks: tuple[Any, ...], thought: str | None) -> None:
    with ChatServer(lambda asked: stream(*thinks, chunk("Hello "), chunk("there.", "stop"))) as server:
        for heard in ask(server, REQUEST, REQUEST):
            assert heard.text == "Hello there."
            assert heard.thought == thought if thought else heard.thought.startswith("The user asks.")


def test_thoughts_of_an_unstreamed_answer_are_kept_apart() -> None:
    for content, fields in (
        ("<think>hm</think>\nHello.", {}),
        ("hm\n</think>\n\nHello.", {}),
        ("Hello.", {"reasoning": "hm"}),
    ):
        message = {"content": content, **fields}
        heard = ask_one(lambda asked: whole({"choices": [{"message": message}]}))  # noqa: B023
        assert (heard.text, heard.thought.strip()) == ("Hello.", "hm")


def test_a_model_that_reasons_is_asked_for_tokens_to_think(caplog: pytest.LogCaptureFixture) -> None:
    with ChatServer(lambda asked: stream(HM, chunk("Hello.", "stop"))) as server, caplog.at_level(logging.WARNING):
        _, second, _ = ask(server, REQUEST, REQUEST, REQUEST)
    assert [body["max_tokens"] for body in server.bodies] == [64, 64 + 4096, 64 + 4096]
    assert second.finish is not None
    assert second.finish.sent == {**ASKED, "max_tokens": 64 + 4096}
    assert caplog.text.count("thinking_tokens = 4096") == 1
    with ChatServer(lambda asked: stream(HM, chunk("Hello.", "stop"))) as server:
        ask(server, REQUEST, REQUEST, options=RequestOptions(thinking_tokens=0))
    assert [body["max_tokens"] for body in server.bodies] == [64, 64]


@pytest.mark.parametrize("room", [{"code": "context_length_exceeded"}, {"param": "max_tokens"}])
def test_without_room_for_thoughts_only_the_answer_is_asked_for(room: dict[str, Any]) -> None:
    def reply(asked: Asked) -> Reply:
        if asked.body["max_tokens"] > 1000:
            return refusal("max_tokens is too large: 4160. This model supports at most 1000 completion tokens", **room)
        return stream(HM, chunk("Hello.", "stop"))

    with ChatServer(reply) as server:
        heard = ask(server, options=RequestOptions(thinking_tokens=4096))[0]
    assert heard.text == "Hello."
    assert [body["max_tokens"] for body in server.bodies] == [64 + 4096, 64]


def test_a_small_context_is_asked_for_half_of_itself() -> None:
    def reply(asked: Asked) -> Reply:
        if asked.body["max_tokens"] > 40:
            return refusal("This model's maximum context length is 60 tokens.", code="context_length_exceeded")
        return told("Hello.")

    with ChatServer(reply) as server:
        heard = ask(server)[0]
    assert heard.text == "Hello."
    assert heard.finish is not None
    assert heard.finish.sent == {**ASKED, "max_tokens": 30}


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([chunk("word ")] * 500, "word " * 64),
        ([chunk("word ")] * 64, "word " * 64),
        ([chunk("word " * 100)] * 5, ("word " * 100)[: 64 * 4]),
        ([chunk("한국어를 " * 100)] * 5, ("한국어를 " * 100).encode()[: 64 * 4].decode(errors="ignore")),
    ],
    ids=["tokens", "as many as there is room for", "large pieces", "Korean"],
)
def test_the_text_of_a_model_that_reasons_is_held_to_the_arenas_limit(pieces: list[Any], text: str) -> None:
    heard = ask_one(lambda asked: stream(*pieces, chunk(None, "stop")), options=RequestOptions(thinking_tokens=4096))
    assert heard.finish is not None
    assert heard.text == text
    assert heard.finish.finish_reason == ("length" if len(pieces) != 64 else "stop")


def test_an_unstreamed_answer_is_cut_by_the_servers_count() -> None:
    answer = {"choices": [{"message": {"content": "x" * 1000}, "finish_reason": "stop"}]}
    usage = {"completion_tokens": 228, "completion_tokens_details": {"reasoning_tokens": 100}}
    heard = ask_one(lambda asked: whole({**answer, "usage": usage}), options=RequestOptions(thinking_tokens=4096))
    assert heard.finish is not None
    assert (len(heard.text), heard.finish.finish_reason) == (500, "length")


def test_the_text_of_other_models_is_the_servers_to_bound() -> None:
    assert len(ask_one(lambda asked: told(*["word "] * 500)).text) == 2500
    heard = ask_one(lambda asked: told(*["word "] * 500), options=RequestOptions(omit=("max_tokens",)))
    assert len(heard.text) == 64 * 5, "where it has no limit, it is ours"


def test_a_model_may_think_longer_than_the_time_for_a_first_token() -> None:
    thinks = [piece for _ in range(25) for piece in (HM, 0.1)]
    patience = replace(PATIENCE, first_token_timeout_s=2.0, thinking_timeout_s=30.0)
    heard = ask_one(lambda asked: stream(*thinks, chunk("Hello.", "stop")), patience=patience)
    assert (heard.error, heard.text) == (None, "Hello.")
    assert heard.finish is not None
    assert heard.finish.ttft_ms > 2000, "the first token is the text's"


def test_thinking_ends_with_its_own_limit() -> None:
    thinks = [piece for _ in range(200) for piece in (HM, 0.05)]
    heard = ask_one(lambda asked: stream(*thinks), patience=replace(PATIENCE, thinking_timeout_s=0.8))
    assert isinstance(heard.error, TimedOut)
    assert "reasoning for 0.8 s and no answer" in str(heard.error)


def test_a_thought_that_stalls_times_out() -> None:
    heard = ask_one(lambda asked: stream(HM, 5.0, HM), patience=replace(PATIENCE, stall_timeout_s=0.3))
    assert isinstance(heard.error, TimedOut)
    assert heard.thought == "hm "


def test_thoughts_found_after_they_were_shown_as_text_fail_once_and_teach(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shown thought cannot be taken back: this answer fails, and later ones are held back until the tag."""
    monkeypatch.setattr("arena.players.endpoint.HOLD_S", 0.1)
    late = stream(
        chunk("The user "), 1.4, chunk("asks."), chunk("\n</think>\n\n"), chunk("Hello."), chunk(None, "stop")
    )
    with ChatServer(lambda asked: late) as server, caplog.at_level(logging.WARNING):
        first, second, third = ask(server, REQUEST, REQUEST, REQUEST)
    assert isinstance(first.error, Broken)
    assert "opening tag" in str(first.error)
    assert [heard.text for heard in (second, third)] == ["Hello."] * 2
    assert second.thought == "The user asks.\n"
    assert caplog.text.count("sends reasoning without an opening tag") == 1


def test_a_broken_answer_does_not_show_how_thoughts_are_sent() -> None:
    """A trial is closed at the first sign of an answer: that is not to end the caution with the first answer."""

    async def main(server: ChatServer) -> Heard:
        endpoint = Endpoint([server.base_url], "m", patience=PATIENCE)
        assert await endpoint.trial(REQUEST) is None
        heard = await hear(endpoint)
        await endpoint.aclose()
        return heard

    def reply(asked: Asked) -> Reply:
        thought = stream(chunk("The user "), chunk("asks.\n"), chunk("</think>\n\n"), chunk("Hello.", "stop"))
        return thought if asked.number else stream(chunk("The user "), 2.0, chunk("asks."))

    with ChatServer(reply) as server:
        heard = asyncio.run(asyncio.wait_for(main(server), 60))
    assert (heard.text, heard.thought) == ("Hello.", "The user asks.\n")


def test_a_model_whose_thinking_tokens_are_set_waits_for_its_closing_tag_from_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("arena.players.endpoint.HOLD_S", 0.1)
    late = stream(
        chunk("The user "), 1.4, chunk("asks."), chunk("\n</think>\n\n"), chunk("Hello."), chunk(None, "stop")
    )
    heard = ask_one(lambda asked: late, options=RequestOptions(thinking_tokens=100))
    assert (heard.text, heard.thought, heard.error) == ("Hello.", "The user asks.\n", None)


# On the way


def moved(asked: Asked, to: str, status: int = 307) -> Reply:
    return Reply(status=status, headers={"location": to}) if "/old/" in asked.path else told("Hello.")


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize(
    "to", ["/v1/chat/completions", "http://127.0.0.1:{port}/v1/chat/completions", "../../../v1/chat/completions"]
)
def test_redirects_within_the_host_are_followed(to: str, status: int) -> None:
    server = ChatServer(lambda asked: moved(asked, to.format(port=server.port), status))
    with server:
        heard = ask(server, base_url=f"http://127.0.0.1:{server.port}/old/v1")[0]
    assert heard.text == "Hello."
    assert server.bodies[0] == server.bodies[1]


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.2:{port}/v1/chat/completions",
        "http://localhost:{port}/v1/chat/completions",
        "http://127.0.0.1:1/v1/chat/completions",
        "ftp://127.0.0.1:{port}/x",
        "http://[",
    ],
)
def test_redirects_elsewhere_are_not_followed(to: str) -> None:
    server = ChatServer(lambda asked: moved(asked, to.format(port=server.port)))
    with server:
        heard = ask(server, base_url=f"http://127.0.0.1:{server.port}/old/v1")[0]
        assert len(server.asked) == 1
    assert isinstance(heard.error, Unreachable)
    assert "not followed" in str(heard.error)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_other_redirects_are_named_with_what_to_do(status: int) -> None:
    heard = ask_one(lambda asked: Reply(status=status, headers={"location": "/v1/chat/completions"}))
    assert isinstance(heard.error, Unreachable)
    assert "it redirects" in str(heard.error)


def test_redirects_in_a_circle_end() -> None:
    with ChatServer(lambda asked: Reply(status=308, headers={"location": asked.path})) as server:
        heard = ask(server)[0]
    assert isinstance(heard.error, Unreachable)
    assert len(server.asked) == 4


def test_retry_after_is_waited_for_within_the_patience() -> None:
    def reply(asked: Asked) -> Reply:
        full = refusal("slow down", status=429, headers={"retry-after": "0.5"})
        return full if asked.number == 0 else told("Hello.")

    started = time.monotonic()
    assert ask_one(reply).text == "Hello."
    assert time.monotonic() - started >= 0.5


def test_a_retry_after_beyond_the_patience_is_not_waited_for() -> None:
    with ChatServer(lambda asked: refusal("slow down", status=429, headers={"retry-after": "60"})) as server:
        started = time.monotonic()
        heard = ask(server)[0]
    assert isinstance(heard.error, Busy)
    assert heard.error.retry_after_s == 60
    assert len(server.asked) == 1
    assert time.monotonic() - started < 15


def test_another_address_is_asked_at_once_while_one_wants_to_rest() -> None:
    async def main(urls: list[str]) -> Heard:
        endpoint = Endpoint(urls, "m", patience=PATIENCE)
        heard = await hear(endpoint)
        await endpoint.aclose()
        return heard

    full = refusal("slow down", status=503, headers={"retry-after": "10"})
    with ChatServer(lambda asked: full) as one, ChatServer(lambda asked: told("Hello.")) as two:
        started = time.monotonic()
        assert asyncio.run(main([one.base_url, two.base_url])).text == "Hello."
        assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("", "ends in /v1"),
        ("/openai", "ends in /v1"),
        ("/v1/chat/completions", "must not end in /chat/completions"),
        ("/v1/chat/completions/", "must not end in /chat/completions"),
        ("/v1", ""),
        ("/v1beta/openai", ""),
    ],
)
def test_after_a_404_the_error_hints_at_the_address(path: str, hint: str) -> None:
    with ChatServer(lambda asked: whole({"detail": "Not Found"}, status=404)) as server:
        heard = ask(server, base_url=f"http://127.0.0.1:{server.port}{path}")[0]
    assert isinstance(heard.error, Unreachable)
    assert hint in str(heard.error)
    assert ("base_url" in str(heard.error)) == bool(hint)


def test_lm_studios_own_404_is_one_too() -> None:
    reply = whole({"error": "Unexpected endpoint or method. (POST /chat/completions)"})
    with ChatServer(lambda asked: reply) as server:
        heard = ask(server, base_url=f"http://127.0.0.1:{server.port}")[0]
    assert isinstance(heard.error, Unreachable)
    assert "ends in /v1" in str(heard.error)
    assert len(server.asked) == 1


def test_logs_name_the_player(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ask_one(lambda asked: refusal(status=500))
    assert {record.args[0] for record in caplog.records if isinstance(record.args, tuple) and record.args} >= {"Player"}
    of_the_model = ("arena.players.endpoint", "arena.players.lessons")
    assert all("'Player'" in record.message for record in caplog.records if record.name in of_the_model)


def test_an_address_that_no_resolver_reads_is_a_failed_side() -> None:
    async def main(url: str) -> Heard:
        endpoint = Endpoint([url], "m", patience=replace(PATIENCE, retries=0))
        heard = await hear(endpoint)
        await endpoint.aclose()
        return heard

    for url in ("http://a..b/v1", "http://" + "x" * 70 + ".example/v1"):
        assert isinstance(asyncio.run(main(url)).error, Unreachable)
