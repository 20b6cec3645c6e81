"""Every error names the wrong field, what came and what was expected."""

from typing import Any

import httpx
import pytest

from tests.inference.server.serving import CHAT, ENDLESS, LIMIT_S, TEXT, USER, Server


@pytest.mark.parametrize(
    ("path", "change", "param", "code", "message"),
    [
        (CHAT, {"temperature": 2.5}, "temperature", "invalid_value", "temperature is 2.5: "),
        (CHAT, {"temperature": "1"}, "temperature", "invalid_value", "temperature is '1': "),
        (CHAT, {"temperature": True}, "temperature", "invalid_value", "temperature is True: "),
        (CHAT, {"top_p": 0}, "top_p", "invalid_value", "top_p is 0: "),
        (CHAT, {"max_tokens": 0}, "max_tokens", "invalid_value", "max_tokens is 0: "),
        (CHAT, {"max_tokens": 1.5}, "max_tokens", "invalid_value", "max_tokens is 1.5: "),
        (
            CHAT,
            {"max_completion_tokens": -1},
            "max_completion_tokens",
            "invalid_value",
            "max_completion_tokens is -1: ",
        ),
        (CHAT, {"seed": 2**63}, "seed", "invalid_value", "seed is 9223372036854775808: "),
        (CHAT, {"stop": ["a"] * 17}, "stop", "invalid_value", "17 strings; at most 16"),
        (CHAT, {"stop": ["a", ""]}, "stop", "invalid_value", "none of those empty"),
        (CHAT, {"stop": 3}, "stop", "invalid_value", "a string or a list of strings"),
        (CHAT, {"n": 2}, "n", "invalid_value", "n is 2: "),
        (CHAT, {"stop": "x" * 1001}, "stop", "invalid_value", "a string is too long; at most 1,000 characters"),
        (CHAT, {"logprobs": 3}, "logprobs", "invalid_value", "logprobs is 3: "),
        (CHAT, {"top_logprobs": 21, "logprobs": True}, "top_logprobs", "invalid_value", "top_logprobs is 21: "),
        (
            CHAT,
            {"top_logprobs": 2},
            "top_logprobs",
            "invalid_value",
            "top_logprobs is 2: 0 was expected, or logprobs true",
        ),
        (CHAT, {"presence_penalty": 2.5}, "presence_penalty", "invalid_value", "presence_penalty is 2.5: "),
        (CHAT, {"frequency_penalty": -3}, "frequency_penalty", "invalid_value", "frequency_penalty is -3: "),
        (CHAT, {"repetition_penalty": 0}, "repetition_penalty", "invalid_value", "repetition_penalty is 0: "),
        (CHAT, {"min_p": 1.5}, "min_p", "invalid_value", "min_p is 1.5: "),
        (CHAT, {"top_k": -2}, "top_k", "invalid_value", "top_k is -2: "),
        (CHAT, {"logit_bias": {"5": 101}}, "logit_bias.5", "invalid_value", "logit_bias.5 is 101: "),
        (CHAT, {"logit_bias": {"x": 1}}, "logit_bias.x", "invalid_value", "a token id as a string was expected"),
        (CHAT, {"logit_bias": {"99999": 1}}, "logit_bias.99999", "invalid_value", "an id from 0 to"),
        (
            CHAT,
            {"seed": 1, "random_seed": 2},
            "random_seed",
            "invalid_value",
            "random_seed is 2: the number in seed, 1, was",
        ),
        (CHAT, {"safe_prompt": True}, "safe_prompt", "invalid_value", "under [battle] in the arena's settings"),
        (CHAT, {"stream": "yes"}, "stream", "invalid_value", "stream is 'yes': "),
        (CHAT, {"stream_options": {"x": 1}}, "stream_options.x", "unknown_field", "stream_options.x is not a field"),
        (CHAT, {"tool": []}, "tool", "unknown_field", "tool is not a field of this request; leave it out; those that"),
        (CHAT, {"messages": "hi"}, "messages", "invalid_value", "messages is 'hi': "),
        (CHAT, {"messages": []}, "messages", "invalid_value", "messages is []: "),
        (
            CHAT,
            {"messages": [{**USER, "role": "tool"}]},
            "messages[0].role",
            "invalid_value",
            "messages[0].role is 'tool'",
        ),
        (
            CHAT,
            {"messages": [{"role": "user"}]},
            "messages[0].content",
            "missing_field",
            "messages[0].content is missing",
        ),
        (
            CHAT,
            {"messages": [{**USER, "content": [{"type": "image_url"}]}]},
            "messages[0].content",
            "invalid_value",
            "the type of part 0 is 'image_url'; this server reads text only",
        ),
        (
            CHAT,
            {"messages": [{**USER, "content": [{"type": "text", "text": "a"}, {"type": "text", "text": None}]}]},
            "messages[0].content",
            "invalid_value",
            "the text of part 1 is not a string",
        ),
        (
            CHAT,
            {"messages": [{**USER, "content": ["a"]}]},
            "messages[0].content",
            "invalid_value",
            "part 0 is not an object",
        ),
        (
            CHAT,
            {"messages": [{**USER, "content": 3}]},
            "messages[0].content",
            "invalid_value",
            "a string or a list of text parts",
        ),
        (CHAT, {"model": 3}, "model", "invalid_value", "model is 3: "),
        (CHAT, {"model": None}, "model", "missing_field", "model is missing; name one of one, two in the body, or"),
        (
            CHAT,
            {"max_tokens": 3 * ENDLESS},
            "messages",
            "context_length_exceeded",
            "length is 2000000 tokens; the prompt has 5",
        ),
        (TEXT, {"prompt": []}, "prompt", "invalid_value", "a string, a list of token ids, or a list of either"),
        (TEXT, {"prompt": ["a", [1]]}, "prompt", "invalid_value", "all prompts must be strings, or all of them lists"),
        (TEXT, {"prompt": [[1], []]}, "prompt", "invalid_value", "lists of token ids, none of them empty"),
        (TEXT, {"prompt": [1, True]}, "prompt", "invalid_value", "all prompts must be strings"),
        (TEXT, {"prompt": ["a"] * 129}, "prompt", "invalid_value", "129 prompts; at most 128"),
        (TEXT, {"prompt": "x" * 2_000_001}, "prompt", "invalid_value", "2,000,001 characters; at most 2,000,000"),
        (TEXT, {"prompt": [1, -2]}, "prompt", "invalid_value", "token 1 is -2; an id from 0 to"),
        (TEXT, {"prompt": [1, 99999]}, "prompt", "invalid_value", "token 1 is 99999"),
        (TEXT, {"max_tokens": 2 * ENDLESS}, "prompt", "context_length_exceeded", "max_tokens is 2000000"),
        (TEXT, {"max_tokens": 0}, "max_tokens", "invalid_value", "at least 1 was expected without echo"),
        (TEXT, {"logprobs": True}, "logprobs", "invalid_value", "logprobs is True: "),
        (TEXT, {"best_of": 2}, "best_of", "invalid_value", "best_of is 2: "),
    ],
)
def test_a_wrong_field_is_named(
    server: Server, path: str, change: dict[str, Any], param: str, code: str, message: str
) -> None:
    base: dict[str, Any] = {"model": "one", "max_tokens": 1}
    base |= {"messages": [USER]} if path == CHAT else {"prompt": "x"}
    response = httpx.post(server.url + path, json={**base, **change}, timeout=LIMIT_S)
    error = response.json()["error"]
    assert (response.status_code, error["type"]) == (400, "invalid_request_error"), error
    assert (error["param"], error["code"]) == (param, code)
    assert message in error["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b'{"model": "one", "messages": [{"role": "user", "content": "\\ud800"}]}', "the body is not JSON"),
        (b'{"model": "one"}', "messages is missing"),
    ],
)
def test_a_body_that_is_not_a_request_is_refused(server: Server, body: bytes, message: str) -> None:
    response = httpx.post(server.url + CHAT, content=body)
    assert response.status_code == 400
    assert message in response.json()["error"]["message"]
