"""Values that ask for nothing are accepted, and whatever asks for something that does not exist is named."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from mistralai.client import models as mistral
from openai.types import completion_create_params as openai_text
from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessage,
    ChatCompletionStreamOptionsParam,
    ChatCompletionUserMessageParam,
)
from openai.types.chat import completion_create_params as openai_chat

from inference.engine.loading import load_models
from inference.folder import open_folder
from inference.server.requests import unsupported
from inference.server.requests.messages import ChatMessage
from inference.server.requests.neutral import Neutral
from inference.server.requests.parsing import Strict, parse
from inference.server.requests.protocol import (
    ChatRequest,
    CompletionRequest,
    DetokenizeRequest,
    StreamOptions,
    TokenizeRequest,
)
from inference.server.responses.errors import ApiError
from tests.inference.server.serving import ASK, CHAT, Server, asking


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ChatRequest, [*openai_chat.CompletionCreateParamsBase.__annotations__, "stream"]),
        (CompletionRequest, [*openai_text.CompletionCreateParamsBase.__annotations__, "stream"]),
        (StreamOptions, ChatCompletionStreamOptionsParam.__annotations__),
        (ChatMessage, ChatCompletionAssistantMessageParam.__annotations__),
        (ChatMessage, ChatCompletionUserMessageParam.__annotations__),
        (ChatMessage, ChatCompletionMessage.model_fields),
        (ChatRequest, mistral.ChatCompletionRequest.model_fields),
        (ChatMessage, mistral.AssistantMessage.model_fields),
    ],
)
def test_every_field_of_the_clients_schemas_is_known(ours: type[Strict], theirs: Iterable[str]) -> None:
    assert set(theirs) <= set(ours.model_fields)


BASES: dict[str, tuple[type[Strict], dict[str, Any]]] = {
    "chat": (ChatRequest, {"messages": ASK}),
    "text": (CompletionRequest, {"prompt": "x"}),
    "tokenize": (TokenizeRequest, {"messages": ASK}),
}
RULES = [
    (kind, name, rule)
    for kind, tables in {
        "chat": (unsupported.BOTH, unsupported.CHAT),
        "text": (unsupported.BOTH, unsupported.TEXT),
        "tokenize": (unsupported.LAYOUT,),
    }.items()
    for table in tables
    for name, rule in table.items()
]
ANY = {bool: (True, False), str: ("u1", ""), dict: ({}, {"x": 1})}


def refusal(kind: str, **fields: Any) -> ApiError | None:
    model, base = BASES[kind]
    try:
        parse(model, json.dumps({**base, **fields}).encode())
    except ApiError as error:
        return error
    return None


@pytest.mark.parametrize(("kind", "name", "rule"), RULES, ids=[f"{kind}-{name}" for kind, name, _ in RULES])
def test_a_field_is_accepted_at_its_neutral_values_and_named_at_others(kind: str, name: str, rule: Neutral) -> None:
    for neutral in (None, *rule.values):
        for value in ANY[neutral] if isinstance(neutral, type) else (neutral,):
            assert refusal(kind, **{name: value}) is None, value
    for value in ([{"type": "function"}], 7, -1.5, *([] if dict in rule.values else [{"x": 1}])):
        error = refusal(kind, **{name: value})
        assert error is not None, value
        assert (error.status, error.param, error.code) == (400, name, "invalid_value")
        assert str(error) == f"{name} is {value}: {rule.expected} was expected; {rule.refusal}"


def test_the_documentation_names_every_field() -> None:
    page = (Path(__file__).parents[4] / "docs" / "inference.md").read_text(encoding="utf-8")
    kinds = (ChatRequest, CompletionRequest, TokenizeRequest, DetokenizeRequest, StreamOptions, ChatMessage)
    fields = {name for kind in kinds for name in kind.model_fields} - {"role"}
    assert not [name for name in fields if f"`{name}`" not in page and f'`"{name}"' not in page]


@pytest.mark.parametrize(
    ("field", "value", "is_accepted"),
    [
        ("response_format", {"type": "text", "json_schema": None}, True),
        ("response_format", {"type": "json_object"}, False),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}, False),
        ("response_format", "text", False),
        ("tool_choice", "required", False),
        ("tool_choice", {"type": "function", "function": {"name": "f"}}, False),
        ("n", 1.0, True),
        ("n", True, False),
        ("store", True, False),
        ("store", 0, False),
        ("modalities", ["text", "audio"], False),
        ("prompt_cache_options", {"mode": "explicit"}, False),
        ("web_search_options", {}, False),
        ("service_tier", "flex", False),
        ("a field of tomorrow", None, True),
        ("a field of tomorrow", False, False),
        ("metadata", "notes", False),
        ("stop", "", True),
        ("stop", [], True),
        ("max_tokens", 20.0, True),
        ("max_tokens", 20.5, False),
        ("logit_bias", {}, True),
        ("logit_bias", {"5": 0.5}, True),
        ("logit_bias", {"05": 1}, False),
        ("stream_options", {}, True),
        ("stream_options", {"include_obfuscation": False, "include_usage": None}, True),
        ("stream_options", {"include_obfuscation": True}, False),
    ],
)
def test_values_beside_the_neutral_ones(field: str, value: Any, is_accepted: bool) -> None:
    error = refusal("chat", **{field: value})
    assert (error is None) == is_accepted, error
    assert error is None or str(error.param).startswith(field)


CASES = Path(__file__).parents[5] / "shared" / "cases" / "requests.json"


@pytest.mark.skipif(not CASES.exists(), reason="needs requests.json")
def test_the_cases_of_the_shared_folder(folders: dict[str, Path]) -> None:
    """The context is so short that an answer without max_tokens ends soon."""

    async def answers() -> list[tuple[str, str, httpx.Response]]:
        found = []
        async with asking(lambda: load_models({"one": open_folder(folders["one"])}, max_len={"one": 100})) as (http, _):
            for case in json.loads(CASES.read_text(encoding="utf-8")):
                body = json.dumps(case["body"]).replace('"MODEL"', '"one"')
                found.append((case["name"], case["right"], await http.post(CHAT, content=body)))
        return found

    for name, right, answer in asyncio.run(answers()):
        if right == "200":
            assert answer.status_code == 200, (name, answer.text)
        else:
            assert 400 <= answer.status_code < 500, (name, answer.text)
            assert answer.json()["error"]["param"], (name, answer.text)


def test_openais_client_can_send_back_what_it_received(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model="one", messages=ASK, max_tokens=3, temperature=0)
    history: list[Any] = [*ASK, first.choices[0].message.model_dump(), *ASK]
    dumped = client.chat.completions.create(model="one", messages=history, max_tokens=3, temperature=0)
    history[1] = {"role": "assistant", "content": first.choices[0].message.content}
    plain = client.chat.completions.create(model="one", messages=history, max_tokens=3, temperature=0)
    assert dumped.choices[0].message == plain.choices[0].message
    assert dumped.usage is not None
    assert plain.usage is not None
    assert dumped.usage.prompt_tokens == plain.usage.prompt_tokens


def test_a_bias_forces_a_token_in_chats_and_texts_and_both_names_of_a_seed_are_one(client: openai.OpenAI) -> None:
    forced = client.chat.completions.create(
        model="one", messages=ASK, max_tokens=2, logprobs=True, top_logprobs=2, logit_bias={"300": 100}
    )
    assert forced.choices[0].logprobs is not None
    tokens = forced.choices[0].logprobs.content or []
    assert len({token.token for token in tokens}) == 1
    assert tokens[0].token not in {likely.token for likely in tokens[0].top_logprobs}, "those are without the bias"
    text = client.completions.create(model="one", prompt="x", max_tokens=2, logit_bias={"300": 100}, temperature=0)
    assert text.choices[0].text.strip() == "".join(token.token for token in tokens).strip()
    settings: dict[str, Any] = {"model": "one", "messages": ASK, "max_tokens": 20}
    seeded = [
        client.chat.completions.create(**settings, **seed).choices[0].message.content
        for seed in ({"seed": 5}, {"extra_body": {"random_seed": 5}}, {"seed": 5, "extra_body": {"random_seed": 5}})
    ]
    assert len(set(seeded)) == 1


def test_a_model_card_has_what_mistrals_client_needs(server: Server) -> None:
    cards = httpx.get(f"{server.url}/v1/models").json()["data"]
    for card in cards:
        assert card["type"] == "base"
        assert card["capabilities"]["completion_chat"] is True
        assert card["max_context_length"] == 2_000_000
