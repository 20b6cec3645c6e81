"""The answers of the routes, through the official client where it supports them."""

import hashlib
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

import inference
from inference.folder import open_folder
from inference.text.folder import open_tokenizer
from tests.inference.server.serving import ASK, CHAT, ENDLESS, Server, serving


def test_models_are_listed_and_retrieved(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["one", "two"]
    assert client.models.retrieve("two").id == "two"


def test_health_lists_the_loaded_models(server: Server, folders: dict[str, Path]) -> None:
    health = httpx.get(f"{server.url}/health").json()
    assert health["status"] == "ok"
    assert list(health["models"]) == ["one", "two"]
    assert health["failed"] == {}
    assert health["models"]["one"] == {
        "parameters": open_folder(folders["one"]).config.n_parameters,
        "fingerprint": fingerprint(folders["one"]),
        "max_len": 2 * ENDLESS,
        "dtype": "float32",
        "decode_backend": "native" if health["decode_library"] == "ready" else "torch",
    }


def test_each_model_has_the_length_that_is_given_for_it_or_for_all_others(folders: dict[str, Path]) -> None:
    models = [f"--model={name}={folders['one']}" for name in ("one", "two", "three")]
    with serving(*models, "--max-len=two=64", "--max-len=90") as server:
        health = httpx.get(f"{server.url}/health").json()
        assert {name: model["max_len"] for name, model in health["models"].items()} == {
            "one": 90,
            "two": 64,
            "three": 90,
        }
        with pytest.raises(openai.BadRequestError, match="length is 64 tokens"):
            server.client().chat.completions.create(model="two", messages=ASK, max_tokens=64)


def fingerprint(folder: Path) -> str:
    return hashlib.sha256((folder / "consolidated.safetensors").read_bytes()).hexdigest()[:16]


def test_a_chat_completion_in_one_piece(client: openai.OpenAI, folders: dict[str, Path]) -> None:
    answer = client.chat.completions.create(model="one", messages=ASK, max_tokens=30, seed=7, temperature=1)
    tokenizer = open_tokenizer(folders["one"])
    assert answer.object == "chat.completion"
    assert answer.model == "one"
    assert answer.system_fingerprint in {f"{fingerprint(folders['one'])}+{backend}" for backend in ("native", "torch")}
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason in ("length", "stop")
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 3 + len(tokenizer.encode("the quick brown fox"))
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert 0 < answer.usage.completion_tokens <= 30


def test_a_streamed_answer_is_the_whole_one_in_pieces(client: openai.OpenAI, folders: dict[str, Path]) -> None:
    settings: dict[str, Any] = {"model": "two", "messages": ASK, "max_tokens": 60, "seed": 8, "top_p": 0.95}
    whole = client.chat.completions.create(**settings)
    chunks = list(client.chat.completions.create(**settings, stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in chunks[:-1] if c.choices[0].finish_reason] == [
        whole.choices[0].finish_reason
    ]
    assert chunks[-1].choices == []
    usage = chunks[-1].usage
    assert usage is not None
    assert whole.usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (whole.usage.prompt_tokens, whole.usage.completion_tokens)
    assert {chunk.usage for chunk in chunks[:-1]} == {None}
    assert {str(chunk.system_fingerprint).split("+")[0] for chunk in chunks} == {fingerprint(folders["two"])}
    assert len({chunk.id for chunk in chunks}) == 1
    without = list(client.chat.completions.create(**settings, stream=True))
    assert all(chunk.choices for chunk in without), "usage comes only when asked for"


def test_the_same_seed_gives_the_same_answer_and_none_gives_another(client: openai.OpenAI) -> None:
    def ask(**settings: Any) -> str:
        answer = client.chat.completions.create(model="one", messages=ASK, max_tokens=40, **settings)
        return str(answer.choices[0].message.content)

    assert ask(seed=-5) == ask(seed=-5)
    assert ask(seed=5) != ask(seed=6)
    assert ask() != ask()
    assert ask(temperature=0) == ask(temperature=0)


def test_a_stop_string_ends_an_answer_before_it(client: openai.OpenAI) -> None:
    settings: dict[str, Any] = {"model": "one", "messages": ASK, "temperature": 0}
    text = client.chat.completions.create(**settings, max_tokens=40).choices[0].message.content
    assert text
    stop = text[len(text) // 2 :][:3]
    assert "\ufffd" not in stop, "it would be cut between bytes that never become a character"
    answer = client.chat.completions.create(**settings, max_tokens=40, stop=[stop, "never said"])
    assert answer.choices[0].message.content == text[: text.index(stop)]
    assert answer.choices[0].finish_reason == "stop"
    pieces = client.chat.completions.create(**settings, max_tokens=40, stop=stop, stream=True)
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == text[: text.index(stop)]


def test_text_is_completed_from_a_string_or_from_ids(client: openai.OpenAI, folders: dict[str, Path]) -> None:
    tokenizer = open_tokenizer(folders["one"])
    ids = [tokenizer.bos_id, *tokenizer.encode("the quick")]
    settings: dict[str, Any] = {"model": "one", "max_tokens": 20, "temperature": 0}
    text = client.completions.create(prompt="the quick", **settings)
    assert text.object == "text_completion"
    assert client.completions.create(prompt=ids, **settings).choices[0].text == text.choices[0].text
    pieces = list(client.completions.create(prompt=ids, stream=True, **settings))
    assert "".join(piece.choices[0].text for piece in pieces) == text.choices[0].text
    assert pieces[-1].choices[0].finish_reason == "length"
    assert text.usage is not None
    assert (text.usage.prompt_tokens, text.usage.completion_tokens) == (len(ids), 20)


def test_content_may_come_as_text_parts(client: openai.OpenAI) -> None:
    parts: list[Any] = [
        {"role": "user", "content": [{"type": "text", "text": "the quick "}, {"type": "text", "text": "brown fox"}]}
    ]
    answers = [
        client.chat.completions.create(model="one", messages=messages, max_tokens=9, temperature=0)
        for messages in (ASK, parts)
    ]
    assert answers[0].choices == answers[1].choices


def test_errors_arrive_as_the_client_s_own_classes(client: openai.OpenAI, server: Server) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="three", messages=ASK)
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    assert "no model is named 'three'; known are one, two" in str(missing.value)
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("three")
    with pytest.raises(openai.BadRequestError) as bad:
        client.chat.completions.create(model="one", messages=ASK, temperature=3)
    assert (bad.value.type, bad.value.param) == ("invalid_request_error", "temperature")
    for response in (httpx.get(f"{server.url}/v1/nothing"), httpx.get(server.url + CHAT)):
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}
        assert response.status_code in (404, 405)


def test_two_models_answer_at_the_same_time(client: openai.OpenAI) -> None:
    settings: dict[str, Any] = {"messages": ASK, "temperature": 0, "stream": True, "max_tokens": ENDLESS}
    streams = [client.chat.completions.create(model=name, **settings) for name in ("one", "two")]
    for _ in range(20):
        for stream in streams:
            next(stream)
    for stream in streams:
        stream.close()


DEMO = Path(inference.__file__).parent / "demo" / "models"


def test_a_shipped_model_answers_well_in_english_and_korean() -> None:
    with serving(f"--model=wren={DEMO / 'wren-sol'}") as server:
        for question, start in (("What is 17 + 5?", "17 + 5 = 10 + 12 = 22."), ("안녕하세요", "안녕하세요!")):
            pieces = server.client().chat.completions.create(
                model="wren", messages=[{"role": "user", "content": question}], temperature=0, stream=True
            )
            texts = [piece.choices[0].delta.content or "" for piece in pieces]
            assert "".join(texts).startswith(start)
            assert not any("\ufffd" in text for text in texts)
