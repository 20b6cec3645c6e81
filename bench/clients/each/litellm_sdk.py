"""litellm, which many tools call to reach any server."""

import asyncio
from typing import Any

import litellm

from bench.clients.checking import Server, question, refusal

ASKED: list[Any] = [question()]
LENGTH = 24  # tokens


def _fields(server: Server, **fields: Any) -> dict[str, Any]:
    asked = {"messages": ASKED, "temperature": 0, "max_tokens": LENGTH} | fields
    pointed = {"model": f"openai/{server.model}", "api_base": server.v1, "api_key": "none", "num_retries": 0}
    return pointed | asked


def _text(answer: Any) -> str:
    text: str = answer.choices[0].message.content
    assert text, answer
    return text


def chat(server: Server) -> None:
    answer = litellm.completion(**_fields(server))
    assert _text(answer)
    assert answer.usage.completion_tokens > 0


def stream_is_the_same_text(server: Server) -> None:
    chunks = list(litellm.completion(**_fields(server, stream=True, stream_options={"include_usage": True})))
    pieces = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert "".join(pieces) == _text(litellm.completion(**_fields(server)))
    built: Any = litellm.stream_chunk_builder(chunks, messages=ASKED)
    assert _text(built)


def history(server: Server) -> None:
    message = litellm.completion(**_fields(server)).choices[0].message
    for turn in (message, message.model_dump(), message.json()):
        _text(litellm.completion(**_fields(server, messages=[*ASKED, turn, question("And 3 plus 4?")])))


def prefill(server: Server) -> None:
    begun = {"role": "assistant", "content": "The answer", "prefix": True}
    _text(litellm.completion(**_fields(server, messages=[*ASKED, begun])))


def parameters(server: Server) -> None:
    fields = {
        "top_p": 0.9,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "seed": 7,
        "stop": ["\n\n"],
        "user": "someone",
        "n": 1,
        "logit_bias": {},
        "response_format": {"type": "text"},
        "tools": None,
        "tool_choice": None,
        "max_completion_tokens": LENGTH,
        "logprobs": True,
        "top_logprobs": 2,
    }
    answer = litellm.completion(**(_fields(server, **fields) | {"drop_params": False}))
    assert _text(answer)
    assert answer.choices[0].logprobs is not None


def as_a_server_of_mistral_and_of_vllm(server: Server) -> None:
    """Other prefixes of the model's name make litellm send other fields, such as random_seed."""
    for provider in ("mistral", "hosted_vllm"):
        fields = _fields(server, seed=7, temperature=1) | {"model": f"{provider}/{server.model}"}
        answers = [_text(litellm.completion(**fields)) for _ in range(2)]
        assert answers[0] == answers[1], provider


def text_completion(server: Server) -> None:
    answer: Any = litellm.text_completion(
        model=f"text-completion-openai/{server.model}",
        prompt="The capital of Japan is",
        api_base=server.v1,
        api_key="none",
        max_tokens=8,
    )
    assert answer.choices[0].text


def asynchronous(server: Server) -> None:
    async def ask() -> list[Any]:
        return await asyncio.gather(*(litellm.acompletion(**_fields(server)) for _ in range(3)))

    assert len({_text(answer) for answer in asyncio.run(ask())}) == 1


def an_error_for_an_unknown_model(server: Server) -> None:
    unknown = _fields(server) | {"model": "openai/gpt-4o"}
    assert "gpt-4o" in str(refusal(litellm.NotFoundError, lambda: litellm.completion(**unknown)))


CHECKS = (
    chat,
    stream_is_the_same_text,
    history,
    prefill,
    parameters,
    as_a_server_of_mistral_and_of_vllm,
    text_completion,
    asynchronous,
    an_error_for_an_unknown_model,
)
