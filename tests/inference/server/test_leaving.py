"""Clients that leave at any moment free their slot, and leave nothing in the log."""

import json
import signal
import socket
import struct
import time
from pathlib import Path
from typing import Any

import httpx

from tests.inference.server.serving import ASK, CHAT, ENDLESS, LIMIT_S, TEXT, Server, serving

TROUBLE = ("Traceback", "never retrieved", "was destroyed", "ERROR", "Exception")


def connect(server: Server, path: str, *, sent: float = 1.0, **fields: Any) -> socket.socket:
    """Return a connection on which a request was written, or the part `sent` of it."""
    fields = {"model": "one", "max_tokens": ENDLESS, "temperature": 0, **fields}
    fields |= {"messages": ASK} if path == CHAT else {"prompt": ["the quick", "brown fox"]}
    body = json.dumps(fields).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: server\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    message = head.encode() + body
    connection = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=LIMIT_S)
    connection.sendall(message[: int(len(message) * sent)])
    return connection


def leave(connection: socket.socket, *, abruptly: bool = False) -> None:
    """Close a connection; abruptly: with a reset, as when a program is killed with unread data."""
    if abruptly:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def until(server: Server, **wanted: int) -> None:
    """Wait until so many requests run and wait."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        metrics = httpx.get(f"{server.url}/models/one/metrics", timeout=LIMIT_S).text
        counts = [f'inference_requests_{name}{{model="one"}} {float(n)}' for name, n in wanted.items()]
        if all(count in metrics for count in counts):
            return
        assert time.monotonic() < deadline, metrics
        time.sleep(0.02)


def test_clients_that_leave_are_forgotten_without_a_word_in_the_log(folders: dict[str, Path]) -> None:
    """There is one slot, so one request runs and the others wait."""
    with serving(f"--model=one={folders['one']}", "--cache-gb=0.00001") as server:
        for path, n_prompts in ((CHAT, 1), (TEXT, 2)):
            for stream in (False, True):
                first = connect(server, path, stream=stream)
                queued = [connect(server, path, stream=stream) for _ in range(2)]
                until(server, running=1, waiting=3 * n_prompts - 1)
                if stream:
                    assert first.recv(4096)
                for connection in (*queued, first):
                    leave(connection, abruptly=connection is queued[0])
                until(server, running=0, waiting=0)
        for abruptly in (False, True):
            leave(connect(server, CHAT, sent=0.9), abruptly=abruptly)
            for stream in (False, True):
                leave(connect(server, CHAT, stream=stream), abruptly=abruptly)  # before the server has read it
        until(server, running=0, waiting=0)
        leaving = [connect(server, CHAT, stream=stream) for stream in (False, True, False, True)]
        until(server, running=1, waiting=3)
        server.process.send_signal(signal.SIGTERM)
        for place, connection in enumerate(leaving):
            leave(connection, abruptly=place > 1)
        code, log = server.end()
        assert code == 0, log
        assert not [line for line in log.splitlines() if any(word in line for word in TROUBLE)], log
