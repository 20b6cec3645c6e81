import asyncio
import logging
import socket
import time
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from arena.players.endpoint import Endpoint, Patience
from arena.players.events import (
    Broken,
    Busy,
    EndpointError,
    Finish,
    Message,
    Queued,
    Refused,
    Request,
    TimedOut,
    Token,
    Unreachable,
)
from inference.engine.request import ContextLengthError, room
from tests.fakes import Script, ScriptedEndpoint
from tests.ports import free_port

REQUEST = Request((Message("system", "Be kind."), Message("user", "a secret prompt")), 0.7, 0.9, 64, 12345)
PATIENCE = Patience(first_token_timeout_s=20.0, stall_timeout_s=20.0, retries=2, backoff_s=0.01)

T = TypeVar("T")


def run(task: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(task, 60))


async def collect(endpoint: Endpoint) -> tuple[str, Finish]:
    text, finish = "", None
    async with aclosing(endpoint.stream(REQUEST)) as events:
        async for event in events:
            assert finish is None, "Finish is the last event"
            if isinstance(event, Token):
                text += event.text
            elif isinstance(event, Finish):
                finish = event
    await endpoint.aclose()
    assert finish is not None
    return text, finish


def ask(*servers: ScriptedEndpoint, patience: Patience = PATIENCE, **options: Any) -> tuple[str, Finish]:
    return run(collect(Endpoint([server.base_url for server in servers], "scripted", patience=patience, **options)))


def test_a_complete_answer_has_counts_and_times() -> None:
    with ScriptedEndpoint(Script(tokens=("Hel", "lo ", "한"), first_s=0.1)) as server:
        text, finish = ask(server, api_key="sk-key")
    assert text == "Hello 한"
    assert (finish.finish_reason, finish.prompt_tokens, finish.completion_tokens) == ("stop", 7, 3)
    assert finish.fingerprint == "scripted-1"
    assert 90 <= finish.ttft_ms <= finish.duration_ms < 20_000
    assert server.received == [
        {
            "model": "scripted",
            "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "a secret prompt"}],
            "temperature": 0.7,
            "top_p": 0.9,
            "max_tokens": 64,
            "seed": 12345,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]
    assert server.headers[0]["authorization"] == "Bearer sk-key"


@pytest.mark.parametrize(
    "script",
    [
        Script(has_done=False),
        Script(has_usage=False),
        Script(has_usage=False, has_done=False),
        Script(first_s=0.1, gap_s=0.05, keeps_alive=True),
    ],
    ids=["no [DONE]", "no usage", "neither", "keep-alives"],
)
def test_sloppy_but_complete_streams_are_complete_answers(script: Script) -> None:
    with ScriptedEndpoint(script) as server:
        text, finish = ask(server)
    assert (text, finish.finish_reason) == ("Hello there.", "stop")
    assert finish.completion_tokens == (3 if script.has_usage else None)


def test_a_stream_that_hangs_after_its_finish_reason_is_a_complete_answer() -> None:
    held = b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}\r\n\r\n'
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def main() -> tuple[str, Finish]:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + held)
                await reader.read()  # until the client leaves
                await reader.read()
                writer.close()

            server = await asyncio.start_server(serve, sock=listener)
            async with server:
                return await collect(Endpoint([f"http://127.0.0.1:{listener.getsockname()[1]}/v1"], "m"))

        text, finish = run(main())
    assert (text, finish.finish_reason, finish.prompt_tokens) == ("Hi", "stop", None)


def test_an_empty_answer_is_an_answer() -> None:
    with ScriptedEndpoint(Script(tokens=())) as server:
        text, finish = ask(server)
    assert (text, finish.finish_reason, len(server.received)) == ("", "stop", 1)
    assert finish.ttft_ms == finish.duration_ms


@pytest.mark.parametrize(
    ("deltas", "text"),
    [
        ((r"a\ud83d", r"\ude00b"), "a😀b"),
        ((r"\ud83d\ude00",), "😀"),
        ((r"\ud83d", "", r"\ude00"), "😀"),
        ((r"a\ud83d", "b"), "a�b"),
        ((r"a\ude00b",), "a�b"),
        ((r"a\ud83d",), "a�"),
        ((r"a\u0000b",), "a�b"),
    ],
)
def test_text_can_always_be_stored(deltas: tuple[str, ...], text: str) -> None:
    events = [f'data: {{"choices": [{{"delta": {{"content": "{delta}"}}}}]}}\n\n' for delta in deltas]
    end = 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
    with ScriptedEndpoint(Script(raw=tuple(event.encode() for event in [*events, end]))) as server:
        answer, _ = ask(server)
    assert answer == text
    assert answer.encode()


