"""The server as its users meet it: the command in a process of its own, spoken to by the official client.

What a process cannot be made to do on demand (be full, be loading) runs in this one, through the same application.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import openai
import pytest

import inference
from inference.engine.loading import Loaded, load_models
from inference.engine.request import Request, SamplingParams
from inference.engine.worker import Worker
from inference.folder import open_folder
from inference.model.config import load_config
from inference.server.answers import sse
from inference.server.app import create_app
from inference.text.tokenizer import Tokenizer
from tests.fakes import write_model_folder

LIMIT_S = 60
ONE_SLOT_GB = "0.00002"  # of caches for two models, 6 KiB a slot each
ENDLESS = 1_000_000  # tokens; greedily, these random models never end


class Server:
    """`python -m inference serve` in a child process."""

    def __init__(self, *arguments: str, wait: bool = True) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inference", "serve", "--port", "0", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stdout is not None
        self.greeting = self.process.stdout.readline()
        self.url = self.greeting.split()[-1] if self.greeting else ""
        if wait:
            deadline = time.monotonic() + LIMIT_S
            while httpx.get(f"{self.url}/health", timeout=LIMIT_S).status_code != 200:
                assert time.monotonic() < deadline, "the models were not loaded in time"
                time.sleep(0.05)

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0, timeout=LIMIT_S)

    def end(self) -> tuple[int, str]:
        """Wait for the process; exit code and what it wrote to stderr."""
        _, errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, errors


@contextlib.contextmanager
def serving(*arguments: str, wait: bool = True) -> Iterator[Server]:
    server = Server(*arguments, wait=wait)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(("one", "two")):
        write_model_folder(root / name, seed=seed, max_seq_len=2 * ENDLESS)
    return {"one": root / "one", "two": root / "two"}


@pytest.fixture(scope="module")
def server(folders: dict[str, Path]) -> Iterator[Server]:
    with serving(*(f"--model={name}={path}" for name, path in folders.items()), f"--cache-gb={ONE_SLOT_GB}") as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> openai.OpenAI:
    return server.client()


ASK: list[Any] = [{"role": "user", "content": "the quick brown fox"}]


def test_models_are_listed_and_retrieved(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["one", "two"]
    assert client.models.retrieve("two").id == "two"


def test_health_tells_what_is_loaded(server: Server, folders: dict[str, Path]) -> None:
    health = httpx.get(f"{server.url}/health").json()
    assert health["status"] == "ok"
    assert list(health["models"]) == ["one", "two"]
    assert health["models"]["one"] == {
        "parameters": load_config(folders["one"]).n_parameters,
        "fingerprint": fingerprint(folders["one"]),
        "max_len": 2 * ENDLESS,
        "dtype": "float32",
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
        with pytest.raises(openai.BadRequestError, match="holds 64 tokens"):
            server.client().chat.completions.create(model="two", messages=ASK, max_tokens=64)


def fingerprint(folder: Path) -> str:
    return hashlib.sha256((folder / "consolidated.safetensors").read_bytes()).hexdigest()[:16]


def test_a_whole_chat_answer(client: openai.OpenAI, folders: dict[str, Path]) -> None:
    answer = client.chat.completions.create(model="one", messages=ASK, max_tokens=30, seed=7, temperature=1)
    tokenizer = Tokenizer.from_folder(folders["one"])
    assert answer.object == "chat.completion"
    assert (answer.model, answer.system_fingerprint) == ("one", fingerprint(folders["one"]))
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
    assert chunks[-1].usage == whole.usage
    assert {chunk.usage for chunk in chunks[:-1]} == {None}
    assert {chunk.system_fingerprint for chunk in chunks} == {fingerprint(folders["two"])}
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
    tokenizer = Tokenizer.from_folder(folders["one"])
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


def test_no_character_of_an_answer_ends_a_line_of_the_stream() -> None:
    text = "한\n\r\u2028\u2029\x85\x0b\x1c"
    lines = sse({"text": text}).splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0].removeprefix("data: ")) == {"text": text}


CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
USER = {"role": "user", "content": "x"}


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
        (CHAT, {"stop": ["a"] * 5}, "stop", "invalid_value", "5 strings; at most 4"),
        (CHAT, {"stop": ""}, "stop", "invalid_value", "none of them empty"),
        (CHAT, {"stop": 3}, "stop", "invalid_value", "a string or a list of strings"),
        (CHAT, {"n": 2}, "n", "invalid_value", "n is 2: "),
        (CHAT, {"logprobs": True}, "logprobs", "invalid_value", "logprobs is True: "),
        (CHAT, {"presence_penalty": 0.5}, "presence_penalty", "invalid_value", "presence_penalty is 0.5: "),
        (CHAT, {"stream": "yes"}, "stream", "invalid_value", "stream is 'yes': "),
        (CHAT, {"stream_options": {"x": 1}}, "stream_options.x", "unknown_field", "stream_options.x is not a field"),
        (CHAT, {"top_k": 3}, "top_k", "unknown_field", "top_k is not a field that this server has; known are model"),
        (CHAT, {"messages": "hi"}, "messages", "invalid_value", "messages is 'hi': "),
        (CHAT, {"messages": []}, "messages", "invalid_value", "no messages"),
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
            "text only",
        ),
        (
            CHAT,
            {"messages": [{**USER, "content": 3}]},
            "messages[0].content",
            "invalid_value",
            "a string or a list of text parts",
        ),
        (CHAT, {"messages": [USER, USER]}, "messages[1]", "invalid_value", "message 1 is the user's; the assistant's"),
        (CHAT, {"messages": [{**USER, "content": " "}]}, "messages[0]", "invalid_value", "message 0 (user) is empty"),
        (CHAT, {"model": None}, "model", "invalid_value", "model is None: "),
        (
            CHAT,
            {"max_tokens": 3 * ENDLESS},
            "messages",
            "context_length_exceeded",
            "holds 2000000 tokens; the prompt has 5",
        ),
        (TEXT, {"prompt": ""}, "prompt", "invalid_value", "not empty"),
        (TEXT, {"prompt": ["a", "b"]}, "prompt", "invalid_value", "one prompt a request"),
        (TEXT, {"prompt": [1, -2]}, "prompt", "invalid_value", "token 1 is -2; an id from 0 to"),
        (TEXT, {"prompt": [1, 99999]}, "prompt", "invalid_value", "token 1 is 99999"),
        (TEXT, {"max_tokens": 2 * ENDLESS}, "prompt", "context_length_exceeded", "max_tokens asks for 2000000"),
        (TEXT, {"echo": True}, "echo", "invalid_value", "echo is True: "),
    ],
)
def test_a_field_at_fault_is_named(
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
def test_a_body_that_is_no_request_is_refused(server: Server, body: bytes, message: str) -> None:
    response = httpx.post(server.url + CHAT, content=body)
    assert response.status_code == 400
    assert message in response.json()["error"]["message"]


def test_errors_arrive_as_the_client_s_own_classes(client: openai.OpenAI, server: Server) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="three", messages=ASK)
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    assert "no model 'three' here; there are one, two" in str(missing.value)
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("three")
    with pytest.raises(openai.BadRequestError) as bad:
        client.chat.completions.create(model="one", messages=ASK, temperature=3)
    assert (bad.value.type, bad.value.param) == ("invalid_request_error", "temperature")
    for response in (httpx.get(f"{server.url}/v1/nothing"), httpx.get(server.url + CHAT)):
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}
        assert response.status_code in (404, 405)


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_frees_its_slot(server: Server, client: openai.OpenAI, stream: bool) -> None:
    """There is one slot, and the first answer would take minutes."""
    body = {"model": "one", "messages": ASK, "max_tokens": ENDLESS, "temperature": 0, "stream": stream}
    if stream:
        with httpx.stream("POST", server.url + CHAT, json=body, timeout=LIMIT_S) as response:
            lines = response.iter_lines()
            while '"content":"' not in next(lines):
                pass
    else:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(server.url + CHAT, json=body, timeout=1)
    client.chat.completions.create(model="one", messages=ASK, max_tokens=2, timeout=20)


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
        for question, start in (("What is 17 + 5?", "17 + 5 = 22."), ("안녕하세요", "안녕하세요!")):
            pieces = server.client().chat.completions.create(
                model="wren", messages=[{"role": "user", "content": question}], temperature=0, stream=True
            )
            texts = [piece.choices[0].delta.content or "" for piece in pieces]
            assert "".join(texts).startswith(start)
            assert not any("\ufffd" in text for text in texts)


def test_sigterm_ends_open_streams_and_the_process(folders: dict[str, Path]) -> None:
    with serving(f"--model=one={folders['one']}") as server:
        errors: list[Exception] = []

        def read(begun: threading.Event) -> None:
            settings: dict[str, Any] = {"model": "one", "messages": ASK, "temperature": 0, "max_tokens": ENDLESS}
            try:
                for _ in server.client().chat.completions.create(**settings, stream=True):
                    begun.set()
            except openai.APIError as error:
                errors.append(error)

        begun = [threading.Event() for _ in range(3)]
        readers = [threading.Thread(target=read, args=(event,)) for event in begun]
        for reader in readers:
            reader.start()
        assert all(event.wait(LIMIT_S) for event in begun)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        code, log = server.end()
        assert code == 0, log
        assert time.monotonic() - start < 10
        for reader in readers:
            reader.join(LIMIT_S)
        assert len(errors) == 3, "a stream that was cut is an error to its reader, not an end"
        assert "the server is shutting down" in str(errors[0])
        assert "Traceback" not in log


def test_sigterm_while_loading_ends_the_process(folders: dict[str, Path]) -> None:
    with serving(f"--model=one={folders['one']}", wait=False) as server:
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.end()
        assert time.monotonic() - start < 10


def test_the_server_ends_with_the_process_that_started_it(folders: dict[str, Path]) -> None:
    """The pipe to its standard input closes even when that process is killed."""
    with serving(f"--model=one={folders['one']}", "--stop-with-stdin", wait=False) as server:
        assert server.process.stdin is not None
        server.process.stdin.close()
        server.process.stdin = None
        start = time.monotonic()
        server.end()
        assert time.monotonic() - start < 10


def test_the_port_answers_while_the_models_are_loaded() -> None:
    program = (
        "import sys\n"
        "from inference.engine.loading import Loaded\n"
        "from inference.server.listener import listen\n"
        "from inference.server.run import run\n"
        "listener = listen('127.0.0.1', 0)\n"
        "print(listener.getsockname()[1], flush=True)\n"
        "run(lambda: Loaded(dict.fromkeys(sys.stdin.readline().split())), listener)"  # no models, once the test lets it
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            health = f"http://127.0.0.1:{int(process.stdout.readline())}/health"
            loading = httpx.get(health, timeout=LIMIT_S)
            assert (loading.status_code, loading.json()) == (503, {"status": "loading"})
            process.stdin.write("\n")
            process.stdin.flush()
            deadline = time.monotonic() + LIMIT_S
            while (answer := httpx.get(health, timeout=LIMIT_S)).status_code != 200:
                assert time.monotonic() < deadline, "the models were not loaded in time"
                time.sleep(0.05)
            assert answer.json() == {"status": "ok", "models": {}}
        finally:
            process.kill()


def failing(*arguments: str) -> str:
    """What a server that cannot start writes; its exit code must be 1."""
    run = subprocess.run(
        [sys.executable, "-m", "inference", "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    return run.stderr


def test_a_port_in_use_is_one_clear_line(folders: dict[str, Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        errors = failing(f"--model=one={folders['one']}", f"--port={port}")
    assert (
        errors == f"cannot listen on 127.0.0.1 port {port}: Address already in use; choose another --port or --host\n"
    )


def test_damaged_weights_end_the_server_with_their_name(folders: dict[str, Path], tmp_path: Path) -> None:
    for name in ("params.json", "tokenizer.model", "consolidated.safetensors"):
        (tmp_path / name).write_bytes((folders["one"] / name).read_bytes())
    weights = tmp_path / "consolidated.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "consolidated.safetensors is truncated or damaged" in failing(f"--model=one={tmp_path}", "--port=0")


def ask_in_process(worker: Worker) -> openai.AsyncOpenAI:
    transport = httpx.ASGITransport(create_app(worker))
    http = httpx.AsyncClient(transport=transport, base_url="http://server")
    return openai.AsyncOpenAI(base_url="http://server/v1", api_key="none", max_retries=0, http_client=cast(Any, http))


@contextlib.asynccontextmanager
async def working(path: Path, *, gate: threading.Event | None = None) -> AsyncIterator[Worker]:
    def load() -> Loaded:
        if gate is not None:
            gate.wait(LIMIT_S)
        return load_models({"one": open_folder(path)}, n_slots=1)

    worker = Worker(load, max_waiting=0)
    worker.start()
    try:
        async with asyncio.timeout(LIMIT_S):
            yield worker
    finally:
        worker.close()
        worker.join(LIMIT_S)


def test_a_full_server_says_so_and_takes_the_next_when_there_is_room(folders: dict[str, Path]) -> None:
    async def scenario() -> None:
        async with working(folders["one"]) as worker:
            await worker.settled()
            client = ask_in_process(worker)
            settings: dict[str, Any] = {"model": "one", "messages": ASK, "max_tokens": 1}
            worker.submit("one", Request("endless", (1,), SamplingParams(max_tokens=ENDLESS, temperature=0)))
            with pytest.raises(openai.RateLimitError) as full:
                await client.chat.completions.create(**settings)
            assert (full.value.code, full.value.type) == ("queue_full", "rate_limit_error")
            worker.cancel("endless")
            await client.chat.completions.create(**settings)

    asyncio.run(scenario())


def test_requests_before_the_models_are_loaded_get_503(folders: dict[str, Path]) -> None:
    async def scenario() -> None:
        gate = threading.Event()
        async with working(folders["one"], gate=gate) as worker:
            client = ask_in_process(worker)
            for ask in (client.chat.completions.create(model="one", messages=ASK), client.models.list()):
                with pytest.raises(openai.InternalServerError) as early:
                    await ask
                assert (early.value.status_code, early.value.code) == (503, "loading")
            gate.set()
            await worker.settled()
            assert [model.id async for model in client.models.list()] == ["one"]

    asyncio.run(scenario())


def test_a_model_that_fails_is_an_error_and_not_an_end(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from inference.model.transformer import Transformer

    def broken(*_arguments: object) -> None:
        raise RuntimeError("out of memory")

    async def scenario() -> None:
        async with working(folders["one"]) as worker:
            await worker.settled()
            client = ask_in_process(worker)
            monkeypatch.setattr(Transformer, "step", broken)
            with pytest.raises(openai.InternalServerError, match="the model failed: RuntimeError"):
                await client.chat.completions.create(model="one", messages=ASK)
            with pytest.raises(openai.APIError, match="the model failed: RuntimeError"):
                async for _ in await client.chat.completions.create(model="one", messages=ASK, stream=True):
                    pass

    asyncio.run(scenario())
