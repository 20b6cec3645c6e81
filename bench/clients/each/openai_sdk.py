"""OpenAI's own Python library, release 3."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import openai
from openai.types.chat import ChatCompletion, ChatCompletionTokenLogprob

from bench.clients.checking import Server, question, refusal

ASKED: list[Any] = [question()]
LENGTH = 24  # tokens


def _client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.v1, api_key="none", max_retries=0, timeout=60)


def _ask(server: Server, **fields: Any) -> ChatCompletion:
    asked: dict[str, Any] = {"messages": ASKED, "temperature": 0, "max_tokens": LENGTH}
    return cast(ChatCompletion, _client(server).chat.completions.create(model=server.model, **(asked | fields)))


def _text(answer: ChatCompletion) -> str:
    text = answer.choices[0].message.content
    assert text, answer
    return text


def chat(server: Server) -> None:
    answer = _ask(server)
    assert _text(answer)
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.model == server.model


def chat_with_no_field_but_the_messages(server: Server) -> None:
    assert _text(_client(server).chat.completions.create(model=server.model, messages=ASKED))


def stream_is_the_same_text(server: Server) -> None:
    whole = _ask(server)
    chunks = list(
        _client(server).chat.completions.create(
            model=server.model,
            messages=ASKED,
            temperature=0,
            max_tokens=LENGTH,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    pieces = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert "".join(pieces) == _text(whole)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage is not None
    assert whole.usage is not None
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens


def events_of_the_streaming_helper(server: Server) -> None:
    """It raises an error for an answer that is cut, so this one has room."""
    with _client(server).chat.completions.stream(model=server.model, messages=ASKED, temperature=0) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds, kinds
    assert final.choices[0].message.content == _text(_ask(server, max_tokens=None))


def _history(server: Server, turn: Callable[[Any], Any]) -> None:
    message = _ask(server).choices[0].message
    _text(_ask(server, messages=[*ASKED, turn(message), question("And 3 plus 4?")]))


def history_as_the_message_itself(server: Server) -> None:
    _history(server, lambda message: message)


def history_as_model_dump(server: Server) -> None:
    _history(server, lambda message: message.model_dump())


def history_as_model_dump_without_none(server: Server) -> None:
    _history(server, lambda message: message.model_dump(exclude_none=True))


def history_with_an_answer_of_null(server: Server) -> None:
    between = {"role": "assistant", "content": None}
    answer = _ask(server, messages=[*ASKED, between, question("And 3 plus 4?")])
    assert answer.usage == _ask(server, messages=[*ASKED, question("And 3 plus 4?")]).usage


def two_user_messages_in_a_row(server: Server) -> None:
    _text(_ask(server, messages=[question("Hello!"), question()]))


def developer_means_system(server: Server) -> None:
    counts = [
        _ask(server, messages=[{"role": role, "content": "Be brief."}, *ASKED]).usage
        for role in ("developer", "system")
    ]
    assert counts[0] == counts[1]


def text_in_parts(server: Server) -> None:
    parts = [{"type": "text", "text": "What is 17 "}, {"type": "text", "text": "plus 25?"}]
    assert _ask(server, messages=[{"role": "user", "content": parts}]).usage == _ask(server).usage


def prefill_in_three_spellings(server: Server) -> None:
    begun = {"role": "assistant", "content": "The answer"}
    told = _ask(server, messages=[*ASKED, begun], seed=1)
    marked = _ask(server, messages=[*ASKED, begun | {"prefix": True}], seed=1)
    vllm = {"continue_final_message": True, "add_generation_prompt": False}
    named = _ask(server, messages=[*ASKED, begun], seed=1, extra_body=vllm)
    texts = [answer.choices[0].message.content for answer in (told, marked, named)]
    counts = [answer.usage.prompt_tokens for answer in (told, marked, named) if answer.usage]
    assert len(set(texts)) == 1, texts
    assert len(set(counts)) == 1, counts


def fields_that_ask_for_nothing(server: Server) -> None:
    plain = _text(_ask(server))
    neutral = {
        "tools": [],
        "tool_choice": "none",
        "parallel_tool_calls": False,
        "response_format": {"type": "text"},
        "logit_bias": {},
        "functions": None,
        "function_call": None,
        "modalities": ["text"],
        "store": False,
        "metadata": {},
        "reasoning_effort": None,
        "service_tier": "auto",
        "n": 1,
        "user": "someone",
        "stop": None,
        "seed": None,
        "logprobs": False,
        "top_logprobs": None,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "top_p": 1,
    }
    assert _text(_ask(server, **neutral)) == plain


def _logprobs(answer: ChatCompletion) -> list[ChatCompletionTokenLogprob]:
    found = answer.choices[0].logprobs
    assert found is not None
    assert found.content, answer
    return found.content


def logprobs(server: Server) -> None:
    answer = _ask(server, logprobs=True, top_logprobs=3)
    for token in _logprobs(answer):
        assert len(token.top_logprobs) == 3
        assert token.logprob <= 0
        assert token.top_logprobs[0].token == token.token  # temperature 0
    assert "".join(token.token for token in _logprobs(answer)).strip().startswith(_text(answer).strip()[:8])


def logit_bias(server: Server) -> None:
    """A token that is forbidden does not come; the one that comes is one of the next best. It is not always the second:
    some tokenizers read " The" as a space and "The", so that both are forbidden.
    """
    best, *others = _logprobs(_ask(server, logprobs=True, top_logprobs=4, max_tokens=1))[0].top_logprobs
    forbidden = dict.fromkeys(_ids(server, best.token), -100)
    (token,) = _logprobs(_ask(server, logprobs=True, max_tokens=1, logit_bias=forbidden))
    assert token.token != best.token
    assert token.token in [other.token for other in others]


def _ids(server: Server, token: str) -> list[str]:
    """Return the ids of all pieces that read as `token`."""
    texts = _client(server).post(
        "/../tokenize", cast_to=object, body={"model": server.model, "prompt": token, "add_special_tokens": False}
    )
    assert isinstance(texts, dict)
    return [str(token_id) for token_id in texts["tokens"]]


def completions(server: Server) -> None:
    client = _client(server)
    fields: dict[str, Any] = {"model": server.model, "prompt": "The capital of Japan is", "max_tokens": 8}
    whole = client.completions.create(**fields, temperature=0)
    streamed = client.completions.create(**fields, temperature=0, stream=True)
    assert whole.choices[0].text
    assert "".join(chunk.choices[0].text for chunk in streamed) == whole.choices[0].text
    several = client.completions.create(**(fields | {"prompt": ["One", "Two", "Three"]}))
    assert [choice.index for choice in several.choices] == [0, 1, 2]
    neutral = client.completions.create(
        **fields, temperature=0, suffix="", best_of=1, echo=False, logit_bias={}, logprobs=None, n=1, user="someone"
    )
    assert neutral.choices[0].text == whole.choices[0].text


def completions_that_echo_log_probabilities(server: Server) -> None:
    answer = _client(server).completions.create(
        model=server.model, prompt="The capital of Japan is", max_tokens=0, echo=True, logprobs=1
    )
    found = answer.choices[0].logprobs
    assert found is not None
    assert found.token_logprobs
    assert found.tokens
    assert found.token_logprobs[0] is None
    assert all(value <= 0 for value in found.token_logprobs[1:])


def models(server: Server) -> None:
    client = _client(server)
    listed = list(client.models.list())
    assert server.model in {model.id for model in listed}
    card = client.models.retrieve(server.model)
    assert (card.id, card.object) == (server.model, "model")
    assert isinstance(card.created, int)
    assert isinstance(card.owned_by, str)


def same_seed_same_answer(server: Server) -> None:
    texts = [_text(_ask(server, temperature=1, seed=seed)) for seed in (7, 7)]
    assert texts[0] == texts[1]


def several_at_once(server: Server) -> None:
    async def ask() -> list[ChatCompletion]:
        async with openai.AsyncOpenAI(base_url=server.v1, api_key="none", max_retries=0, timeout=60) as client:
            one = client.chat.completions.create
            return await asyncio.gather(
                *(
                    one(model=server.model, messages=ASKED, temperature=0, max_tokens=LENGTH, stream=False)
                    for _ in range(4)
                )
            )

    assert len({_text(answer) for answer in asyncio.run(ask())}) == 1


def a_stream_that_is_left(server: Server) -> None:
    stream = _client(server).chat.completions.create(
        model=server.model, messages=ASKED, temperature=0, max_tokens=LENGTH, stream=True
    )
    next(iter(stream))
    stream.close()
    assert _text(_ask(server))


def errors_name_what_is_refused(server: Server) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    for field, value in {
        "n": 2,
        "tools": [tool],
        "response_format": {"type": "json_object"},
        "temperature": 3,
        "no_such_field": 1,
    }.items():
        error = refusal(openai.BadRequestError, partial(_ask, server, extra_body={field: value}))
        assert error.type == "invalid_request_error"
        assert error.param is not None, (field, error)
        assert error.param.startswith(field), (field, error.param)
    unknown = refusal(
        openai.NotFoundError, lambda: _client(server).chat.completions.create(model="gpt-4o", messages=ASKED)
    )
    assert "gpt-4o" in unknown.message


def an_error_for_a_prompt_that_is_too_long(server: Server) -> None:
    error = refusal(openai.BadRequestError, lambda: _ask(server, messages=[question("one two three " * 30000)]))
    assert error.code == "context_length_exceeded"


CHECKS = (
    chat,
    chat_with_no_field_but_the_messages,
    stream_is_the_same_text,
    events_of_the_streaming_helper,
    history_as_the_message_itself,
    history_as_model_dump,
    history_as_model_dump_without_none,
    history_with_an_answer_of_null,
    two_user_messages_in_a_row,
    developer_means_system,
    text_in_parts,
    prefill_in_three_spellings,
    fields_that_ask_for_nothing,
    logprobs,
    logit_bias,
    completions,
    completions_that_echo_log_probabilities,
    models,
    same_seed_same_answer,
    several_at_once,
    a_stream_that_is_left,
    errors_name_what_is_refused,
    an_error_for_a_prompt_that_is_too_long,
)
