"""How the process starts and ends: signals, open streams, the port, models that cannot be loaded."""

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.inference.server.serving import ASK, ENDLESS, LIMIT_S, serving


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


def test_an_answer_that_is_nearly_done_finishes_after_sigterm(folders: dict[str, Path]) -> None:
    settings: dict[str, Any] = {"model": "one", "messages": ASK, "temperature": 0, "stream": True}
    with serving(f"--model=one={folders['one']}") as server:
        endless = iter(server.client().chat.completions.create(**settings, max_tokens=ENDLESS))
        short = iter(server.client().chat.completions.create(**settings, max_tokens=40))
        for stream in (endless, short):
            next(stream)
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + LIMIT_S
        while (refused := httpx.post(f"{server.url}/tokenize", json={"prompt": "x"})).status_code != 503:
            assert time.monotonic() < deadline, "nothing new is taken"
        assert refused.json()["error"]["code"] == "draining"
        assert httpx.get(f"{server.url}/health").json() == {"status": "draining"}
        assert [piece.choices[0].finish_reason for piece in short][-1] == "length"
        with pytest.raises(openai.APIError, match="the server is shutting down"):
            for _ in endless:
                pass
        code, _ = server.end()
        assert code == 0


def test_sigterm_while_loading_ends_the_process(folders: dict[str, Path]) -> None:
    with serving(f"--model=one={folders['one']}", wait=False) as server:
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.end()
        assert time.monotonic() - start < 10


def test_the_server_ends_with_the_process_that_started_it(folders: dict[str, Path]) -> None:
    """The pipe to its standard input closes even if that process is killed."""
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
            assert answer.json() == {"status": "ok", "decode_library": "unused", "models": {}, "failed": {}}
        finally:
            process.kill()


def failing(*arguments: str) -> str:
    """Return the stderr of a server that cannot start. Its exit code must be 1."""
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
    log, _, end = errors.rpartition("\n")[0].rpartition("\n")
    assert end == f"cannot listen on 127.0.0.1 port {port}: Address already in use; choose another --port or --host"
    assert "ERROR" not in log


def test_damaged_weights_end_the_server_with_their_name(folders: dict[str, Path], tmp_path: Path) -> None:
    for name in ("params.json", "tokenizer.model", "consolidated.safetensors"):
        (tmp_path / name).write_bytes((folders["one"] / name).read_bytes())
    weights = tmp_path / "consolidated.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "consolidated.safetensors is truncated or damaged" in failing(f"--model=one={tmp_path}", "--port=0")
