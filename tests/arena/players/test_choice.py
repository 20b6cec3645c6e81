"""One of k options, from a scripted server."""

import asyncio
import math
import time
from typing import Any

import pytest

from arena.players.choice import Chooser, Chosen, chosen
from arena.players.endpoint import Endpoint, Patience
from tests.fakes import Script, ScriptedEndpoint
from tests.fakes.chat_server import DONE, chunk, event


def ask(server: ScriptedEndpoint, n: int = 1, timeout_s: float = 5.0) -> list[Chosen]:
    async def main() -> list[Chosen]:
        endpoint = Endpoint([server.base_url], "judge", patience=Patience(timeout_s, timeout_s, retries=0))
        try:
            chooser = Chooser(endpoint, timeout_s=timeout_s)
            return [await chooser.choose("Which letter?", 4) for _ in range(n)]
        finally:
            await endpoint.aclose()

    return asyncio.run(main())


def with_logprobs(text: str, **top: float) -> Script:
    """Answer `text` in one token, with the probabilities of the likeliest tokens in place of it."""
    entries = [{"token": token, "logprob": math.log(share), "bytes": None} for token, share in top.items()]
    first: dict[str, Any] = chunk(text)
    first["choices"][0]["logprobs"] = {"content": [{**entries[0], "token": text, "top_logprobs": entries}]}
    return Script(raw=(event(first), event(chunk(None, "stop")), DONE))


def test_the_likeliest_letter_is_chosen_by_log_probabilities() -> None:
    with ScriptedEndpoint(with_logprobs("The", The=0.3, C=0.35, B=0.25, A=0.1)) as server:
        (found,) = ask(server)
    assert found.option == 2
    assert found.share == pytest.approx(0.5)
    (body,) = server.received
    assert (body["logprobs"], body["top_logprobs"], body["temperature"], body["max_tokens"]) == (True, 5, 0.0, 8)
    assert body["messages"] == [{"role": "user", "content": "Which letter?"}]


def test_a_model_that_was_about_to_write_something_else_chose_nothing() -> None:
    with ScriptedEndpoint(with_logprobs("The", The=0.9, A=0.05, B=0.05)) as server:
        assert ask(server) == [Chosen(None, "nonsense")]


@pytest.mark.parametrize("text", ["D", " D.\n", "**D**", "(D)", "D: none of these", '"D"', "d", "D\n\nThe text is"])
def test_without_log_probabilities_one_letter_is_read(text: str) -> None:
    with ScriptedEndpoint(Script(tokens=(text,))) as server:
        assert ask(server) == [Chosen(3)]


@pytest.mark.parametrize(
    "text", ["A text about bread", "A or B", "A. B. C. D.", "none", "E", "a text", "", "답은 D", "Answer: D"]
)
def test_anything_else_is_no_answer(text: str) -> None:
    with ScriptedEndpoint(Script(tokens=(text,) if text else ())) as server:
        assert ask(server) == [Chosen(None, "nonsense")]


def test_a_server_that_refuses_log_probabilities_is_asked_without_them_from_then_on() -> None:
    refusal = Script(status=403, error={"message": "You are not allowed to request logprobs from this model"})
    with ScriptedEndpoint(refusal, Script(tokens=("B",))) as server:
        assert ask(server, n=2) == [Chosen(1), Chosen(1)]
    assert ["logprobs" in body for body in server.received] == [True, False, False]


def test_a_model_that_thinks_first_is_asked_again_with_room_for_it() -> None:
    thought = Script(raw=(event(chunk(None, reasoning_content="Hm, A?")), event(chunk(None, "length")), DONE))
    answer = Script(
        raw=(event(chunk(None, reasoning_content="Hm.")), event(chunk("C")), event(chunk(None, "stop")), DONE)
    )
    with ScriptedEndpoint(thought, answer) as server:
        assert ask(server) == [Chosen(2)]
    assert server.received[1]["max_tokens"] > 1000


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (Script(hang_after=0), "timed_out"),
        (Script(hang_after=0, keeps_alive=True), "timed_out"),
        (Script(status=500), "unreachable"),
        (Script(close_after=0), "broken"),
        (Script(raw=(b"<html>",)), "broken"),
        (Script(raw=(event({"choices": []}), DONE)), "broken"),
        (Script(raw=(event(b"{not JSON"), DONE)), "broken"),
        (Script(status=429, error={"message": "slow down"}), "busy"),
        (Script(tokens=("A", " text", " that", " never", " ends") * 20, gap_s=0.1), "timed_out"),
        (Script(raw=(event(chunk("A", "content_filter")), DONE)), "filtered"),
    ],
)
def test_a_server_that_fails_gives_no_answer_in_bounded_time(script: Script, cause: str) -> None:
    with ScriptedEndpoint(script) as server:
        started = time.monotonic()
        assert ask(server, timeout_s=0.3 if cause == "timed_out" else 30.0) == [Chosen(None, cause)]
        assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "logprobs", [None, [], {"content": 7}, {"content": [{"token": 1}]}, {"content": [{"token": "B"}]}]
)
def test_log_probabilities_that_cannot_be_read_are_left_out(logprobs: Any) -> None:
    first = chunk("B")
    first["choices"][0]["logprobs"] = logprobs
    with ScriptedEndpoint(Script(raw=(event(first), event(chunk(None, "stop")), DONE))) as server:
        assert ask(server) == [Chosen(1)]


def test_spellings_of_one_letter_are_added() -> None:
    top = {"A": math.log(0.3), " B": math.log(0.2), "\u0120B": math.log(0.2), "\u2581B": math.log(0.1)}
    assert chosen("A", top, 4).option == 1
