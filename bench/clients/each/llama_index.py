"""LlamaIndex, by its class for servers like OpenAI's."""

import asyncio

from llama_index.core.llms import ChatMessage, MessageRole
from llama_index.llms.openai_like import OpenAILike

from bench.clients.checking import Server

ASKED = "What is 17 plus 25?"


def _model(server: Server, *, is_chat_model: bool = True) -> OpenAILike:
    return OpenAILike(
        model=server.model,
        api_base=server.v1,
        api_key="none",
        is_chat_model=is_chat_model,
        max_retries=0,
        temperature=0,
        max_tokens=24,
    )


def chat(server: Server) -> None:
    assert _model(server).chat([ChatMessage(role=MessageRole.USER, content=ASKED)]).message.content


def stream_is_the_same_text(server: Server) -> None:
    asked = [ChatMessage(role=MessageRole.SYSTEM, content="Be brief."), ChatMessage(role="user", content=ASKED)]
    model = _model(server)
    pieces = [part.delta or "" for part in model.stream_chat(asked)]
    assert "".join(pieces) == model.chat(asked).message.content


def history(server: Server) -> None:
    model = _model(server)
    asked = [ChatMessage(role="user", content=ASKED)]
    answer = model.chat(asked).message
    assert model.chat([*asked, answer, ChatMessage(role="user", content="And 3 plus 4?")]).message.content


def complete_as_a_chat(server: Server) -> None:
    assert _model(server).complete(ASKED).text


def complete_as_a_text(server: Server) -> None:
    model = _model(server, is_chat_model=False)
    whole = model.complete("The capital of Japan is").text
    assert whole
    assert "".join(part.delta or "" for part in model.stream_complete("The capital of Japan is")) == whole


def asynchronous(server: Server) -> None:
    model = _model(server)
    asked = [ChatMessage(role="user", content=ASKED)]
    assert asyncio.run(model.achat(asked)).message.content == model.chat(asked).message.content


def default_settings(server: Server) -> None:
    model = OpenAILike(model=server.model, api_base=server.v1, api_key="none", is_chat_model=True)
    assert model.chat([ChatMessage(role="user", content=ASKED)]).message.content


CHECKS = (
    chat,
    stream_is_the_same_text,
    history,
    complete_as_a_chat,
    complete_as_a_text,
    asynchronous,
    default_settings,
)
