"""What is rendered of a history: empty turns are dropped, and an answer continues the assistant's last message."""

import json
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from inference.server.requests.messages import Conversation, conversation
from inference.server.requests.parsing import parse
from inference.server.requests.protocol import ChatRequest
from inference.server.responses.errors import ApiError
from inference.text.chat_template import Message
from inference.text.folder import open_tokenizer
from tests.inference.server.serving import ASK, CHAT, LIMIT_S, Server

USER: dict[str, Any] = {"role": "user", "content": "hi"}
BEGUN: dict[str, Any] = {"role": "assistant", "content": "the quick"}


def read(*messages: dict[str, Any], **fields: Any) -> Conversation:
    body = parse(ChatRequest, json.dumps({"messages": messages, **fields}).encode())
    return conversation(body.messages, body)


@pytest.mark.parametrize(
    "empty",
    [
        {"content": None},
        {"content": []},
        {},
        {"tool_calls": None},
        {"content": None, "tool_calls": [], "refusal": None, "audio": None, "function_call": None, "annotations": []},
        {"content": None, "prefix": False},
    ],
)
def test_an_assistants_message_without_content_is_dropped(empty: dict[str, Any]) -> None:
    found = read(USER, {"role": "assistant", **empty}, USER)
    assert found == Conversation((Message("user", "hi"), Message("user", "hi")), (0, 2), continues=False)


@pytest.mark.parametrize("role", ["user", "system", "developer"])
def test_only_the_assistant_may_say_nothing(role: str) -> None:
    for content in ({}, {"content": None}):
        with pytest.raises(ApiError) as refused:
            read(USER, {"role": role, **content})
        assert refused.value.param == "messages[1].content"


def test_a_history_of_nothing_is_refused() -> None:
    with pytest.raises(ApiError, match="no message with content") as refused:
        read({"role": "assistant", "content": None})
    assert refused.value.param == "messages"


def test_parts_that_are_too_long_together_are_refused_for_their_length() -> None:
    """A JSON schema bounds each part, not all of them."""
    with pytest.raises(ApiError, match="2000001 characters in all; at most 2000000 were expected") as refused:
        read({"role": "user", "content": [{"type": "text", "text": "x" * n} for n in (1_000_000, 1_000_001)]})
    assert (refused.value.param, refused.value.code) == ("messages[0].content", "context_length_exceeded")


def test_the_developer_is_the_system() -> None:
    found = read({"role": "developer", "content": "Be brief."}, USER)
    assert found.messages == (Message("system", "Be brief."), Message("user", "hi"))


def test_histories_of_clients_are_read() -> None:
    """As openai 3.54, mistralai 3.7, litellm and vLLM's clients write a message that they received."""
    received: tuple[dict[str, Any], ...] = (
        {"refusal": None, "annotations": None, "audio": None, "function_call": None, "tool_calls": None},
        {"tool_calls": None, "prefix": False},
        {"tool_calls": None, "function_call": None, "provider_specific_fields": {"refusal": None}, "images": []},
        {"reasoning_content": "", "reasoning": None, "tool_calls": [], "refusal": None, "parsed": None},
        {"name": "wren", "content": [{"type": "text", "text": "the "}, {"type": "text", "text": "quick"}]},
    )
    for extra in received:
        assert read(USER, {**BEGUN, **extra}, USER).messages[1] == Message("assistant", "the quick")


@pytest.mark.parametrize(
    "field",
    [{"refusal": "no"}, {"tool_calls": [{}]}, {"function_call": {}}, {"audio": {"id": "a"}}, {"reasoning": "I"}],
)
def test_a_message_that_cannot_be_shown_to_a_model_is_named(field: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refused:
        read(USER, {**BEGUN, **field}, USER)
    assert refused.value.param == f"messages[1].{next(iter(field))}"


SPELLINGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"prefix": True}, {}),
    ({}, {"continue_final_message": True}),
    ({}, {"continue_final_message": True, "add_generation_prompt": False}),
    ({"prefix": True}, {"continue_final_message": True, "add_generation_prompt": False}),
    ({}, {"add_generation_prompt": False}),
    ({"prefix": False}, {"continue_final_message": False, "add_generation_prompt": True}),
]