def test_an_answer_cut_at_the_token_limit_has_that_finish_reason() -> None:
    with ScriptedEndpoint(Script(tokens=("x",) * 100)) as server:
        text, finish = ask(server)
    assert (text, finish.finish_reason) == ("x" * 64, "length")


@pytest.mark.parametrize(
    "script",
    [Script(status=500), Script(status=503), Script(status=429), Script(close_after=0), Script(raw=(b"",))],
    ids=["500", "503", "full", "closed at once", "empty stream"],
)
def test_failures_that_may_pass_are_tried_again_before_the_first_token(script: Script) -> None:
    with ScriptedEndpoint(script, script, Script()) as server:
        text, _ = ask(server)
    assert (text, len(server.received)) == ("Hello there.", 3)


@pytest.mark.parametrize(
    ("script", "error", "n_tries"),
    [
        (Script(status=500), Unreachable, 3),
        (Script(status=401), Unreachable, 1),
        (Script(status=404), Unreachable, 1),
        (Script(status=302), Unreachable, 1),
        (Script(status=429), Busy, 3),
        (Script(status=400), Refused, 1),
        (Script(status=422), Refused, 1),
        (Script(close_after=0), Broken, 3),
        (Script(close_after=2), Broken, 1),
        (Script(finish_reason=None, has_done=False), Broken, 1),
        (Script(raw=(b"<html>not a stream</html>",)), Broken, 3),
        (Script(raw=(b"data: {not json}\n\n",)), Broken, 3),
        (Script(raw=(b"data: [1]\n\n",)), Broken, 3),
        (Script(raw=(b'data: {"error": {"message": "m", "code": "out_of_memory"}}\n\n',)), Broken, 3),
        (Script(raw=(b"data: " + b"x" * 1_100_000,)), Broken, 3),
        (Script(raw=(b'data: {"choices": [{"delta": {"content": "' + b"x" * 600_000 + b'"}}]}\n\n',) * 2), Broken, 1),
    ],
)
def test_each_failure_has_its_error_and_is_retried_only_where_it_may_pass(
    script: Script, error: type[EndpointError], n_tries: int
) -> None:
    with ScriptedEndpoint(script) as server:
        with pytest.raises(error) as caught:
            ask(server)
        assert len(server.received) == n_tries
    assert type(caught.value) is error


def test_a_model_that_hangs_before_its_first_token_times_out_and_is_let_go() -> None:
    with ScriptedEndpoint(Script(hang_after=0, keeps_alive=True)) as server:
        with pytest.raises(TimedOut, match=r"no first token within 0\.5 s"):
            ask(server, patience=replace(PATIENCE, first_token_timeout_s=0.5))
        assert server.client_left.wait(60)
        assert len(server.received) == 1


def test_a_model_that_stalls_in_the_middle_times_out_and_is_let_go() -> None:
    with ScriptedEndpoint(Script(hang_after=2, keeps_alive=True)) as server:
        with pytest.raises(TimedOut, match=r"silent for 0\.3 s in the middle"):
            ask(server, patience=replace(PATIENCE, stall_timeout_s=0.3))
        assert server.client_left.wait(60)


def test_a_slow_model_may_take_longer_than_any_limit_as_long_as_tokens_come() -> None:
    with ScriptedEndpoint(Script(tokens=("x",) * 10, gap_s=0.3)) as server:
        text, finish = ask(server, patience=replace(PATIENCE, stall_timeout_s=2.5))
    assert text == "x" * 10
    assert finish.duration_ms > 2600


def test_no_connection_is_unreachable_after_the_retries() -> None:
    endpoint = Endpoint([f"http://127.0.0.1:{free_port()}/v1"], "m", patience=PATIENCE)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+: ConnectError"):
        run(collect(endpoint))


