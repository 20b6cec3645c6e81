"""Lists of prompts, and the three addresses about tokens, as in vLLM."""

from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from inference.text.chat_template import Message, render
from inference.text.folder import open_tokenizer
from tests.inference.server.serving import ASK, LIMIT_S, Server

PROMPTS = ["the quick", "brown fox jumps", "over"]


def test_several_prompts_are_several_choices(client: openai.OpenAI, folders: dict[str, Path]) -> None:
    tokenizer = open_tokenizer(folders["one"])
    ids = [[tokenizer.bos_id, *tokenizer.encode(prompt)] for prompt in PROMPTS]
    settings: dict[str, Any] = {"model": "one", "max_tokens": 7, "temperature": 0}
    alone = [client.completions.create(prompt=prompt, **settings) for prompt in PROMPTS]
    given: Any
    for given in (PROMPTS, ids):
        answer = client.completions.create(prompt=given, **settings)
        assert [choice.index for choice in answer.choices] == [0, 1, 2]
        assert [choice.text for choice in answer.choices] == [one.choices[0].text for one in alone]
        assert answer.usage is not None
        assert answer.usage.prompt_tokens == sum(map(len, ids))
        assert answer.usage.completion_tokens == 21
    texts = ["", "", ""]
    ends: list[int] = []
    streamed = client.completions.create(
        prompt=PROMPTS, **settings, stream=True, stream_options={"include_usage": True}
    )
    for piece in streamed:
        for choice in piece.choices:
            texts[choice.index] += choice.text
            ends += [choice.index] if choice.finish_reason is not None else []
        usage = piece.usage
    assert texts == [one.choices[0].text for one in alone]
    assert sorted(ends) == [0, 1, 2]
    assert usage is not None
    assert usage.completion_tokens == 21


def test_a_text_may_be_continued_without_bos(client: openai.OpenAI, folders: dict[str, Path]) -> None:
    tokenizer = open_tokenizer(folders["one"])
    answer = client.completions.create(
        model="one", prompt="the quick", max_tokens=1, extra_body={"add_special_tokens": False}
    )
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == len(tokenizer.encode("the quick"))


def test_a_prompt_that_is_null_or_empty_begins_a_text(client: openai.OpenAI, folders: dict[str, Path]) -> None:
    settings: dict[str, Any] = {"model": "one", "max_tokens": 8, "temperature": 0, "echo": True}
    given = client.completions.create(prompt=[open_tokenizer(folders["one"]).bos_id], **settings)
    assert client.completions.create(prompt=None, **settings).choices == given.choices
    bare: dict[str, Any] = {"add_special_tokens": False, "stop": "", "logprobs": False}
    empty = client.completions.create(prompt=["", "a"], extra_body=bare, **settings)
    assert empty.choices[0] == given.choices[0]


def test_a_repeated_conversation_is_not_computed_again(client: openai.OpenAI) -> None:
    text = "the quick brown fox jumps over the lazy dog"
    first = client.completions.create(model="two", prompt=text, max_tokens=4, temperature=0)
    again = client.completions.create(model="two", prompt=text + first.choices[0].text, max_tokens=4, temperature=0)
    assert again.usage is not None
    assert again.usage.prompt_tokens_details is not None
    cached = again.usage.prompt_tokens_details.cached_tokens
    assert cached is not None
    assert 0 < cached < again.usage.prompt_tokens


def post(server: Server, path: str, **body: object) -> Any:
    return httpx.post(server.url + path, json=body, timeout=LIMIT_S).json()


def test_text_is_tokenized_and_comes_back(server: Server, folders: dict[str, Path]) -> None:
    tokenizer = open_tokenizer(folders["one"])
    ids = tokenizer.encode("the quick")
    given = post(server, "/tokenize", model="one", prompt="the quick", return_token_strs=True)
    assert given == {
        "count": len(ids) + 1,
        "max_model_len": 2_000_000,
        "tokens": [tokenizer.bos_id, *ids],
        "token_strs": [tokenizer.piece(token_id) for token_id in (tokenizer.bos_id, *ids)],
    }
    bare = post(server, "/models/one/tokenize", prompt="the quick", add_special_tokens=False)
    assert (bare["tokens"], bare["token_strs"]) == (ids, None)
    assert post(server, "/models/one/detokenize", tokens=given["tokens"]) == {"prompt": "<s>the quick"}


def test_exactly_the_name_of_bos_or_eos_is_that_id_and_any_other_text_is_text(
    server: Server, folders: dict[str, Path]
) -> None:
    tokenizer = open_tokenizer(folders["one"])
    for name, token_id in (("<s>", tokenizer.bos_id), ("</s>", tokenizer.eos_id)):
        for has_bos in (False, True):
            tokens = post(server, "/models/one/tokenize", prompt=name, add_special_tokens=has_bos)["tokens"]
            assert tokens == [token_id]
        inside = post(server, "/models/one/tokenize", prompt=f"a {name}", add_special_tokens=False)["tokens"]
        assert token_id not in inside
        assert inside == tokenizer.encode(f"a {name}")


def test_a_conversation_is_tokenized_as_it_is_answered(
    server: Server, client: openai.OpenAI, folders: dict[str, Path]
) -> None:
    tokens = post(server, "/tokenize", model="one", messages=ASK)["tokens"]
    assert tokens == render([Message("user", ASK[0]["content"])], open_tokenizer(folders["one"]))
    answer = client.chat.completions.create(model="one", messages=ASK, max_tokens=1)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == len(tokens)


def test_tokenizer_info_has_what_a_client_must_know(server: Server) -> None:
    info = httpx.get(f"{server.url}/models/one/tokenizer_info").json()
    assert info == httpx.get(f"{server.url}/tokenizer_info", params={"model": "one"}).json()
    assert (info["bos_token"], info["eos_token"], info["add_bos_token"]) == ("<s>", "</s>", True)


@pytest.mark.parametrize(
    ("path", "body", "param", "message"),
    [
        ("/tokenize", {}, "prompt", "either prompt or messages was expected, but neither came"),
        ("/tokenize", {"prompt": "a", "messages": ASK}, "prompt", "prompt or messages was expected, but both came"),
        ("/tokenize", {"prompt": "x" * 2_000_001}, "prompt", "at most 2000000 characters"),
        (
            "/tokenize",
            {"messages": ASK, "add_special_tokens": True},
            "add_special_tokens",
            "the layout of the chat adds",
        ),
        ("/tokenize", {"prompt": "a", "continue_final_message": True}, "continue_final_message", "beside prompt"),
        ("/tokenize", {"prompt": "a", "add_generation_prompt": False}, "add_generation_prompt", "beside prompt"),
        ("/detokenize", {"tokens": [1, 99999]}, "tokens[1]", "tokens[1] is 99999: an id from 0 to"),
        ("/detokenize", {"tokens": [-1]}, "tokens[0]", "tokens[0] is -1"),
        ("/detokenize", {}, "tokens", "tokens is missing"),
    ],
)
def test_a_text_that_cannot_be_tokenized_is_named(
    server: Server, path: str, body: dict[str, Any], param: str, message: str
) -> None:
    response = httpx.post(f"{server.url}/models/one{path}", json=body, timeout=LIMIT_S)
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, param)
    assert message in error["message"]