@pytest.mark.parametrize(("of_message", "of_request"), SPELLINGS)
def test_every_spelling_continues_the_last_message(of_message: dict[str, Any], of_request: dict[str, Any]) -> None:
    found = read(USER, {**BEGUN, **of_message}, **of_request)
    assert found.continues
    assert found.messages[-1] == Message("assistant", "the quick")


@pytest.mark.parametrize(
    ("messages", "fields", "param"),
    [
        ([{**USER, "prefix": True}], {}, "messages[0].prefix"),
        ([USER, {**BEGUN, "prefix": True}, USER], {}, "messages[1].prefix"),
        ([USER, {"role": "assistant", "content": None, "prefix": True}], {}, "messages[1].content"),
        ([USER, {**BEGUN, "prefix": True}], {"continue_final_message": False}, "continue_final_message"),
        ([USER], {"continue_final_message": True}, "continue_final_message"),
        ([USER, {"role": "assistant"}], {"continue_final_message": True}, "continue_final_message"),
        ([USER, BEGUN], {"continue_final_message": True, "add_generation_prompt": True}, "add_generation_prompt"),
        ([USER], {"add_generation_prompt": False}, "add_generation_prompt"),
        ([USER], {"add_generation_prompt": False, "continue_final_message": False}, "add_generation_prompt"),
    ],
)
def test_a_contradiction_is_named(messages: list[dict[str, Any]], fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError, match="was expected") as refused:
        read(*messages, **fields)
    assert (refused.value.status, refused.value.param, refused.value.code) == (400, param, "invalid_value")


def test_the_answer_has_only_the_continuation_and_its_first_space(client: openai.OpenAI, server: Server) -> None:
    """The ids of a begun answer and of its continuation are those of one text."""
    begun: list[Any] = [*ASK, BEGUN]
    settings: dict[str, Any] = {"model": "one", "max_tokens": 12, "temperature": 0}
    spelled: list[tuple[list[Any], dict[str, Any]]] = [
        ([*ASK, {**BEGUN, **one}], other) for one, other in SPELLINGS[:3]
    ]
    answers = [client.chat.completions.create(messages=one, extra_body=other, **settings) for one, other in spelled]
    assert len({answer.choices[0].message.content for answer in answers}) == 1
    usage = answers[0].usage
    assert usage is not None
    ids = httpx.post(f"{server.url}/models/one/tokenize", json={"messages": begun}, timeout=LIMIT_S).json()["tokens"]
    assert usage.prompt_tokens == len(ids)
    text = client.completions.create(prompt=ids, **settings).choices[0].text
    assert answers[0].choices[0].message.content == text
    pieces = client.chat.completions.create(messages=begun, stream=True, **settings)
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == text


@pytest.mark.parametrize("content", ["", " ", [{"type": "text", "text": ""}]])
def test_an_answer_to_an_empty_message_at_the_end_begins_without_a_space(
    client: openai.OpenAI, folders: dict[str, Path], content: Any
) -> None:
    tokenizer = open_tokenizer(folders["one"])
    word = tokenizer.encode("quick")[0]
    assert tokenizer.piece_bytes(word).startswith(b" ")
    settings: dict[str, Any] = {"model": "one", "max_tokens": 2, "temperature": 0, "logit_bias": {str(word): 100}}
    begun = client.chat.completions.create(messages=[*ASK, {"role": "assistant", "content": content}], **settings)
    answer = client.chat.completions.create(messages=ASK, **settings)
    assert begun.choices[0].message.content == answer.choices[0].message.content


def test_a_message_after_a_dropped_one_is_named_by_its_place_in_the_request(server: Server) -> None:
    messages = [USER, {"role": "assistant", "content": None}, {"role": "user", "content": [{"type": "image_url"}]}]
    answer = httpx.post(server.url + CHAT, json={"model": "one", "messages": messages}, timeout=LIMIT_S)
    assert answer.json()["error"]["param"] == "messages[2].content"