def test_retries_end_with_the_time_for_the_first_token() -> None:
    patience = Patience(first_token_timeout_s=0.6, stall_timeout_s=1.0, retries=10, backoff_s=0.4)
    started = time.monotonic()
    with ScriptedEndpoint(Script(status=500)) as server:
        with pytest.raises((Unreachable, TimedOut)):
            ask(server, patience=patience)
        assert len(server.received) <= 2  # at 0 and 0.4 s; after another 0.8 s the time is over
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (
            {
                "code": "context_length_exceeded",
                "message": "This model's maximum context length is 8192 tokens. However,",
            },
            8192,
        ),
        ({"message": "'max_tokens' is too large. This model's maximum context length is 2048 tokens and"}, 2048),
        ({"type": "exceed_context_size_error", "n_ctx": 4096, "message": "the request exceeds the context size"}, 4096),
        ({"code": "context_length_exceeded", "message": "too long"}, None),
    ],
)
def test_a_prompt_over_the_context_length_is_refused_with_the_limit(error: dict[str, Any], limit: int | None) -> None:
    with ScriptedEndpoint(Script(status=400, error=error)) as server, pytest.raises(Refused) as caught:
        ask(server)
    assert caught.value.is_too_long
    assert caught.value.limit == limit


@pytest.mark.parametrize("max_tokens", [None, 64])
def test_the_words_of_our_own_server_are_understood(max_tokens: int | None) -> None:
    with pytest.raises(ContextLengthError) as said:
        room(n_prompt=1000, max_tokens=max_tokens, max_len=1000)
    error = {"message": str(said.value), "type": "invalid_request_error", "code": "context_length_exceeded"}
    with ScriptedEndpoint(Script(status=400, error=error)) as server, pytest.raises(Refused) as caught:
        ask(server)
    assert (caught.value.is_too_long, caught.value.limit) == (True, 1000)


def test_a_refusal_for_another_reason_has_no_limit() -> None:
    with ScriptedEndpoint(Script(status=400, error={"message": "maximum temperature is 2"})) as server:
        with pytest.raises(Refused) as caught:
            ask(server)
    assert not caught.value.is_too_long
    assert caught.value.limit is None


def test_a_reader_that_stops_closes_the_upstream() -> None:
    async def main(server: ScriptedEndpoint) -> None:
        endpoint = Endpoint([server.base_url], "m", patience=PATIENCE)
        async with aclosing(endpoint.stream(REQUEST)) as events:
            assert await anext(events) == Token("Hello")
        assert await asyncio.to_thread(server.client_left.wait, 5)
        await endpoint.aclose()

    with ScriptedEndpoint(Script(hang_after=1)) as server:
        run(main(server))


def test_a_cancelled_reader_closes_the_upstream() -> None:
    async def main(server: ScriptedEndpoint) -> None:
        endpoint = Endpoint([server.base_url], "m", patience=PATIENCE)
        task = asyncio.create_task(collect(endpoint))
        assert await asyncio.to_thread(server.was_asked.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.client_left.wait, 5)
        await endpoint.aclose()

    with ScriptedEndpoint(Script(hang_after=0)) as server:
        run(main(server))


def test_addresses_take_turns() -> None:
    async def main(*servers: ScriptedEndpoint) -> None:
        endpoint = Endpoint([server.base_url for server in servers], "m", patience=PATIENCE)
        for _ in range(4):
            async with aclosing(endpoint.stream(REQUEST)) as events:
                assert [event async for event in events]
        await endpoint.aclose()

    with ScriptedEndpoint() as first, ScriptedEndpoint() as second:
        run(main(first, second))
        assert (len(first.received), len(second.received)) == (2, 2)


def test_a_dead_address_is_passed_over_before_the_first_token() -> None:
    with ScriptedEndpoint() as alive:
        urls = [f"http://127.0.0.1:{free_port()}/v1", alive.base_url]
        text, _ = run(collect(Endpoint(urls, "m", patience=Patience(retries=0))))
        assert text == "Hello there."


def test_a_token_that_is_out_is_never_asked_for_again() -> None:
    with ScriptedEndpoint(Script(close_after=1)) as first, ScriptedEndpoint() as second:
        with pytest.raises(Broken):
            ask(first, second)
        assert (len(first.received), len(second.received)) == (1, 0)


