"""A server that speaks any dialect: what it answers to each chat request, a function of the request says.

    with DialectServer(lambda asked: told("Hello", " there.")) as server:
        endpoint = Endpoint([server.base_url], "m")

`stream`, `told`, `whole` and `refusal` make replies; `strict` refuses parameters as a server of some vendor would.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """One chat request."""

    path: str
    body: dict[str, Any]
    headers: Mapping[str, str]
    number: int
    """How many came before it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`pieces` are the body, each sent at once; a number is a pause in seconds, None waits until the client leaves."""

    pieces: Sequence[bytes | float | None] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def chunk(content: Any = None, finish: Any = None, **more: Any) -> dict[str, Any]:
    """A chunk of OpenAI's stream; `more` goes into the delta."""
    delta = {**({} if content is None else {"content": content}), **more}
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def event(value: Any) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def stream(*chunks: Any, done: bool = True, **options: Any) -> Reply:
    """A stream of these chunks; numbers are pauses."""
    pieces = [one if isinstance(one, float | None) else event(one) for one in chunks]
    return Reply([*pieces, *([DONE] if done else [])], **options)


def told(*texts: str, finish: str | None = "stop", **options: Any) -> Reply:
    return stream(*(chunk(text) for text in texts), chunk(None, finish), **options)


def whole(value: Any, **options: Any) -> Reply:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Reply([body], headers={"content-type": "application/json", **options.pop("headers", {})}, **options)


def refusal(message: str = "no", *, status: int = 400, headers: Mapping[str, str] | None = None, **more: Any) -> Reply:
    return whole({"error": {"message": message, **more}}, status=status, headers=dict(headers or {}))


def strict(*forbidden: str, answer: Reply | None = None) -> Callable[[Asked], Reply]:
    """A server that names one parameter at a time that it does not know, in the manner of Pydantic."""

    def reply(asked: Asked) -> Reply:
        for name in forbidden:
            if name in asked.body:
                detail = {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
                return whole({"detail": [detail]}, status=422)
        return answer or told("Hello", " there.")

    return reply


class DialectServer:
    """Serves `reply` under /v1/chat/completions, and under any other path too; `asked` are the chat requests."""

    def __init__(self, reply: Callable[[Asked], Reply], *, tls: ssl.SSLContext | None = None) -> None:
        self.reply = reply
        self.asked: list[Asked] = []
        self.client_left = threading.Event()
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

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

    def __enter__(self) -> DialectServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(server: DialectServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(whole({"object": "list", "data": [{"id": "m"}]}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._send(server.take(self.path, body, {name.lower(): value for name, value in self.headers.items()}))

        def _send(self, reply: Reply) -> None:
            with suppress(ConnectionError, ssl.SSLError):
                self.send_response(reply.status)
                for name, value in {"content-type": "text/event-stream", **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()  # HTTP/1.0: the body ends with the connection
                for piece in self._pieces(reply):
                    self.wfile.write(piece)
                    self.wfile.flush()

        def _pieces(self, reply: Reply) -> Iterator[bytes]:
            for piece in reply.pieces:
                if isinstance(piece, bytes):
                    yield piece
                elif server.closing.wait(piece if piece is not None else 0.0):
                    return
                elif piece is None:
                    self.connection.settimeout(60)
                    with suppress(OSError):
                        self.connection.recv(1, socket.MSG_PEEK)
                    server.client_left.set()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
