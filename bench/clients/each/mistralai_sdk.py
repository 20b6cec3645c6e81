"""Mistral's own Python library."""

from functools import partial
from typing import Any

from mistralai.client import Mistral
from mistralai.client.errors import SDKError
from mistralai.client.models import (
    AssistantMessage,
    BaseModelCard,
    ChatCompletionResponse,
    ChatCompletionResponseChoiceLogprobs,
    SystemMessage,
    TextChunk,
    UserMessage,
)

from bench.clients.checking import Server, question, refusal

ASKED: list[Any] = [question()]
LENGTH = 24  # tokens


def _client(server: Server) -> Mistral:
    return Mistral(server_url=server.url, api_key="none", timeout_ms=60_000)


def _ask(server: Server, **fields: Any) -> ChatCompletionResponse:
    asked: dict[str, Any] = {"messages": ASKED, "temperature": 0, "max_tokens": LENGTH}
    return _client(server).chat.complete(model=server.model, **(asked | fields))


def _text(answer: ChatCompletionResponse) -> str:
    message = answer.choices[0].message
    assert message is not None
    assert isinstance(message.content, str), answer
    assert message.content, answer
    return message.content


def chat(server: Server) -> None:
    answer = _ask(server)
    assert _text(answer)
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage.completion_tokens
    assert answer.model == server.model


def chat_with_no_field_but_the_messages(server: Server) -> None:
    assert _text(_client(server).chat.complete(model=server.model, messages=ASKED))


def stream_is_the_same_text(server: Server) -> None:
    pieces: list[Any] = []
    with _client(server).chat.stream(model=server.model, messages=ASKED, temperature=0, max_tokens=LENGTH) as events:
        for event in events:
            pieces += [choice.delta.content or "" for choice in event.data.choices]
    assert "".join(pieces) == _text(_ask(server))


def history_as_the_message_itself(server: Server) -> None:
    message = _ask(server).choices[0].message
    assert _text(_ask(server, messages=[*ASKED, message, question("And 3 plus 4?")]))


def history_as_model_dump(server: Server) -> None:
    message = _ask(server).choices[0].message
    assert message is not None
    for dumped in (message.model_dump(), message.model_dump(mode="json", by_alias=True, exclude_none=True)):
        assert _text(_ask(server, messages=[*ASKED, dumped, question("And 3 plus 4?")]))


def its_own_kinds_of_messages(server: Server) -> None:
    parts = UserMessage(content=[TextChunk(text="What is 17 "), TextChunk(text="plus 25?")])
    unused = AssistantMessage(content=None, tool_calls=None)
    said = AssistantMessage(content=[TextChunk(text="Hello!")])
    messages = [SystemMessage(content="Be brief."), UserMessage(content="Hi"), unused, said, parts]
    assert _text(_ask(server, messages=messages))


def prefix(server: Server) -> None:
    begun = {"role": "assistant", "content": "The answer"}
    marked = _ask(server, messages=[*ASKED, begun | {"prefix": True}])
    told = _ask(server, messages=[*ASKED, begun])
    assert _text(marked) == _text(told)
    assert marked.usage.prompt_tokens == told.usage.prompt_tokens
    plain = _ask(server).usage.prompt_tokens
    assert plain is not None
    assert marked.usage.prompt_tokens is not None
    assert marked.usage.prompt_tokens > plain


def random_seed(server: Server) -> None:
    texts = [_text(_ask(server, temperature=1, random_seed=seed)) for seed in (7, 7)]
    assert texts[0] == texts[1]


def fields_that_ask_for_nothing(server: Server) -> None:
    neutral: dict[str, Any] = {
        "tools": [],
        "tool_choice": "none",
        "parallel_tool_calls": False,
        "response_format": {"type": "text"},
        "safe_prompt": False,
        "n": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "stop": [],
        "metadata": {},
        "top_p": 1,
        "random_seed": None,
        "reasoning_effort": None,
        "prompt_mode": None,
        "logprobs": None,
        "service_tier": None,
    }
    assert _text(_ask(server, **neutral)) == _text(_ask(server))


def logprobs(server: Server) -> None:
    """The library drops them, without an error, where their form is not Mistral's."""
    found = _ask(server, logprobs=True, top_logprobs=2).choices[0].logprobs
    assert isinstance(found, ChatCompletionResponseChoiceLogprobs), found
    for token in found.content:
        assert isinstance(token.top_logprobs, list)
        assert token.token_id == token.top_logprobs[0].token_id  # temperature 0
        assert token.logprob <= 0


def models(server: Server) -> None:
    listed = _client(server).models.list().data
    assert listed is not None
    cards = {card.id: card for card in listed if isinstance(card, BaseModelCard)}
    assert server.model in cards, listed
    assert cards[server.model].capabilities.completion_chat
    assert isinstance(_client(server).models.retrieve(model_id=server.model), BaseModelCard)


def errors_name_what_is_refused(server: Server) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    for field, value in {
        "n": 2,
        "tools": [tool],
        "safe_prompt": True,
        "response_format": {"type": "json_object"},
    }.items():
        error = refusal(SDKError, partial(_ask, server, **{field: value}))
        assert error.status_code == 400
        assert f'"param":"{field}' in error.body, error.body


CHECKS = (
    chat,
    chat_with_no_field_but_the_messages,
    stream_is_the_same_text,
    history_as_the_message_itself,
    history_as_model_dump,
    its_own_kinds_of_messages,
    prefix,
    random_seed,
    fields_that_ask_for_nothing,
    logprobs,
    models,
    errors_name_what_is_refused,
)
