"""Probes of servers that drip, never end, or answer with anything; trials of streams that do."""

import asyncio
import contextlib
import gzip
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import httpx
import pytest

from arena.players import probe
from arena.players.events import Broken, EndpointError, Refused, TimedOut, Token, Unreachable
from arena.players.probe import begins, is_there, listed_models, trial_request

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
Serve = Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]


async def ask(serve: Serve, *, reads_list: bool = False, dead: int = 0) -> EndpointError | None:
    """Probe a server that answers every request with `serve`, after so many addresses where no server listens."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            await serve(writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server, httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(None, connect=5)) as client:
        return await is_there(client, [*["http://127.0.0.1:9/v1"] * dead, url], "m", reads_list=reads_list)


def run(serve: Serve, **options: Any) -> EndpointError | None:
    return asyncio.run(asyncio.wait_for(ask(serve, **options), 30))


def answer(status: str, body: bytes = b"{}") -> Serve:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n" % (status.encode(), len(body)) + body)
        await writer.drain()

    return serve


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "307 Temporary Redirect"])
def test_an_answer_is_enough(status: str) -> None:
    assert run(answer(status, b"")) is None
    assert run(answer(status, b""), dead=1) is None


@pytest.mark.parametrize("status", [401, 403, 404, 405, 500, 503])
def test_a_refused_list_differs_from_no_answer(status: int) -> None:
    error = run(answer(f"{status} No"))
    assert isinstance(error, Unreachable)
    assert (error.status, error.can_pass) == (status, status >= 500)
    error = run(answer(f"{status} No"), dead=1)
    assert error is not None
    assert error.status == status, "one of the addresses answers"


def test_no_connection_has_no_status() -> None:
    async def main() -> EndpointError | None:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await is_there(client, ["http://127.0.0.1:9/v1"], "m", reads_list=False)

    error = asyncio.run(main())
    assert isinstance(error, Unreachable)
    assert (error.status, error.can_pass) == (None, True)


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_drips_is_given_up_after_a_total_time(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit for each read never ended such a probe, and no other endpoint was probed meanwhile."""
    monkeypatch.setattr(probe, "_PROBE_TIMEOUT_S", 0.5)

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + (b"content-length: 1000000\r\n\r\n" if part == "body" else b""))
        while True:
            writer.write(b"x" if part == "body" else b"x-drip: 1\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    error = run(drip)
    assert isinstance(error, Unreachable)
    assert "TimeoutError" in str(error)


@pytest.mark.parametrize("reads_list", [False, True])
def test_a_list_that_never_ends_is_read_as_far_as_is_needed(reads_list: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_MAX_LIST_BYTES", 200_000)
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(OK + b"\r\n")
        while True:
            writer.write(b" " * 65_536)
            sent += 65_536
            await writer.drain()

    assert run(flood, reads_list=reads_list) is None
    assert sent < 50_000_000, "what the sockets hold, and no more"


def test_nothing_is_unpacked() -> None:
    bomb = gzip.compress(b"[" * 50_000_000)

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb) + bomb)
        await writer.drain()

    started = time.process_time()
    assert run(serve, reads_list=True) is None
    assert time.process_time() - started < 5


def test_a_response_that_is_not_http_is_no_answer() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()

    error = run(serve)
    assert isinstance(error, Unreachable)
    assert error.status is None


def test_a_list_without_the_model_names_the_listed_ones() -> None:
    body = b'{"data": [%s]}' % b", ".join(b'{"id": "m%d"}' % number for number in range(1000))
    error = run(answer("200 OK", body), reads_list=True)
    assert isinstance(error, Unreachable)
    assert not error.can_pass
    assert "the server has no model 'm'; set model to one of m0, m1, " in str(error)
    assert len(str(error)) < 300
    assert run(answer("200 OK", body.replace(b'"m7"', b'"m"')), reads_list=True) is None
    assert run(answer("200 OK", body)) is None, "some servers serve what they do not list"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'{"data": 1}', b'{"data": [1, {"id": 2}]}', b"[" * 100_000, b"\xff"]
)
def test_a_body_that_is_not_a_list_of_models_lists_none(body: bytes) -> None:
    assert listed_models(body) == ()


def test_a_trial_is_a_battles_request_with_a_prompt_of_the_arenas_own() -> None:
    request = trial_request(system_prompt="Be kind.", temperature=0.7, top_p=0.9, max_tokens=1024)
    assert [message.role for message in request.messages] == ["system", "user"]
    assert (request.temperature, request.top_p, request.max_tokens) == (0.7, 0.9, 1024)
    assert len(request.messages[-1].content) < 100
    without = trial_request(system_prompt="", temperature=0.7, top_p=0.9, max_tokens=1024)
    assert [message.role for message in without.messages] == ["user"]


def test_a_trial_ends_with_the_first_event_or_error_or_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_TRIAL_SLACK_S", 0.1)
    closed: list[str] = []

    async def events(kind: str) -> AsyncGenerator[object, None]:
        try:
            if kind == "refuses":
                raise Refused("x")
            if kind == "hangs":
                await asyncio.Event().wait()
            if kind == "answers":
                yield Token("Hi")
                raise AssertionError("it is closed here")
        finally:
            closed.append(kind)

    async def main() -> None:
        assert await begins(events("answers"), 5) is None
        assert isinstance(await begins(events("refuses"), 5), Refused)
        assert isinstance(await begins(events("ends"), 5), Broken)
        assert isinstance(await begins(events("hangs"), 0.1), TimedOut)

    asyncio.run(main())
    assert closed == ["answers", "refuses", "ends", "hangs"]