def test_every_end_is_reported_except_when_the_reader_left() -> None:
    results: list[EndpointError | None] = []
    with ScriptedEndpoint(Script(), Script(status=400)) as server:
        ask(server, on_result=results.append)
        with pytest.raises(Refused):
            ask(server, on_result=results.append)
    assert results[0] is None
    assert isinstance(results[1], Refused)

    async def leave(server: ScriptedEndpoint) -> None:
        endpoint = Endpoint([server.base_url], "m", on_result=results.append)
        async with aclosing(endpoint.stream(REQUEST)) as events:
            await anext(events)
        await endpoint.aclose()

    with ScriptedEndpoint(Script(hang_after=1)) as server:
        run(leave(server))
    assert len(results) == 2


def test_logs_and_errors_hold_no_prompt_no_answer_no_key(caplog: pytest.LogCaptureFixture) -> None:
    error = {
        "message": "bad key sk-key for 'a secret prompt'",
        "type": "invalid_request_error",
        "code": "a secret prompt",
    }
    with caplog.at_level(logging.DEBUG, logger="arena"):
        for script in (Script(status=400, error=error), Script(status=500, error=error), Script(close_after=1)):
            with ScriptedEndpoint(script) as server:
                url = server.base_url.replace("http://", "http://user:password@")
                endpoint = Endpoint([url], "scripted", api_key="sk-key", patience=PATIENCE)
                with pytest.raises(EndpointError) as caught:
                    run(collect(endpoint))
            caplog.messages.append(str(caught.value))
    told = " ".join(caplog.messages)
    assert "invalid_request_error" in told
    for secret in ("a secret prompt", "Hello", "sk-key", "password"):
        assert secret not in told


def test_a_trial_closes_the_stream_at_the_first_token_and_reports_nothing() -> None:
    results: list[EndpointError | None] = []

    async def trial(server: ScriptedEndpoint) -> EndpointError | None:
        endpoint = Endpoint([server.base_url], "m", patience=PATIENCE, on_result=results.append)
        error = await endpoint.trial(REQUEST)
        await endpoint.aclose()
        return error

    with ScriptedEndpoint(Script(hang_after=1)) as server:
        assert run(trial(server)) is None
        assert server.client_left.wait(60)
        assert server.received[0]["max_tokens"] == REQUEST.max_tokens
    with ScriptedEndpoint(Script(status=400)) as server:
        assert isinstance(run(trial(server)), Refused)
    assert results == []


def test_a_probe_asks_whether_any_address_answers() -> None:
    async def probe(*urls: str) -> EndpointError | None:
        endpoint = Endpoint(urls, "m")
        try:
            return await endpoint.probe()
        finally:
            await endpoint.aclose()

    dead = f"http://127.0.0.1:{free_port()}/v1"
    with ScriptedEndpoint() as alive:
        assert run(probe(dead, alive.base_url)) is None
        assert run(probe(alive.base_url)) is None
    assert isinstance(run(probe(dead)), Unreachable)


def test_a_model_that_the_server_does_not_know_stays_out_until_it_is_listed() -> None:
    async def refused_then_probed(model: str) -> EndpointError | None:
        endpoint = Endpoint([server.base_url], model)
        try:
            assert await endpoint.probe() is None
            with pytest.raises(Unreachable):
                await collect(endpoint)
            return await endpoint.probe()
        finally:
            await endpoint.aclose()

    with ScriptedEndpoint(Script(status=404)) as server:
        error = run(refused_then_probed("misspelt"))
        assert isinstance(error, Unreachable)
        assert "the server has no model 'misspelt'; set model to one of scripted" in str(error)
        assert run(refused_then_probed("scripted")) is None


def test_an_endpoint_without_an_address_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one base URL"):
        Endpoint([], "m")


def test_places_in_the_queue_come_before_the_answer_and_are_told_once_each() -> None:
    chunk = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    comments = (b": place in queue 3\n\n", b": place in queue 3\n\n", b": place in queue 1\n\n")

    async def places() -> list[object]:
        async with aclosing(endpoint.stream(REQUEST)) as events:
            return [event async for event in events]

    with ScriptedEndpoint(Script(raw=(*comments, chunk, b"data: [DONE]\n\n"))) as server:
        endpoint = Endpoint([server.base_url], "scripted", patience=PATIENCE)
        found = run(places())
    assert found[:-1] in ([Queued(3), Queued(1), Token("Hi")], [Queued(1), Token("Hi")])  # pieces can arrive joined
