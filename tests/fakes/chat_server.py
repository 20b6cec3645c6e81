"""A chat completions server on a loopback port, whose reply to each request is a function of the request.

with ChatServer(lambda asked: Reply([event(chunk("Hello")), 0.1, DONE])) as server:
    endpoint = Endpoint([server.base_url], "any-model")
"""

import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

DONE = b"data: [DONE]\n\n"
_POLL_S = 0.02


class Action(Enum):
    """What a server does between the pieces of a body."""

    HANG = "send nothing until the client leaves"
    CUT = "cut the connection"


Piece = bytes | float | threading.Event | Action
"""A part of a body, a pause in seconds, an event to wait for, or an action."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One chat request; `number` requests came before it."""

    path: str
    body: dict[str, Any]
    headers: Mapping[str, str]
    number: int


@dataclass(frozen=True, slots=True)
class Reply:
    """`pieces` are sent one by one. With `keeps_alive`, a comment is sent every 20 ms of silence."""

    pieces: Iterable[Piece] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    keeps_alive: bool = False


def chunk(content: Any = None, finish: Any = None, **more: Any) -> dict[str, Any]:
    """Return a chunk of OpenAI's stream; `more` is part of the delta."""
    delta = {**({} if content is None else {"content": content}), **more}
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def event(value: Any) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def whole(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply with one JSON body."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Reply([body], status, {"content-type": "application/json", **(headers or {})})


def _one_model() -> Reply:
    return whole({"object": "list", "data": [{"id": "m", "object": "model"}]})


class ChatServer:
    """Answers every POST with `reply`, and every GET with `models`. `asked` are the chat requests.

    `client_left` is set when a client closes its connection during an answer.
    """

    def __init__(
        self,
        reply: Callable[[Asked], Reply],
        *,
        models: Callable[[], Reply] = _one_model,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.reply = reply
        self.models = models
        self.asked: list[Asked] = []
        self.client_left = threading.Event()
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [asked.body for asked in self.asked]

    def take(self, path: str, body: dict[str, Any], headers: Mapping[str, str]) -> Reply:
        with self._lock:
            asked = Asked(path, body, headers, len(self.asked))
            self.asked.append(asked)
        return self.reply(asked)

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(server.models())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._send(server.take(self.path, body, {name.lower(): value for name, value in self.headers.items()}))

        def _send(self, reply: Reply) -> None:
            with suppress(ConnectionError, ssl.SSLError):
                self.send_response(reply.status)
                for name, value in {"content-type": "text/event-stream", **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()  # HTTP/1.0: the body ends with the connection
                for piece in reply.pieces:
                    if not self._perform(piece, reply):
                        return

        def _perform(self, piece: Piece, reply: Reply) -> bool:
            """Send or wait for a piece; return whether the answer continues."""
            if isinstance(piece, bytes):
                self.wfile.write(piece)
                self.wfile.flush()
                return True
            if piece is Action.CUT:
                self.connection.shutdown(socket.SHUT_RDWR)
                return False
            if isinstance(piece, threading.Event):
                return self._wait(piece.is_set, reply)
            if isinstance(piece, Action):
                return self._wait(lambda: False, reply)
            n_polls = iter(range(max(0, -int(-piece // _POLL_S))))
            return self._wait(lambda: next(n_polls, None) is None, reply)

        def _wait(self, is_over: Callable[[], bool], reply: Reply) -> bool:
            """Wait until `is_over`; return whether the client stayed and the server is open."""
            while not is_over():
                readable, _, _ = select.select([self.connection], [], [], _POLL_S)
                if readable and not self.connection.recv(1, socket.MSG_PEEK):
                    server.client_left.set()
                    return False
                if server.closing.is_set():
                    return False
                if reply.keeps_alive:
                    self.wfile.write(b": keep-alive\n\n")
                    self.wfile.flush()
            return True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
