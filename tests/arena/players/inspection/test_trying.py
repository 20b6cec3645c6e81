"""One question to a scripted server, and what the owner sees of it."""

import asyncio

import pytest

from arena.players.connect import Connector
from arena.players.inspection.checking import Checked, check
from arena.players.inspection.masking import mask_for
from arena.players.inspection.trying import Tried, try_out, with_prompt
from arena.players.request import DEFAULT_THINKING_TOKENS
from arena.players.roster import Player, Roster
from arena.service.trials import trial_of
from arena.settings import BattleSettings
from tests.arena.players.dialects import refusal, strict, told
from tests.fakes.chat_server import Asked, ChatServer, Reply, chunk, event

KEY = "sk-a-long-key"


def player(server: ChatServer, **options: object) -> Player:
    return Player(
        "m",
        base_urls=(server.base_url,),
        model=str(options.pop("model", "m")),
        api_key_env="KEY",
        headers={"x-extra": "env:KEY", "x-title": "Arena"},
        **options,  # type: ignore[arg-type]
    )


def tried(server: ChatServer, prompt: str = "Hi") -> Tried:
    async def main() -> Tried:
        one = player(server)
        roster, connector, battle = Roster((one,)), Connector({"KEY": KEY}), BattleSettings(retries=0)
        endpoint = connector.endpoint(roster, one, battle)
        mask = mask_for(one, KEY, roster.headers(connector.env, one))
        try:
            return await try_out(endpoint, with_prompt(trial_of(one, battle), prompt), mask)
        finally:
            assert not endpoint.learned()  # what the twin learns stays with it
            await endpoint.aclose()

    return asyncio.run(main())


def test_the_owner_sees_what_was_sent_and_received_without_the_key() -> None:
    with ChatServer(lambda _: told("Hel", "lo.")) as server:
        found = tried(server, "What is 2 + 2?")
    (one,) = found.exchanges
    assert (found.answer.text, found.answer.is_complete, found.learned) == ("Hello.", True, ())
    assert one.address == f"POST {server.base_url}/chat/completions"
    assert '"content": "What is 2 + 2?"' in one.request
    headers = dict(one.request_headers)
    assert (headers["authorization"], headers["x-extra"], headers["x-title"]) == ("•••", "•••", "Arena")
    assert one.status == 200
    assert '"content": "Hel"' in one.response
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_each_refusal_is_shown_with_what_it_taught() -> None:
    with ChatServer(strict("temperature", "seed")) as server:
        found = tried(server)
    assert [one.status for one in found.exchanges] == [422, 422, 200]
    assert "extra_forbidden" in found.exchanges[0].response
    assert found.learned == ('omit = ["temperature", "seed"]',)


def test_a_key_that_an_error_or_an_answer_quotes_is_masked() -> None:
    def quotes(asked: Asked) -> Reply:
        if asked.number == 0:
            return refusal(f"Incorrect API key provided: {KEY}", status=401)
        return told("Your key is ", KEY)

    with ChatServer(quotes) as server:
        refused, answered = tried(server), tried(server)
    assert refused.answer.error is not None
    for shown in (str(refused), str(refused.answer.error), str(answered)):
        assert KEY not in shown
    assert "Incorrect API key provided: •••" in refused.exchanges[0].response
    assert answered.answer.text == "Your key is •••"


def test_a_response_is_shown_up_to_a_limit() -> None:
    with ChatServer(lambda _: Reply([event(chunk("word " * 20)) for _ in range(2000)])) as server:
        (one,) = tried(server).exchanges
    assert one.is_cut
    assert len(one.response) <= 64_000


def checked(server: ChatServer, battle: BattleSettings | None = None, **options: object) -> Checked:
    async def main() -> Checked:
        one, settings = player(server, **options), battle or BattleSettings(retries=0)
        endpoint = Connector({"KEY": KEY}).endpoint(Roster((one,)), one, settings)
        try:
            return await check(endpoint, trial_of(one, settings))
        finally:
            await endpoint.aclose()

    return asyncio.run(main())


def test_a_check_prints_the_lines_that_make_refusals_unnecessary() -> None:
    with ChatServer(strict("max_tokens", "top_p")) as server:
        assert checked(server).lines == ('omit = ["top_p"]', 'rename = { max_tokens = "max_completion_tokens" }')
        server.asked.clear()
        assert checked(server, omit=("top_p",), rename={"max_tokens": "max_completion_tokens"}).lines == ()
        assert len(server.asked) == 1


def test_a_model_that_spends_its_tokens_on_reasoning_is_asked_again_with_more() -> None:
    def thinks(asked: Asked) -> Reply:
        if asked.body["max_tokens"] <= 1024:
            return Reply([event({"choices": [{"delta": {"reasoning_content": "hm"}}]}), event(chunk(None, "length"))])
        return told("Four.")

    with ChatServer(thinks) as server:
        found = checked(server)
    assert found.cause is None
    assert found.lines == (f"thinking_tokens = {DEFAULT_THINKING_TOKENS}",)


def test_a_model_with_short_answers_gets_a_lower_max_tokens() -> None:
    def short(asked: Asked) -> Reply:
        if asked.body["max_tokens"] > 300:
            return refusal("max_tokens is too large: 1024. This model supports at most 300 completion tokens.")
        return told("Four.")

    with ChatServer(short) as server:
        assert checked(server).lines == ("max_tokens = 256",)


@pytest.mark.parametrize(
    ("reply", "cause", "detail"),
    [
        (refusal("no", status=401), "wrong_key", "status 401"),
        (refusal("no", status=402), "no_credit", "status 402"),
        (refusal("no", status=403), "forbidden", "status 403"),
        (refusal("no", status=418), "unusable", "status 418"),
        (refusal("no", status=503), "server_error", "status 503"),
        (refusal("slow down", status=429), "busy", "status 429"),
        (refusal("I do not like this"), "refused", "status 400"),
        (refusal("filtered", code="content_filter"), "prompt_filtered", "a filter stopped the prompt"),
        (told(" ", finish="tool_calls"), "no_text", "finish reason tool_calls"),
        (told("Four", finish="content_filter"), "filtered", "a filter cut the answer"),
        (told("Four", finish=None, done=False), "broken", "without a finish reason"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_check_says_what_is_wrong(reply: Reply, cause: str, detail: str) -> None:
    with ChatServer(lambda _: reply) as server:
        found = checked(server)
    assert found.cause == cause
    assert detail in found.detail


def test_a_check_of_an_unknown_model_names_those_that_the_server_has() -> None:
    with ChatServer(lambda _: refusal("no such model", status=404)) as server:
        found = checked(server, model="misspelt")
    assert found.cause == "not_found"
    assert "the server has no model 'misspelt'; set model to one of" in found.detail
