"""Log-probabilities in responses, compared with the model's own softmax."""

from pathlib import Path
from typing import Any

import openai
import pytest
import torch

from inference.engine.request import TokenLogprob
from inference.model.checkpoint import weights
from inference.server.responses.logprobs import TextLogprobs, chat_logprobs, token_text
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import Tokenizer
from tests.inference.server.serving import ASK

TEXT = "the quick brown fox"


@pytest.fixture(scope="module")
def tokenizer(folders: dict[str, Path]) -> Tokenizer:
    return open_tokenizer(folders["one"])


def expected(folder: Path, ids: list[int]) -> torch.Tensor:
    """Return log-probabilities (T - 1, V) of the token after each of ids[:-1]."""
    return weights.load(folder).forward_full(torch.tensor([ids]))[0, :-1].log_softmax(-1)


def test_an_echo_has_the_log_probability_of_every_token(
    client: openai.OpenAI, folders: dict[str, Path], tokenizer: Tokenizer
) -> None:
    ids = [tokenizer.bos_id, *tokenizer.encode(TEXT)]
    choice = client.completions.create(
        model="one", prompt=TEXT, max_tokens=1, temperature=0, echo=True, logprobs=2
    ).choices[0]
    assert choice.text.startswith(TEXT)
    logprobs = choice.logprobs
    assert logprobs is not None
    assert logprobs.tokens is not None
    assert logprobs.token_logprobs is not None
    assert logprobs.top_logprobs is not None
    table = expected(folders["one"], ids)
    n = len(ids)
    assert len(logprobs.tokens) == len(logprobs.token_logprobs) == len(logprobs.top_logprobs) == n + 1
    assert logprobs.token_logprobs[0] is None
    assert logprobs.top_logprobs[0] is None
    for at in range(1, n):
        row = table[at - 1]
        assert logprobs.token_logprobs[at] == pytest.approx(float(row[ids[at]]), abs=1e-4)
        assert max(logprobs.top_logprobs[at].values()) == pytest.approx(float(row.max()), abs=1e-4)
        assert logprobs.token_logprobs[at] in logprobs.top_logprobs[at].values(), "the same float, to the bit"
    assert logprobs.token_logprobs[n] == max(logprobs.top_logprobs[n].values()), "greedily, the likeliest"


def test_an_echo_alone_samples_nothing(client: openai.OpenAI, tokenizer: Tokenizer) -> None:
    ids = [tokenizer.bos_id, *tokenizer.encode(TEXT)]
    settings: dict[str, Any] = {"model": "one", "prompt": ids, "max_tokens": 0, "echo": True}
    more: dict[str, Any]
    for more in ({}, {"logprobs": 1}):
        answer = client.completions.create(**(settings | more))
        assert (answer.choices[0].text, answer.choices[0].finish_reason) == (TEXT, "length")
        assert answer.usage is not None
        assert answer.usage.completion_tokens == 0
        if more:
            assert answer.choices[0].logprobs is not None
            assert len(answer.choices[0].logprobs.tokens or []) == len(ids)
        else:
            assert answer.choices[0].logprobs is None


def test_a_streamed_echo_has_the_log_probabilities_of_the_whole_one(client: openai.OpenAI) -> None:
    settings: dict[str, Any] = {"model": "two", "prompt": TEXT, "max_tokens": 9, "temperature": 0, "echo": True}
    whole = client.completions.create(**settings, logprobs=1).choices[0]
    assert whole.logprobs is not None
    pieces = [piece.choices[0] for piece in client.completions.create(**settings, logprobs=1, stream=True)]
    assert "".join(piece.text for piece in pieces) == whole.text
    for name in ("tokens", "token_logprobs", "text_offset"):
        parts = [getattr(piece.logprobs, name) for piece in pieces if piece.logprobs is not None]
        assert [entry for part in parts for entry in part] == getattr(whole.logprobs, name)


def test_a_chat_lists_the_likeliest_in_falling_order_with_their_bytes(client: openai.OpenAI) -> None:
    settings: dict[str, Any] = {"model": "one", "messages": ASK, "max_tokens": 6, "temperature": 0}
    answer = client.chat.completions.create(**settings, logprobs=True, top_logprobs=3)
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert answer.usage is not None
    assert len(logprobs.content) == answer.usage.completion_tokens == 6
    for entry in logprobs.content:
        likeliest = [one.logprob for one in entry.top_logprobs]
        assert len(likeliest) == 3
        assert likeliest == sorted(likeliest, reverse=True)
        assert entry.logprob == likeliest[0]
    streamed = client.chat.completions.create(**settings, logprobs=True, top_logprobs=3, stream=True)
    pieces = [piece.choices[0].logprobs.content for piece in streamed if piece.choices[0].logprobs is not None]
    again = [entry for piece in pieces for entry in piece or []]
    assert [entry.token for entry in again] == [entry.token for entry in logprobs.content]
    assert [entry.logprob for entry in again] == pytest.approx([entry.logprob for entry in logprobs.content], abs=1e-4)
    without = client.chat.completions.create(**settings, logprobs=True)
    assert without.choices[0].logprobs is not None
    assert without.choices[0].logprobs.content is not None
    assert without.choices[0].logprobs.content[0].top_logprobs == []


def test_a_token_is_shown_as_its_text_its_name_or_its_bytes(tokenizer: Tokenizer) -> None:
    byte = next(i for i in range(tokenizer.vocab_size) if tokenizer.piece(i) == "<0xEC>")
    assert token_text(tokenizer, byte) == "bytes:\\xec"
    assert token_text(tokenizer, tokenizer.eos_id) == tokenizer.piece(tokenizer.eos_id)
    assert "".join(token_text(tokenizer, token_id) for token_id in tokenizer.encode("the quick")) == " the quick"
    entry = chat_logprobs(tokenizer, [TokenLogprob(byte, -1.0)])["content"][0]
    assert (entry["bytes"], entry["top_logprobs"]) == ([0xEC], [])


def test_offsets_are_where_in_the_text_a_token_begins(tokenizer: Tokenizer) -> None:
    text = "the 안녕 quick"
    ids = [tokenizer.bos_id, *tokenizer.encode(text)]
    offsets = TextLogprobs(tokenizer).add(ids, [None] * len(ids))["text_offset"]
    assert offsets[:2] == [0, 0]
    for at, token_id in enumerate(ids):
        word = tokenizer.piece_bytes(token_id, is_first=at <= 1).decode(errors="ignore")
        assert text[offsets[at] :].startswith(word)
    split = TextLogprobs(tokenizer)
    parts = [split.add([token_id], [None])["text_offset"] for token_id in ids]
    assert [offset for part in parts for offset in part] == offsets


def test_of_two_likeliest_that_look_the_same_the_likelier_is_shown(tokenizer: Tokenizer) -> None:
    byte = next(i for i in range(tokenizer.vocab_size) if tokenizer.piece(i) == "<0x74>")
    letter = next(i for i in range(tokenizer.vocab_size) if tokenizer.piece(i) == "t")
    entry = TokenLogprob(byte, -2.0, ((letter, -1.0), (byte, -2.0)))
    assert TextLogprobs(tokenizer).add([byte], [entry])["top_logprobs"] == [{"t": -1.0}]
