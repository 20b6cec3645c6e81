"""LangChain, by langchain-openai."""

import asyncio
from typing import Any

import openai
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI, OpenAI
from pydantic import SecretStr

from bench.clients.checking import Server, refusal

ASKED = "What is 17 plus 25?"


def _model(server: Server, **fields: Any) -> ChatOpenAI:
    fields = {"temperature": 0, "max_retries": 0} | fields
    return ChatOpenAI(model=server.model, base_url=server.v1, api_key=SecretStr("none"), **fields)


def invoke(server: Server) -> None:
    answer = _model(server).invoke(ASKED)
    assert answer.content
    assert isinstance(answer, AIMessage)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] > 0


def invoke_with_no_setting(server: Server) -> None:
    assert ChatOpenAI(model=server.model, base_url=server.v1, api_key=SecretStr("none")).invoke(ASKED).content


def stream_is_the_same_text(server: Server) -> None:
    model = _model(server, stream_usage=True)
    chunks = list(model.stream(ASKED))
    assert "".join(str(chunk.content) for chunk in chunks) == model.invoke(ASKED).content
    assert any(chunk.usage_metadata for chunk in chunks)


def batch(server: Server) -> None:
    answers = _model(server).batch([ASKED, "And 3 plus 4?", ASKED])
    assert answers[0].content == answers[2].content
    assert all(answer.content for answer in answers)


def history(server: Server) -> None:
    model = _model(server)
    messages: list[Any] = [SystemMessage("Be brief."), HumanMessage(ASKED)]
    answer = model.invoke(messages)
    assert model.invoke([*messages, answer, HumanMessage("And 3 plus 4?")]).content


def messages_with_names_and_parts(server: Server) -> None:
    parts: list[Any] = [{"type": "text", "text": "What is 17 "}, {"type": "text", "text": "plus 25?"}]
    answer = _model(server).invoke([SystemMessage(content=parts[:1]), HumanMessage(content=parts, name="someone")])
    assert answer.content


def tools_are_refused_by_name(server: Server) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    error = refusal(openai.BadRequestError, lambda: _model(server).bind_tools([tool]).invoke(ASKED))
    assert error.param == "tools"


def chain(server: Server) -> None:
    prompt = ChatPromptTemplate.from_messages([("system", "Be {how}."), ("human", "{question}")])
    text = (prompt | _model(server, max_tokens=24) | StrOutputParser()).invoke({"how": "brief", "question": ASKED})
    assert text


def parameters(server: Server) -> None:
    model = _model(
        server,
        top_p=0.9,
        seed=7,
        n=1,
        presence_penalty=0,
        frequency_penalty=0,
        logprobs=True,
        top_logprobs=2,
        stop=["\n\n"],
    )
    assert model.invoke(ASKED).response_metadata["logprobs"]


def asynchronous(server: Server) -> None:
    model = _model(server)
    assert asyncio.run(model.ainvoke(ASKED)).content == model.invoke(ASKED).content


def text_completion(server: Server) -> None:
    model = OpenAI(model=server.model, base_url=server.v1, api_key=SecretStr("none"), max_tokens=8)
    assert model.invoke("The capital of Japan is")
    assert "".join(model.stream("The capital of Japan is"))


CHECKS = (
    invoke,
    invoke_with_no_setting,
    stream_is_the_same_text,
    batch,
    history,
    messages_with_names_and_parts,
    tools_are_refused_by_name,
    chain,
    parameters,
    asynchronous,
    text_completion,
)
